//! Checks that could not be done because what does them cannot be had here, an offline machine say. They must not look as if they
//! had been: so they are named again where everything ends, and where all of it has to be there they are an error.

use std::ffi::OsStr;

use anyhow::bail;

/// `1`: nothing may be left out.
const STRICT: &str = "WATTLINE_STRICT";

/// What was left out, in order.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    is_strict: bool,
    checks: Vec<String>,
}

impl LeftOut {
    pub(crate) fn new() -> Self {
        Self { is_strict: std::env::var_os(STRICT).as_deref() == Some(OsStr::new("1")), checks: Vec::new() }
    }

    /// Notes it and goes on; an error where nothing may be left out.
    pub(crate) fn note(&mut self, check: &str, reason: &anyhow::Error) -> anyhow::Result<()> {
        if self.is_strict {
            bail!("{check}: {reason:#} ({STRICT}=1 lets nothing be left out)");
        }
        eprintln!("  LEFT OUT: {check}: {reason:#}");
        self.checks.push(check.to_owned());
        Ok(())
    }

    /// The last that is said.
    pub(crate) fn summarise(&self) {
        for line in self.lines() {
            eprintln!("{line}");
        }
    }

    fn lines(&self) -> Vec<String> {
        if self.checks.is_empty() {
            return Vec::new();
        }
        let first = format!("\n{} checks were LEFT OUT ({STRICT}=1 makes that an error):", self.checks.len());
        std::iter::once(first).chain(self.checks.iter().map(|check| format!("  {check}"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn what_was_left_out_is_named_again_at_the_end() {
        let mut left_out = LeftOut::default();
        assert!(left_out.lines().is_empty());
        left_out.note("Kubernetes", &anyhow!("no network")).unwrap();
        left_out.note("the agent on ARM", &anyhow!("no emulator")).unwrap();
        let lines = left_out.lines();
        assert!(lines[0].contains("2 checks were LEFT OUT"), "{lines:?}");
        assert_eq!(lines[1..], ["  Kubernetes", "  the agent on ARM"]);
    }

    #[test]
    fn where_nothing_may_be_left_out_it_is_an_error_at_once() {
        let mut left_out = LeftOut { is_strict: true, ..LeftOut::default() };
        let error = left_out.note("Kubernetes", &anyhow!("no network")).unwrap_err().to_string();
        assert!(error.contains("Kubernetes: no network"), "{error}");
    }
}
