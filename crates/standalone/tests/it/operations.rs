//! What operators ask, of everything at once: all services are in this process.

use std::collections::BTreeSet;

use testkit::servers::free_port;

use crate::process::{Standalone, command};

/// Every metric is described, and everything that is described of these services is there.
#[tokio::test]
async fn the_page_of_metrics_and_its_description_agree() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut command = command();
    command
        .args(["--json", "run"])
        .env("WATTLINE_LOG", "warn")
        .env("WATTLINE__LISTEN", "127.0.0.1:0")
        .env("WATTLINE__OPERATIONS__LISTEN", format!("127.0.0.1:{port}"))
        .env("WATTLINE__AGENT__SENSOR__SIMULATED__SOCKETS", "2")
        .env("WATTLINE__DATA_DIR", data.path());
    let standalone = Standalone::start(&mut command);
    let client = standalone.log_in().await;
    drop(client);

    let ask = async |path: &str| {
        let answer = reqwest::get(format!("http://127.0.0.1:{port}{path}")).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    for path in ["/health/live", "/health/ready", "/health/started", "/version"] {
        ask(path).await;
    }
    let page = ask("/metrics").await;
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let shown: BTreeSet<String> = types
        .map(|(name, kind)| match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        })
        .collect();
    let description = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md"));
    let description = description.unwrap();
    let described = |section: &str| -> BTreeSet<String> {
        let begin = description.find(section).unwrap_or_else(|| panic!("there is no {section}"));
        let rest = &description[begin + 1..];
        let section = &rest[..rest.find("\n## ").unwrap_or(rest.len())];
        let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
        let names = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
        names.map(str::to_owned).collect()
    };
    let mut expected = BTreeSet::new();
    for section in
        ["## Every service", "## Write-service", "## Rollup-worker", "## Alert-worker", "## Read-service"]
    {
        expected.extend(described(section));
    }
    // What nothing was counted of has its type all the same.
    assert_eq!(shown, expected);
}
