//! The page: TypeScript and Svelte, built by Vite into `crates/web-app/ui/dist`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::bail;

use crate::run::{exists, program, root, run};

pub(crate) fn folder() -> PathBuf {
    root().join("crates/web-app/ui")
}

/// What it says of its progress goes to standard error: standard output is for answers.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = program("npm");
    command.current_dir(folder()).args(arguments).stdout(std::io::stderr());
    command
}

/// Installs what the page is built with.
pub(crate) fn install() -> anyhow::Result<()> {
    if !exists("npm") {
        bail!("Node.js 20.19 or newer with npm is needed to build the page (https://nodejs.org)");
    }
    install_in(&folder())
}

/// Installs what the folder's package wants, if that has not been done for this lock file.
pub(crate) fn install_in(folder: &Path) -> anyhow::Result<()> {
    let done = folder.join("node_modules/.package-lock.json");
    if newest(&folder.join("package-lock.json")) > newest(&done) {
        run(npm(&["ci", "--no-audit", "--no-fund"]).current_dir(folder))?;
    }
    Ok(())
}

/// Builds the page if its sources are newer than what is built.
pub(crate) fn build() -> anyhow::Result<()> {
    install()?;
    let sources = ["src", "index.html", "public", "vite.config.ts", "package-lock.json"];
    let newest_source = sources.iter().filter_map(|name| newest(&folder().join(name))).max();
    if newest_source > newest(&folder().join("dist/index.html")) {
        run(&mut npm(&["run", "build"]))?;
    }
    Ok(())
}

/// When the file, or the newest file in the folder, was written.
fn newest(path: &Path) -> Option<SystemTime> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).ok()?;
        return entries.filter_map(|entry| newest(&entry.ok()?.path())).max();
    }
    path.metadata().ok()?.modified().ok()
}
