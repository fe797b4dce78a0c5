//! How close everything together comes to what its parts allow: the broker's and the store's time for a container,
//! one after the other, on the same cores.

use clap::Args;
use serde::Serialize;

use super::flow::{Cpu, Flow};
use super::loadgen::Load;
use super::report::{Column, Report, real};
use super::rig::Rig;
use super::{broker, store};

#[derive(Args)]
pub(super) struct Pipeline {
    /// Values in each container; each count is measured with each number of hubs.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "30,11", value_parser = clap::value_parser!(u8).range(1..=64))]
    values: Vec<u8>,
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1000,10000", value_parser = clap::value_parser!(u32).range(1..))]
    hubs: Vec<u32>,
}

/// The parts first, and then all of it.
#[derive(Serialize)]
struct Case {
    values: u8,
    hubs: u32,
    broker_containers_per_s: f64,
    store_containers_per_s: f64,
    limit_containers_per_s: f64,
    containers_per_s: f64,
    values_per_s: f64,
    ratio_to_limit: f64,
    containers: u64,
    seconds: f64,
    refused: u64,
    rss_mib: f64,
    cpu_s: Cpu,
    cpu_us_per_container: Cpu,
}

const COLUMNS: &[Column] = &[
    ("values", "values"),
    ("hubs", "hubs"),
    ("broker/s", "broker_containers_per_s"),
    ("store/s", "store_containers_per_s"),
    ("limit/s", "limit_containers_per_s"),
    ("pipeline/s", "containers_per_s"),
    ("values/s", "values_per_s"),
    ("ratio", "ratio_to_limit"),
    ("seconds", "seconds"),
    ("refused", "refused"),
    ("MiB", "rss_mib"),
    ("CPU µs: broker", "cpu_us_per_container/rabbitmq"),
    ("store", "cpu_us_per_container/influxdb"),
    ("writer", "cpu_us_per_container/write_service"),
    ("swarm", "cpu_us_per_container/loadgen"),
    ("bench", "cpu_us_per_container/bench"),
    ("others", "cpu_us_per_container/others"),
];

impl Pipeline {
    pub(super) fn measure(&self, rig: &Rig) -> anyhow::Result<Report> {
        let mut cases = Vec::new();
        for &values in &self.values {
            for &hubs in &self.hubs {
                cases.push(Case::measure(rig, Load { values, hubs })?);
            }
        }
        let mut report = Report::default();
        if let Some(first) = cases.first() {
            report.add("values in each container", "values_per_container", first.values, "", None);
            report.add("hubs", "hubs", first.hubs, "", None);
            report.add("stored", "containers_per_s", first.containers_per_s, "/s", None);
            report.add("values stored", "values_per_s", first.values_per_s, "/s", None);
            let ratio = first.ratio_to_limit;
            report.add("of the combined limit", "ratio_to_limit", ratio, "", Some("at least 0.85"));
        }
        report.add_table("cases", COLUMNS, &cases)?;
        Ok(report)
    }
}

impl Case {
    fn measure(rig: &Rig, load: Load) -> anyhow::Result<Self> {
        let Load { values, hubs } = load;
        eprintln!("{values} values, {hubs} hubs: the broker");
        let broker = broker::run(rig, load)?.containers_per_s();
        eprintln!("{values} values, {hubs} hubs: the store");
        let store = store::values_per_s(rig, load, false)? / f64::from(values);
        eprintln!("{values} values, {hubs} hubs: everything");
        let flow = Flow { load, replicas: 1, counts_shares: false }.run(rig)?;
        let limit = 1.0 / (1.0 / broker + 1.0 / store);
        Ok(Self {
            values,
            hubs,
            broker_containers_per_s: broker,
            store_containers_per_s: store,
            limit_containers_per_s: limit,
            containers_per_s: flow.containers_per_s,
            values_per_s: flow.containers_per_s * f64::from(values),
            ratio_to_limit: flow.containers_per_s / limit,
            containers: flow.containers,
            seconds: flow.seconds,
            refused: flow.refused,
            rss_mib: flow.rss_mib,
            cpu_us_per_container: flow.cpu_s * (1e6 / real(flow.containers)),
            cpu_s: flow.cpu_s,
        })
    }
}
