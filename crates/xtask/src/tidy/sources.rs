//! Files: one idea each, nothing unfinished, nothing of somebody's machine.

use std::path::{Path, PathBuf};

use cargo_metadata::Metadata;

use super::crates;
use crate::run::{program, read, root};

const MAX_LINES: usize = 400;

/// Rust files below the folder, in order of their names.
pub(super) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && name != "node_modules" && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(super) fn check(metadata: &Metadata, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for package in crates(metadata) {
        for target in &package.targets {
            let path = target.src_path.as_std_path();
            let opening = std::fs::read_to_string(path)?;
            if !opening.starts_with("//!") {
                faults.push(format!("{}: does not say what it is (//!)", shown(path)));
            }
        }
    }
    let tracked =
        read(program("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    for name in tracked.split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        check_file(name, &text, faults);
    }
    Ok(())
}

fn check_file(name: &str, text: &str, faults: &mut Vec<String>) {
    let path = Path::new(name);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_code = matches!(extension, "rs" | "ts" | "svelte" | "mjs" | "css");
    let is_generated = name.contains("/api/generated/");
    if is_code && !is_generated && text.lines().count() > MAX_LINES {
        faults.push(format!(
            "{name}: {} lines are more than one idea (at most {MAX_LINES})",
            text.lines().count()
        ));
    }
    // Written apart, so that this file does not find itself.
    for (mark, what) in [
        (concat!("TO", "DO"), "something unfinished"),
        (concat!("FIX", "ME"), "something unfinished"),
        (concat!("/ro", "ot/"), "a path of somebody's machine"),
        (concat!("/wo", "rk/"), "a path of somebody's machine"),
        (concat!("/ho", "me/"), "a path of somebody's machine"),
    ] {
        if (is_code || matches!(extension, "toml" | "md" | "yml" | "sh")) && has(text, mark) {
            faults.push(format!("{name}: {what} ({mark})"));
        }
    }
}

/// A path begins where something else has ended: the same letters in the middle of an address are none.
fn has(text: &str, mark: &str) -> bool {
    let is_inside = |at: usize| mark.starts_with('/') && text[..at].ends_with(|c: char| c.is_alphanumeric());
    text.match_indices(mark).any(|(at, _)| !is_inside(at))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_at_its_beginning_only() {
        let mark = concat!("/ho", "me/");
        for (text, is_one) in [
            (format!("see {mark}ada"), true),
            (format!("\"{mark}ada\""), true),
            (format!("file://{mark}ada"), true),
            (format!("/v1/providers{mark}flows"), false),
        ] {
            assert_eq!(has(&text, mark), is_one, "{text}");
        }
    }
}
