//! What one, two and four write-services make of the same load, with nothing set but their number.

use serde::Serialize;

use super::flow::{Cpu, Flow, Lag};
use super::loadgen::Load;
use super::report::{Column, Report};
use super::rig::Rig;

const COUNTS: [usize; 3] = [1, 2, 4];

#[derive(Serialize)]
struct Case {
    replicas: usize,
    containers_per_s: f64,
    /// Of each write-service, smallest first.
    shares: Vec<f64>,
    containers: u64,
    seconds: f64,
    refused: u64,
    /// Of the write-service that held most.
    rss_mib: f64,
    cpu_s: Cpu,
    lag: Option<Lag>,
}

const COLUMNS: &[Column] = &[
    ("write-services", "replicas"),
    ("containers/s", "containers_per_s"),
    ("seconds", "seconds"),
    ("refused", "refused"),
    ("MiB", "rss_mib"),
    ("CPU s: broker", "cpu_s/rabbitmq"),
    ("store", "cpu_s/influxdb"),
    ("writers", "cpu_s/write_service"),
    ("swarm", "cpu_s/loadgen"),
    ("others", "cpu_s/others"),
    ("shares", "shares"),
    ("every second: containers", "lag/containers"),
    ("lag p50 s, at most", "lag/p50_s"),
    ("lag p99 s, at most", "lag/p99_s"),
];

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Report> {
    let load = Load::USUAL;
    let mut cases = Vec::new();
    for replicas in COUNTS {
        eprintln!("write-services: {replicas}");
        let flow = Flow { load, replicas, counts_shares: true }.run(rig)?;
        cases.push(Case {
            replicas,
            containers_per_s: flow.containers_per_s,
            shares: flow.shares,
            containers: flow.containers,
            seconds: flow.seconds,
            refused: flow.refused,
            rss_mib: flow.rss_mib,
            cpu_s: flow.cpu_s,
            lag: flow.lag,
        });
    }
    let mut report = Report::default();
    for (case, (label, key)) in cases.iter().zip([
        ("one write-service", "containers_per_s"),
        ("two", "containers_per_s_2"),
        ("four", "containers_per_s_4"),
    ]) {
        report.add(label, key, case.containers_per_s, "/s", None);
    }
    report.add("values in each container", "values_per_container", load.values, "", None);
    report.add("hubs", "hubs", load.hubs, "", None);
    report.add_table("cases", COLUMNS, &cases)?;
    Ok(report)
}
