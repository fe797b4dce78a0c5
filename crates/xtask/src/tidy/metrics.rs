//! Every metric that is counted is described, so that a dashboard can be written from the page alone; and every one that is
//! described is counted.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::Metadata;

use super::{crates, sources};
use crate::run::root;

const DESCRIPTION: &str = "docs/metrics.md";
/// Where metrics are registered: the ends of the paths.
const FILES: [&str; 4] = ["measures.rs", "metrics/http.rs", "metrics/mod.rs", "metrics/process.rs"];
/// How our metrics begin, and those of any process, which we count as well.
const BEGINNINGS: [&str; 2] = ["wattline_", "process_"];
/// What is put on when they are shown: to a counter, and to what says of itself what it is.
const ENDINGS: [&str; 2] = ["_total", "_info"];

pub(super) fn check(metadata: &Metadata, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let description = std::fs::read_to_string(root().join(DESCRIPTION))?;
    let mut all = BTreeSet::new();
    for package in crates(metadata) {
        let Some(folder) = package.manifest_path.parent() else { continue };
        for file in sources::rust_files(folder.join("src").as_std_path()) {
            if !FILES.iter().any(|known| file.ends_with(Path::new(known))) {
                continue;
            }
            let registered = registered(&std::fs::read_to_string(&file)?);
            for name in missing(&registered, &description) {
                faults.push(format!("{}: {name} is not in {DESCRIPTION}", file.display()));
            }
            all.extend(registered);
        }
    }
    for name in left_over(&all, &description) {
        faults.push(format!("{DESCRIPTION}: nobody counts {name}"));
    }
    Ok(())
}

/// What is counted and not described.
fn missing(registered: &BTreeSet<String>, description: &str) -> Vec<String> {
    let described: BTreeSet<&str> = shown(description).flat_map(as_registered).collect();
    registered.iter().filter(|name| !described.contains(name.as_str())).cloned().collect()
}

/// What is described and not counted.
fn left_over(registered: &BTreeSet<String>, description: &str) -> BTreeSet<String> {
    let counted = |name: &&str| as_registered(name).any(|name| registered.contains(name));
    shown(description).filter(|name| !counted(name)).map(str::to_owned).collect()
}

/// What is between quotation marks and is the name of a metric.
fn registered(text: &str) -> BTreeSet<String> {
    text.split('"').skip(1).step_by(2).filter(|word| is_metric(word)).map(str::to_owned).collect()
}

fn shown(description: &str) -> impl Iterator<Item = &str> {
    description.split('`').skip(1).step_by(2).filter(|word| is_metric(word))
}

fn is_metric(word: &str) -> bool {
    BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The names that what is shown so may have been registered by.
fn as_registered(shown: &str) -> impl Iterator<Item = &str> {
    std::iter::once(shown).chain(ENDINGS.iter().filter_map(|ending| shown.strip_suffix(ending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = r#"registry.register("wattline_a", "Help", a); register("wattline_b", "no wattline_c", b);
        format!("wattline_d{{binary=\"test\"}} 1"); describe("process_e_seconds")"#;
    const DESCRIPTION: &str =
        "| `wattline_a_total` | `wattline_b_info` | `wattline source` | `process_e_seconds_total` |";

    #[test]
    fn a_metric_that_is_not_described_is_found() {
        let registered = registered(CODE);
        assert_eq!(missing(&registered, DESCRIPTION), Vec::<String>::new());
        assert_eq!(
            missing(&registered, "| `wattline_a_total` | `process_e_seconds_total` |"),
            ["wattline_b"]
        );
    }

    #[test]
    fn a_metric_that_is_described_and_not_counted_is_found() {
        let registered = registered(CODE);
        assert_eq!(left_over(&registered, DESCRIPTION), BTreeSet::new());
        let gone = format!("{DESCRIPTION} `wattline_gone_total` | `process_gone` |");
        assert_eq!(
            left_over(&registered, &gone).into_iter().collect::<Vec<_>>(),
            ["process_gone", "wattline_gone_total"]
        );
    }
}
