//! The fuzz targets are workspaces of their own, so no other step sees them: whoever changes what they call would find out when
//! somebody fuzzes next.

use std::path::PathBuf;

use anyhow::ensure;

use crate::run::{cargo, root, run};

/// Checks each against its own lock file, all into one folder: most of what they build is the same.
pub(crate) fn check() -> anyhow::Result<()> {
    let manifests = manifests()?;
    ensure!(!manifests.is_empty(), "there are no fuzz targets in crates/*/fuzz");
    for manifest in manifests {
        run(cargo()
            .args(["check", "--locked", "--quiet", "--manifest-path"])
            .arg(manifest)
            .env("CARGO_TARGET_DIR", root().join("target/fuzz"))
            // A library of somebody's own is not compiled, and what is only checked is not linked: so no C++ is needed.
            .env("CUSTOM_LIBFUZZER_PATH", "/not/linked/libfuzzer.a"))?;
    }
    Ok(())
}

fn manifests() -> anyhow::Result<Vec<PathBuf>> {
    let mut manifests = Vec::new();
    for entry in std::fs::read_dir(root().join("crates"))? {
        let manifest = entry?.path().join("fuzz/Cargo.toml");
        if manifest.exists() {
            manifests.push(manifest);
        }
    }
    manifests.sort();
    Ok(manifests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_fuzz_targets_is_found() {
        let manifests = manifests().unwrap();
        for name in ["influxdb", "meters", "wire"] {
            let expected = root().join("crates").join(name).join("fuzz/Cargo.toml");
            assert!(manifests.contains(&expected), "{name} in {manifests:?}");
        }
    }
}
