//! Whether what is in `deploy/monitoring` fits together: rules, their tests, dashboards, and the runbooks that they link to.
//! What Prometheus' own program can tell, it tells.

mod alerts;
mod dashboards;
mod metrics;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde_json::json;

use crate::run::{program, root};

use dashboards::Expression;

/// The texts of a folder's files, by their names without endings.
type Files = BTreeMap<String, String>;

const RUNBOOKS: &str = "docs/runbooks.md";
const METRICS: &str = "docs/metrics.md";

/// Names every fault and ends with an error if there is one.
pub(crate) fn run() -> anyhow::Result<()> {
    let folder = root().join("deploy/monitoring");
    let (rules, tests) = (files(&folder.join("rules"), "yml")?, files(&folder.join("tests"), "yml")?);
    let boards = files(&folder.join("dashboards"), "json")?;
    let [book, metrics] = [RUNBOOKS, METRICS].map(|file| std::fs::read_to_string(root().join(file)));
    let (book, metrics) = (book.context(RUNBOOKS)?, metrics.context(METRICS)?);

    for (does, place, files) in [("check", "rules", &rules), ("test", "tests", &tests)] {
        let paths = files.keys().map(|name| folder.join(place).join(name).with_extension("yml"));
        quietly(program("promtool").args([does, "rules"]).args(paths))?;
    }
    let mut faults = Vec::new();
    alerts::check(&rules, &tests, &book, &mut faults);
    let expressions = dashboards::check(&boards, &book, &mut faults);
    metrics::check(&metrics, &rules, &tests, &expressions, &mut faults);
    for fault in &faults {
        eprintln!("  {fault}");
    }
    ensure!(faults.is_empty(), "{} things in deploy/monitoring do not fit together", faults.len());
    parse(&expressions)?;
    let broken = Expression { place: "panel:1:A".to_owned(), text: "sum(up".to_owned() };
    ensure!(parse(&[broken]).is_err(), "promtool takes any expression");
    eprintln!("  {} dashboards with {} expressions", boards.len(), expressions.len());
    Ok(())
}

fn files(folder: &Path, ending: &str) -> anyhow::Result<Files> {
    let mut found = Files::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ending) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(name, std::fs::read_to_string(&path)?);
        }
    }
    ensure!(!found.is_empty(), "nothing in {} ends with .{ending}", folder.display());
    Ok(found)
}

/// promtool reads rules and no bare expressions: so each is made a rule of, in a file that is gone afterwards.
fn parse(expressions: &[Expression]) -> anyhow::Result<()> {
    let rules: Vec<_> = expressions
        .iter()
        .map(|expression| json!({ "record": expression.place, "expr": expression.text }))
        .collect();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("dashboards.yml");
    // JSON is YAML too.
    std::fs::write(&file, json!({ "groups": [{ "name": "dashboards", "rules": rules }] }).to_string())?;
    quietly(program("promtool").args(["check", "rules"]).arg(file))
}

/// What it printed is in the error, and nowhere when it succeeds.
fn quietly(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().context("cannot start promtool")?;
    if !output.status.success() {
        let [printed, complained] =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        bail!("promtool ended with {}:\n{printed}{complained}", output.status);
    }
    Ok(())
}
