//! The load generator's subcommands, and what they say at their end.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use testkit::servers::Program;

use super::rig::{DATABASE, Rig, end_of, until};

/// The shortest there is, so that many ticks of a hub are of the present.
const TICK_SECS: &str = "1";
const CONNECTIONS: u32 = 4;
const POLL: Duration = Duration::from_millis(20);
const NO_END: Duration = Duration::from_mins(30);

/// Who sends what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// In each container.
    pub(super) values: u8,
    pub(super) hubs: u32,
}

impl Load {
    /// What the figures without a case of their own are of.
    pub(super) const USUAL: Self = Self { values: 30, hubs: 1_000 };
}

/// How fast.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// As fast as it is taken, from the rig's first tick on.
    Fast,
    /// A container of each hub a second, of the second that has just ended. They are hubs that no other pass knows, so
    /// that the store has nothing of them but this.
    Live,
}

/// What is published and how far it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Swarm<'a> {
    pub(super) broker: &'a str,
    pub(super) load: Load,
    pub(super) containers: u64,
    /// Ends then, whatever is sent until then.
    pub(super) seconds: Option<u32>,
    pub(super) pace: Pace,
    pub(super) ledger: Option<&'a Path>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Swarmed {
    pub(super) containers_confirmed: u64,
    pub(super) refused: u64,
    pub(super) returned: u64,
    pub(super) unknown: u64,
    pub(super) reconnects: u64,
    pub(super) containers_per_s: f64,
    pub(super) confirm_p99_ms: f64,
    pub(super) cpu_us_per_container: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Drained {
    pub(super) containers: u64,
    /// From the first delivery to the last acknowledgement.
    pub(super) seconds: f64,
    pub(super) containers_per_s: f64,
    pub(super) cpu_us_per_container: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Stored {
    pub(super) values_per_s: f64,
}

/// One that runs.
pub(super) struct Running(Program);

impl Swarm<'_> {
    pub(super) fn start(&self, rig: &Rig) -> anyhow::Result<Running> {
        let pace = match self.pace {
            Pace::Fast => {
                ["--rate", "0", "--start", &rig.first_tick().to_string()].map(str::to_owned).to_vec()
            }
            Pace::Live => ["--pace", "live", "--seed", "2"].map(str::to_owned).to_vec(),
        };
        let mut arguments = words(&[
            ("--rabbitmq-url", self.broker),
            ("--hubs", &self.load.hubs.to_string()),
            ("--values", &self.load.values.to_string()),
            ("--connections", &CONNECTIONS.to_string()),
            ("--containers", &self.containers.to_string()),
            ("--tick-secs", TICK_SECS),
        ]);
        arguments.extend(pace);
        if let Some(seconds) = self.seconds {
            arguments.extend(words(&[("--seconds", &seconds.to_string())]));
        }
        if let Some(ledger) = self.ledger {
            arguments.extend(words(&[("--ledger", &ledger.display().to_string())]));
        }
        Running::start(rig, "swarm", arguments)
    }

    pub(super) fn run(&self, rig: &Rig) -> anyhow::Result<Swarmed> {
        self.start(rig)?.swarmed()
    }
}

impl Running {
    fn start(rig: &Rig, subcommand: &str, arguments: Vec<String>) -> anyhow::Result<Self> {
        let command = [subcommand.to_owned(), "--json".to_owned()].into_iter().chain(arguments).collect();
        Ok(Self(rig.program("loadgen", command)?))
    }

    /// What it says at its end, which may be that not all is well.
    fn said<T: DeserializeOwned>(mut self) -> anyhow::Result<T> {
        let log = self.0.log();
        until("loadgen ends", NO_END, POLL, || Ok(self.0.wait(Duration::ZERO)))?;
        let text = std::fs::read_to_string(&log)?;
        let line = text.lines().rfind(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("loadgen failed:\n{}", end_of(&log)))?;
        serde_json::from_str(line).with_context(|| format!("loadgen said {line:?}"))
    }

    /// A swarm of which nothing got lost, so that everybody knows what is in the queues.
    pub(super) fn swarmed(self) -> anyhow::Result<Swarmed> {
        let swarmed: Swarmed = self.said()?;
        if swarmed.returned > 0 || swarmed.unknown > 0 || swarmed.reconnects > 0 {
            bail!("the swarm had trouble, so nothing was measured: {swarmed:?}");
        }
        Ok(swarmed)
    }

    pub(super) fn drained(self) -> anyhow::Result<Drained> {
        self.said()
    }

    /// An error when it has failed.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        match self.0.wait(Duration::ZERO) {
            Some(status) if !status.success() => {
                bail!("loadgen failed ({status}):\n{}", end_of(&self.0.log()))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn drain(rig: &Rig, broker: &str, containers: u64) -> anyhow::Result<Running> {
    let arguments = words(&[("--rabbitmq-url", broker), ("--containers", &containers.to_string())]);
    Running::start(rig, "drain", arguments)
}

pub(super) fn store(
    rig: &Rig,
    store: &str,
    load: Load,
    containers: u64,
    narrow: bool,
) -> anyhow::Result<Stored> {
    let mut arguments = words(&[
        ("--influxdb-url", store),
        ("--api", "v1"),
        ("--bucket", DATABASE),
        ("--hubs", &load.hubs.to_string()),
        ("--values", &load.values.to_string()),
        ("--containers", &containers.to_string()),
        ("--batch-values", "50000"),
        ("--writes", "4"),
    ]);
    if narrow {
        arguments.push("--narrow".to_owned());
    }
    Running::start(rig, "store", arguments)?.said()
}

/// An error unless the store holds what the ledger says, once and nothing else.
pub(super) fn verify(rig: &Rig, ledger: &Path, store: &str) -> anyhow::Result<()> {
    let arguments = words(&[
        ("--ledger", &ledger.display().to_string()),
        ("--influxdb-url", store),
        ("--api", "v1"),
        ("--bucket", DATABASE),
        ("--wait-secs", "10"),
    ]);
    let verdict: Value = Running::start(rig, "verify", arguments)?.said()?;
    if verdict["ok"] != true {
        bail!("the store does not hold what was confirmed: {verdict}");
    }
    Ok(())
}

pub(super) fn wire(rig: &Rig) -> anyhow::Result<Map<String, Value>> {
    Running::start(rig, "wire", Vec::new())?.said()
}

fn words(pairs: &[(&str, &str)]) -> Vec<String> {
    pairs.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]).collect()
}
