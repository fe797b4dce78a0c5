//! The packaged agent for another processor, where `cargo xtask test` has built one.

/// The variable that says how to start it: a program and its arguments, one a line.
pub const AGENT: &str = "WATTLINE_EMULATED_AGENT";

/// How to start it, where one was built.
pub fn agent() -> Option<Vec<String>> {
    let words = std::env::var_os(AGENT)?.into_string().ok()?;
    Some(words.lines().map(str::to_owned).collect())
}
