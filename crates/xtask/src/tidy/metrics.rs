//! Every metric that is counted is described, so that a dashboard can be written from the page alone.

use std::collections::BTreeSet;

use cargo_metadata::Metadata;

use super::{crates, sources};
use crate::run::root;

const DESCRIPTION: &str = "docs/metrics.md";
/// Where metrics are registered.
const FILES: [&str; 2] = ["measures.rs", "http.rs"];

pub(super) fn check(metadata: &Metadata, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let description = std::fs::read_to_string(root().join(DESCRIPTION))?;
    for package in crates(metadata) {
        let Some(folder) = package.manifest_path.parent() else { continue };
        for file in sources::rust_files(folder.join("src").as_std_path()) {
            if !file.file_name().is_some_and(|name| FILES.iter().any(|known| name == *known)) {
                continue;
            }
            let text = std::fs::read_to_string(&file)?;
            for name in names(&text).difference(&described(&description)) {
                faults.push(format!("{}: {name} is not in {DESCRIPTION}", file.display()));
            }
        }
    }
    Ok(())
}

/// What is between quotation marks and begins as our metrics do.
fn names(text: &str) -> BTreeSet<String> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter(|word| word.starts_with("wattline_")).map(str::to_owned).collect()
}

/// As they are registered: the ending of a counter is put on when they are shown.
fn described(text: &str) -> BTreeSet<String> {
    let shown = text.split('`').skip(1).step_by(2).filter(|word| word.starts_with("wattline_"));
    shown.flat_map(|name| [Some(name), name.strip_suffix("_total")]).flatten().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_is_not_described_is_found() {
        let code =
            r#"registry.register("wattline_a", "Help", a); register("wattline_b", "no wattline_c", b);"#;
        let left =
            |description: &str| names(code).difference(&described(description)).cloned().collect::<Vec<_>>();
        assert_eq!(left("| `wattline_a_total` | `wattline_b` |"), Vec::<String>::new());
        assert_eq!(left("| `wattline_a_total` |"), ["wattline_b"]);
    }
}
