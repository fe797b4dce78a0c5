//! What the kernel knows of this process, by the names that Prometheus's own clients use.
#![expect(clippy::cast_precision_loss, reason = "Prometheus has nothing but floats")]

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use rustix::param::{clock_ticks_per_second, page_size};

pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Process));
}

/// Reads `/proc` whenever it is asked.
#[derive(Debug)]
struct Process;

/// Fields of `/proc/self/stat`, counted from the one after the name: see `proc_pid_stat(5)`.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;
const STARTED_TICKS: usize = 19;
const RESIDENT_PAGES: usize = 21;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        if let Some(stat) = Stat::read() {
            let per_second = clock_ticks_per_second() as f64;
            let used = (stat.field(USER_TICKS) + stat.field(SYSTEM_TICKS)) / per_second;
            let cpu = ConstCounter::new(used);
            describe(&mut encoder, "process_cpu_seconds", "User and system CPU time spent", &cpu)?;
            let resident = ConstGauge::new(stat.field(RESIDENT_PAGES) * page_size() as f64);
            describe(&mut encoder, "process_resident_memory_bytes", "Resident memory", &resident)?;
            if let Some(booted) = booted() {
                let started = ConstGauge::new(booted + stat.field(STARTED_TICKS) / per_second);
                let help = "When the process started, in seconds since the Unix epoch";
                describe(&mut encoder, "process_start_time_seconds", help, &started)?;
            }
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            let open = ConstGauge::new(open.count() as f64);
            describe(&mut encoder, "process_open_fds", "Open file descriptors", &open)?;
        }
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let limit = ConstGauge::new(limit.map_or(f64::INFINITY, |limit| limit as f64));
        describe(&mut encoder, "process_max_fds", "Open file descriptors that it may have", &limit)
    }
}

fn describe<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &M,
) -> Result<(), std::fmt::Error> {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

struct Stat(Vec<f64>);

impl Stat {
    fn read() -> Option<Self> {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The name is in brackets and may hold anything.
        let (_, fields) = text.rsplit_once(") ")?;
        Some(Self(fields.split_ascii_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect()))
    }

    fn field(&self, place: usize) -> f64 {
        self.0.get(place).copied().unwrap_or(0.0)
    }
}

/// In seconds since the Unix epoch.
fn booted() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}
