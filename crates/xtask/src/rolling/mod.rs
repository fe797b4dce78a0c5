//! An upgrade of everything, one process after the other, under load: what was confirmed is stored, whoever asks is answered.
//!
//! Two of each service that people or queues wait for, the HTTP ones behind haproxy. Each process is taken out of the
//! balancer, told to stop, and replaced by the same service of the other version, until nothing of the old one runs.

mod fleet;
mod outcome;
mod visitors;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use testkit::system::{System, SystemSetup};
use tokio::runtime::Runtime;

use crate::chaos::{Evidence, Form, Memory, Swarm, SwarmSetup, Verdict};
use crate::debian;
use crate::interrupt::{self, pass};
use crate::run::binaries;
use fleet::Fleet;
use outcome::Outcome;
use visitors::Visitors;

/// For whatever was confirmed last to be stored.
const PATIENCE: Duration = Duration::from_mins(1);
/// Under load before the first and after the last is replaced.
const QUIET: Duration = Duration::from_secs(5);
/// A home that tells of the present.
const AGENT: &str = "[agent.sensor.simulated]\nsockets = 8\nzone = \"Europe/Berlin\"\nhistory_hours = 1\n";

#[derive(Args)]
pub(crate) struct Rolling {
    /// The folder of the binaries that run at first; those of the tests when not given.
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// The folder of those that replace them; the same ones when not given.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Containers a second.
    #[arg(long, default_value_t = Form::SHORT.rate, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// One object in place of the table.
    #[arg(long)]
    json: bool,
}

impl Rolling {
    /// A restart of everything, with the binaries that the tests have built.
    pub(crate) const fn in_short() -> Self {
        Self { from: None, to: None, rate: Form::SHORT.rate, json: false }
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        debian::install_packages()?;
        let from = self.from.clone().unwrap_or_else(binaries);
        let to = self.to.clone().unwrap_or_else(|| from.clone());
        let runtime = Runtime::new()?;
        interrupt::listen(&runtime)?;
        let outcome = self.roll(&from, &to, &runtime)?;
        outcome.print(self.json)?;
        outcome.judge()
    }

    fn roll(&self, from: &Path, to: &Path, runtime: &Runtime) -> anyhow::Result<Outcome> {
        let began = Instant::now();
        eprintln!("starting the servers and two of each service");
        let system = System::start(&SystemSetup {
            binaries: from.to_owned(),
            folder: None,
            port: None,
            agent: AGENT.to_owned(),
            sockets: Vec::new(),
        })?;
        let mut fleet = Fleet::of(system)?;

        let form = Form { rate: self.rate, ..Form::SHORT };
        let memory = Memory::start();
        let broker = fleet.system.rabbitmq.url();
        let folder = fleet.system.folder.join("load");
        std::fs::create_dir_all(&folder)?;
        // The load and its judge are no part of what is upgraded.
        let tools = binaries();
        let setup =
            SwarmSetup { binaries: &tools, folder: &folder, broker: &broker, form: &form, poison: 0.0 };
        let mut swarm = Swarm::start(&setup, &memory)?;
        let visitors = Visitors::start(runtime, &fleet.url, &fleet.system.password)?;
        pass(QUIET)?;

        let replaced = fleet.replace_all(to)?;
        pass(QUIET)?;
        let visited = visitors.leave(runtime)?;
        let summary = swarm.stop()?;
        let evidence = Evidence {
            binaries: &tools,
            folder: &folder,
            broker: &broker,
            store: &fleet.system.influxdb.url(),
            database: "wattline",
        };
        let confirmed = Instant::now();
        let verdict = settled(&evidence, &swarm)?;
        Ok(Outcome {
            from: from.display().to_string(),
            to: to.display().to_string(),
            rate: self.rate,
            replaced,
            containers: summary.containers_confirmed,
            refused: summary.refused,
            missing: verdict.missing,
            wrong: verdict.wrong,
            unexpected: verdict.unexpected,
            duplicated: verdict.duplicated,
            stored_after_s: confirmed.elapsed().as_secs_f64(),
            visited,
            seconds: began.elapsed().as_secs_f64(),
        })
    }
}

/// What the ledger says once nothing is missing any more, or when it has been waited for long enough.
fn settled(evidence: &Evidence<'_>, swarm: &Swarm) -> anyhow::Result<Verdict> {
    let began = Instant::now();
    loop {
        let verdict = evidence.judge(swarm)?;
        if verdict.missing == 0 || began.elapsed() > PATIENCE {
            return Ok(verdict);
        }
        pass(Duration::from_secs(1))?;
    }
}
