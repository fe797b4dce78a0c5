//! Every dependency earns its place.

use cargo_metadata::Metadata;

use super::crates;
use super::sources::rust_files;

pub(super) fn check(metadata: &Metadata, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for package in crates(metadata) {
        let Some(folder) = package.manifest_path.parent() else { continue };
        let mut code = String::new();
        for file in rust_files(folder.as_std_path()) {
            code.push_str(&std::fs::read_to_string(file)?);
        }
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
            if !names(&code, &name) {
                faults.push(format!("{} depends on {} and does not use it", package.name, dependency.name));
            }
        }
    }
    Ok(())
}

/// Whether the word stands in the code.
fn names(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(is_part) && !code[at + word.len()..].starts_with(is_part))
}
