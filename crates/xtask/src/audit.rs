//! Whether anything that we depend on has a known fault. Needs the network, so it is not part of the tests.

use crate::run::{cargo, exists, run};
use crate::{deployed, page};

/// All four are asked, whatever the others say; the last error is the one that is shown.
pub(crate) fn run_all() -> anyhow::Result<()> {
    let outcomes = [
        tool("cargo-deny", &["deny", "--workspace", "check", "advisories"]),
        tool("cargo-audit", &["audit", "--deny", "warnings"]),
        run(&mut page::npm(&["audit"])),
        run(page::npm(&["audit"]).current_dir(deployed::check_folder())),
    ];
    outcomes.into_iter().rev().collect()
}

fn tool(name: &str, arguments: &[&str]) -> anyhow::Result<()> {
    if !exists(name) {
        run(cargo().args(["install", name, "--locked", "--quiet"]))?;
    }
    run(cargo().args(arguments))
}
