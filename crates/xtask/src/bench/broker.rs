//! RabbitMQ alone: what is published with confirms and taken with acknowledgements at the same time, by the same
//! code as in the services, and nothing behind it.

use testkit::servers::RabbitMq;

use super::loadgen::{self, Drained, Load, Pace, Swarm, Swarmed};
use super::report::{Report, real};
use super::rig::{Rig, WARM_UP, cpu_s, pid_of};

/// The name of Erlang's process.
pub(super) const PROGRAM: &str = "beam.smp";

pub(super) struct Outcome {
    swarm: Swarmed,
    /// What has been published and waits is work half done, so the time is over when all of it is taken too.
    drain: Drained,
    cpu_s: f64,
}

impl Outcome {
    pub(super) const fn containers_per_s(&self) -> f64 {
        self.drain.containers_per_s
    }
}

pub(super) fn run(rig: &Rig, load: Load) -> anyhow::Result<Outcome> {
    let broker = RabbitMq::start()?;
    let warm = both(rig, &broker, load, WARM_UP)?;
    both(rig, &broker, load, rig.enough(warm.containers_per_s()))
}

fn both(rig: &Rig, broker: &RabbitMq, load: Load, containers: u64) -> anyhow::Result<Outcome> {
    let (url, node) = (broker.url(), pid_of(PROGRAM)?);
    let before = cpu_s(node)?;
    let draining = loadgen::drain(rig, &url, containers)?;
    let swarm =
        Swarm { broker: &url, load, containers, seconds: None, pace: Pace::Fast, ledger: None }.run(rig)?;
    let drain = draining.drained()?;
    Ok(Outcome { swarm, drain, cpu_s: cpu_s(node)? - before })
}

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Report> {
    let load = Load::USUAL;
    let Outcome { swarm, drain, cpu_s } = run(rig, load)?;
    let containers = real(drain.containers);
    let mut report = Report::default();
    let mut add = |label, key, value: f64, unit| report.add(label, key, value, unit, None);
    add("published, confirmed, taken, acknowledged", "containers_per_s", drain.containers_per_s, "/s");
    add("of these, while all were published", "containers_per_s_published", swarm.containers_per_s, "/s");
    add("time", "seconds", drain.seconds, "s");
    add("confirms, p99", "confirm_p99_ms", swarm.confirm_p99_ms, "ms");
    add("CPU time of RabbitMQ per container", "cpu_us_per_container_broker", cpu_s * 1e6 / containers, "µs");
    add("of the publisher", "cpu_us_per_container_swarm", swarm.cpu_us_per_container, "µs");
    add("of the consumer", "cpu_us_per_container_drain", drain.cpu_us_per_container, "µs");
    report.add("containers", "containers", drain.containers, "", None);
    report.add("values in each", "values_per_container", load.values, "", None);
    report.add("hubs", "hubs", load.hubs, "", None);
    Ok(report)
}
