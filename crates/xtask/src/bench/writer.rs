//! One write-service and queues that are full: what it costs to bring a value from the broker to a store that says
//! yes to everything, and what memory that takes, also while the store says no to everything.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use testkit::faults::{StubMood, StubStore};
use testkit::servers::{Program, RabbitMq};

use super::loadgen::{Load, Pace, Swarm};
use super::queues;
use super::report::{Report, real};
use super::rig::{Rig, WriterSetup, end_of, until};
use crate::{interrupt, process};

#[derive(Args)]
pub(super) struct Writer {
    /// In the queues at the beginning; fewer when so many are not published within a minute.
    #[arg(long, value_name = "N", default_value_t = 600_000, value_parser = clap::value_parser!(u64).range(1..))]
    containers: u64,
    /// How long the store is away afterwards.
    #[arg(long, value_name = "S", default_value_t = 60)]
    outage_secs: u64,
}

const FILLING_SECS: u32 = 60;
/// Ten times what a write-service may hold unsettled.
const WHILE_DOWN: u64 = 100_000;
const POLL: Duration = Duration::from_millis(20);
/// Nothing has come for so long: all that came first has been written.
const QUIET: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_mins(10);

impl Writer {
    pub(super) fn measure(&self, rig: &Rig) -> anyhow::Result<Report> {
        rig.begin_with_live_ticks()?;
        let broker = RabbitMq::start()?;
        let store = rig.runtime.block_on(StubStore::start())?;
        let (broker_url, store_url) = (broker.url(), store.url());

        eprintln!("filling the queues");
        let containers = fill(rig, &broker, self.containers)?;
        eprintln!("draining {containers} containers");
        let setup = WriterSetup { broker: &broker_url, store: &store_url, max_queue_length: None };
        let mut scene = Scene { writer: rig.write_service(&setup)?, broker, store };
        let drain = scene.drain()?;
        let rss = scene.peak_mib()?;
        let mut report = Report::default();
        drain.add_to(&mut report, containers);
        report.add("most memory while draining", "rss_mib", rss, "MiB", Some("at most 64"));

        eprintln!("the store is away for {} s", self.outage_secs);
        let began = Instant::now();
        scene.store.set(StubMood::Down);
        let missed = fill(rig, &scene.broker, containers.min(WHILE_DOWN))?;
        interrupt::pass(Duration::from_secs(self.outage_secs).saturating_sub(began.elapsed()))?;
        let (rss, outage) = (scene.peak_mib()?, began.elapsed().as_secs_f64());
        scene.store.set(StubMood::Takes);
        scene.drain()?;
        report.add("most memory, store away", "rss_mib_store_down", rss, "MiB", Some("at most 64"));
        report.add("the store was away for", "outage_s", outage, "s", None);
        report.add("published meanwhile", "containers_store_down", missed, "", None);
        scene.writer.stop();
        Ok(report)
    }
}

/// Publishes to queues that nobody settles anything of, and says how many are in them.
fn fill(rig: &Rig, broker: &RabbitMq, containers: u64) -> anyhow::Result<u64> {
    let url = broker.url();
    let load = Load::USUAL;
    let swarm =
        Swarm { broker: &url, load, containers, seconds: Some(FILLING_SECS), pace: Pace::Fast, ledger: None };
    let confirmed = swarm.run(rig)?.containers_confirmed;
    let waiting = queues::waiting(broker)?;
    if waiting != confirmed {
        bail!("{confirmed} containers were confirmed and {waiting} are in the queues");
    }
    Ok(confirmed)
}

struct Scene {
    // Ended in this order.
    writer: Program,
    broker: RabbitMq,
    store: StubStore,
}

/// How far the write-service was then.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    bytes: u64,
    writes: u64,
    /// Since it started.
    cpu: Duration,
}

/// All that was in the queues, from the first write to the last.
struct Drain {
    before: Moment,
    first: Moment,
    last: Moment,
}

impl Scene {
    fn now(&self) -> anyhow::Result<Moment> {
        Ok(Moment {
            at: Instant::now(),
            bytes: self.store.bytes(),
            writes: self.store.requests(),
            cpu: process::cpu_time(self.writer.pid()).context("the write-service is gone")?,
        })
    }

    fn drain(&mut self) -> anyhow::Result<Drain> {
        let before = self.now()?;
        let mut seen: Option<(Moment, Moment)> = None;
        until("the queues are empty", LIMIT, POLL, || {
            if self.writer.has_ended() {
                bail!("the write-service has ended:\n{}", end_of(&self.writer.log()));
            }
            let now = self.now()?;
            let (first, last) = match seen {
                None if now.bytes == before.bytes => return Ok(None),
                None => (now, now),
                Some((first, last)) => (first, if now.bytes > last.bytes { now } else { last }),
            };
            seen = Some((first, last));
            let is_over = last.at.elapsed() >= QUIET && queues::waiting(&self.broker)? == 0;
            Ok(is_over.then_some(Drain { before, first, last }))
        })
    }

    fn peak_mib(&self) -> anyhow::Result<f64> {
        let kib = process::peak_rss_kib(self.writer.pid()).context("the write-service is gone")?;
        Ok(f64::from(kib) / 1_024.0)
    }
}

impl Drain {
    fn add_to(&self, report: &mut Report, containers: u64) {
        let Load { values, .. } = Load::USUAL;
        let (containers_all, values_all) = (real(containers), real(containers) * f64::from(values));
        let bytes = real(self.last.bytes - self.before.bytes);
        // Of one size but for a byte or two, so bytes tell how many there were in the first write.
        let share = real(self.last.bytes - self.first.bytes) / bytes;
        let seconds = (self.last.at - self.first.at).as_secs_f64();
        let (cpu, cpu_first) = (self.last.cpu.as_secs_f64(), self.first.cpu.as_secs_f64());
        let writes = real(self.last.writes - self.before.writes);
        let mut add = |label, key, value: f64, unit, target| report.add(label, key, value, unit, target);
        add("drained", "containers_per_s", containers_all * share / seconds, "/s", None);
        add("values drained", "values_per_s", values_all * share / seconds, "/s", None);
        let all = cpu * 1e6 / values_all;
        add("CPU time per value, all included", "cpu_us_per_value", all, "µs", Some("at most 0.25"));
        let running = (cpu - cpu_first) * 1e6 / (values_all * share);
        add("CPU time per value, from the first write on", "cpu_us_per_value_running", running, "µs", None);
        add(
            "CPU time per container, all included",
            "cpu_us_per_container",
            cpu * 1e6 / containers_all,
            "µs",
            None,
        );
        add("CPU time until all was written", "cpu_s", cpu, "s", None);
        add("cores in use", "cores_used", (cpu - cpu_first) / seconds, "", None);
        add("lines per write", "lines_per_write", containers_all / writes, "", None);
        report.add("containers", "containers", containers, "", None);
        report.add("values in each", "values_per_container", values, "", None);
    }
}
