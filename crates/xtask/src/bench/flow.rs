//! Everything at once: a swarm, RabbitMQ, write-services and InfluxDB, until all that was published is stored.

use std::ops::{Mul, Sub};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;
use testkit::servers::{InfluxDb, Program, RabbitMq, RabbitMqSetup};

use super::lag::Lags;
use super::loadgen::{self, Load, Pace, Running, Swarm};
use super::report::real;
use super::rig::{Rig, WARM_UP, WriterSetup, cpu_s, end_of, pid_of, until};
use super::{broker, points, queues};
use crate::process;

/// Per queue: a few seconds of work, so that no back-log grows for as long as the swarm is faster than the rest.
/// The swarm waits a while when it is refused, at most two seconds.
const MAX_QUEUE_LENGTH: u32 = 25_000;
const POLL: Duration = Duration::from_millis(100);
const STANDSTILL: Duration = Duration::from_mins(1);
const LIMIT: Duration = Duration::from_mins(30);

#[derive(Clone, Copy)]
pub(super) struct Flow {
    pub(super) load: Load,
    pub(super) replicas: usize,
    /// Whether the broker counts for each of them, which costs it a little.
    pub(super) counts_shares: bool,
}

pub(super) struct Outcome {
    pub(super) containers: u64,
    /// From the first stored to the last.
    pub(super) seconds: f64,
    pub(super) containers_per_s: f64,
    /// Containers that the broker would not take at first, its queues being full.
    pub(super) refused: u64,
    pub(super) cpu_s: Cpu,
    /// Of the write-service that held most, so far.
    pub(super) rss_mib: f64,
    /// Of each write-service, smallest first, when they were counted.
    pub(super) shares: Vec<f64>,
    /// Of containers that are sent every second, when they were counted.
    pub(super) lag: Option<Lag>,
}

/// From the end of a tick until it is stored, in seconds. Up to one second of it is the swarm's, which spreads its hubs
/// over the second.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Lag {
    containers: u64,
    p50_s: f64,
    p99_s: f64,
}

/// Processor time in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Cpu {
    rabbitmq: f64,
    influxdb: f64,
    write_service: f64,
    loadgen: f64,
    /// Looking on.
    bench: f64,
    /// Everything else on the machine, the kernel's own work included.
    others: f64,
}

impl Cpu {
    const fn of_ours(&self) -> f64 {
        self.rabbitmq + self.influxdb + self.write_service + self.loadgen + self.bench
    }

    fn with_loadgen(self, loadgen: f64) -> Self {
        Self { loadgen, others: (self.others - loadgen).max(0.0), ..self }
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            rabbitmq: self.rabbitmq - before.rabbitmq,
            influxdb: self.influxdb - before.influxdb,
            write_service: self.write_service - before.write_service,
            loadgen: self.loadgen - before.loadgen,
            bench: self.bench - before.bench,
            others: self.others - before.others,
        }
    }
}

impl Mul<f64> for Cpu {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self {
            rabbitmq: self.rabbitmq * factor,
            influxdb: self.influxdb * factor,
            write_service: self.write_service * factor,
            loadgen: self.loadgen * factor,
            bench: self.bench * factor,
            others: self.others * factor,
        }
    }
}

struct Scene {
    // Ended in this order.
    writers: Vec<Program>,
    broker: RabbitMq,
    store: InfluxDb,
    beam: u32,
    influxd: u32,
}

/// How much was stored when.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    stored: u64,
}

impl Flow {
    pub(super) fn run(&self, rig: &Rig) -> anyhow::Result<Outcome> {
        rig.begin_with_live_ticks()?;
        let mut scene = self.start(rig)?;
        // The first makes the series, the second tells how many to take. They are sent again with the others, which
        // changes nothing in the store.
        scene.pass(rig, self.load, WARM_UP, Pace::Fast, None)?;
        let warm = scene.pass(rig, self.load, WARM_UP, Pace::Fast, None)?;
        let folder = rig.folder("ledger")?;
        let ledger = folder.join("ledger");
        let outcome =
            scene.pass(rig, self.load, rig.enough(warm.containers_per_s), Pace::Fast, Some(&ledger))?;
        let shares = if self.counts_shares { scene.shares()? } else { Vec::new() };
        loadgen::verify(rig, &ledger, &scene.store.url())?;
        let lag =
            if self.counts_shares { Some(scene.lag(rig, self.load, &folder.join("live"))?) } else { None };
        std::fs::remove_dir_all(folder)?;
        Ok(Outcome { shares, lag, ..outcome })
    }

    /// Servers with nothing in them, and write-services that consume.
    fn start(&self, rig: &Rig) -> anyhow::Result<Scene> {
        let config = if self.counts_shares { vec![queues::FINE.to_owned()] } else { Vec::new() };
        let broker = RabbitMq::start_with(&RabbitMqSetup { config, ..RabbitMqSetup::default() })?;
        let store = InfluxDb::start()?;
        let setup = WriterSetup {
            broker: &broker.url(),
            store: &store.url(),
            max_queue_length: Some(MAX_QUEUE_LENGTH),
        };
        let writers =
            (0..self.replicas).map(|_| rig.ready_write_service(&setup)).collect::<Result<_, _>>()?;
        let (beam, influxd) = (pid_of(broker::PROGRAM)?, pid_of("influxd")?);
        Ok(Scene { writers, broker, store, beam, influxd })
    }
}

impl Scene {
    /// Publishes, and returns when all of it is stored.
    fn pass(
        &mut self,
        rig: &Rig,
        load: Load,
        containers: u64,
        pace: Pace,
        ledger: Option<&Path>,
    ) -> anyhow::Result<Outcome> {
        let broker = self.broker.url();
        let (before, stored_before) = (self.cpu()?, points::written(&self.store)?);
        let mut swarm =
            Swarm { broker: &broker, load, containers, seconds: None, pace, ledger }.start(rig)?;
        let (first, last) = self.until_stored(&mut swarm, stored_before, containers)?;
        let after = self.cpu()?;
        let swarm = swarm.swarmed()?;
        let seconds = (last.at - first.at).as_secs_f64();
        let peak = self.writers.iter().filter_map(|writer| process::peak_rss_kib(writer.pid())).max();
        Ok(Outcome {
            containers,
            seconds,
            containers_per_s: real(last.stored - first.stored) / seconds,
            refused: swarm.refused,
            cpu_s: (after - before).with_loadgen(swarm.cpu_us_per_container * real(containers) / 1e6),
            rss_mib: f64::from(peak.unwrap_or_default()) / 1_024.0,
            shares: Vec::new(),
            lag: None,
        })
    }

    /// Every hub sends a container a second for a while, all of which must be stored.
    fn lag(&mut self, rig: &Rig, load: Load, ledger: &Path) -> anyhow::Result<Lag> {
        let before = Lags::of(&self.writers)?;
        let containers = u64::from(load.hubs) * u64::from(rig.seconds);
        self.pass(rig, load, containers, Pace::Live, Some(ledger))?;
        loadgen::verify(rig, ledger, &self.store.url())?;
        let lags = Lags::of(&self.writers)?.since(&before);
        Ok(Lag { containers: lags.count(), p50_s: lags.within(50), p99_s: lags.within(99) })
    }

    /// When something was stored for the first time, and when all was.
    fn until_stored(
        &mut self,
        swarm: &mut Running,
        before: u64,
        containers: u64,
    ) -> anyhow::Result<(Moment, Moment)> {
        let mut last = Moment { at: Instant::now(), stored: 0 };
        let mut first = None;
        until("all is stored", LIMIT, POLL, || {
            swarm.check()?;
            for writer in &mut self.writers {
                if writer.has_ended() {
                    bail!("a write-service has ended:\n{}", end_of(&writer.log()));
                }
            }
            let now = Moment { stored: points::written(&self.store)? - before, at: Instant::now() };
            if now.stored > last.stored {
                last = now;
            } else if last.at.elapsed() > STANDSTILL {
                bail!("only {} of {containers} containers are stored, and no more come", last.stored);
            }
            if now.stored > 0 {
                first.get_or_insert(now);
            }
            Ok(first.filter(|_| now.stored >= containers).map(|first| (first, now)))
        })
    }

    /// But for what the load generator took, which says so itself and is among the others here.
    fn cpu(&self) -> anyhow::Result<Cpu> {
        let writers = self.writers.iter().map(|writer| cpu_s(writer.pid()));
        let all = process::cpu_time_of_all().context("the machine does not tell how busy it is")?;
        let ours = Cpu {
            rabbitmq: cpu_s(self.beam)?,
            influxdb: cpu_s(self.influxd)?,
            write_service: writers.sum::<anyhow::Result<f64>>()?,
            loadgen: 0.0,
            bench: cpu_s(std::process::id())?,
            others: 0.0,
        };
        Ok(Cpu { others: all.as_secs_f64() - ours.of_ours(), ..ours })
    }

    /// Of all that was acknowledged.
    fn shares(&self) -> anyhow::Result<Vec<f64>> {
        let counts = queues::acknowledged(&self.broker)?;
        let all = real(counts.iter().sum());
        let idle = self.writers.len().saturating_sub(counts.len());
        Ok(std::iter::repeat_n(0, idle).chain(counts).map(|count| real(count) / all).collect())
    }
}
