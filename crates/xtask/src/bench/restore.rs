//! The worst day, rehearsed: everything is backed up, the stores are gone, and new ones get the back-up.
//!
//! Two judges say whether all of it is there again: the ledger of a swarm, which knows each value that was confirmed,
//! and a household, which logs in with its old password and asks for its past once more.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::Value;
use testkit::client::Client;
use testkit::servers::{InfluxDb, PostgreSql, Program, ProgramSetup, run_to_end};
use testkit::system::{EMAIL, System};

use super::day;
use super::home;
use super::loadgen::{Load, Pace, Swarm, verify};
use super::report::{Report, real};
use super::rig::{DATABASE, Rig, now, until};

const POLL: Duration = Duration::from_secs(1);
/// For the swarm and the home's past to be stored.
const STORED: Duration = Duration::from_mins(20);
const READY: Duration = Duration::from_mins(1);
const MIB: f64 = 1_048_576.0;

#[derive(Args)]
pub(super) struct Restore {
    /// Days of ticks of 10 s that the home of 30 sockets has behind it.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(3..=400))]
    days: u32,
    /// Containers of 30 values that a thousand other hubs bring.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    containers: u64,
}

/// What the tool says of a back-up that it made, or of one that it brought back.
#[derive(Deserialize, PartialEq, Debug)]
struct Told {
    hubs: u64,
    ticks: u64,
    values: u64,
    joules: i64,
}

impl Restore {
    pub(super) fn measure(&self, rig: &Rig) -> anyhow::Result<Report> {
        eprintln!("making up {} days of a home, and {} containers of others", self.days, self.containers);
        let mut system = System::start(&home::setup(&rig.binaries, self.days))?;
        let ledger = rig.folder("ledger")?.join("ledger");
        self.fill(rig, &system, &ledger)?;
        let question = self.question(now());
        let mut last = None;
        let before = until("the home's past is stored", STORED, POLL, || {
            let answer = rig.runtime.block_on(Answer::of(&system, &question))?;
            // The coverage is rounded: the very last ticks may be missing in the first answer that looks whole.
            let is_final = answer.is_whole() && last.as_ref() == Some(&answer);
            last = Some(answer);
            Ok(if is_final { last.take() } else { None })
        })?;
        // What is measured from here on would be in the one answer and not in the other.
        system.agent.stop();
        eprintln!("backing up");
        let folder = rig.folder("back-up")?;
        let (saved, backup_s) = told(rig, &stores_of(&system)?, &["backup", "--to"], &folder)?;
        let size = bytes(&folder)?;

        eprintln!("the stores are gone; restoring");
        let gone = Instant::now();
        let System { write, rollup, alerts, web, read, auth, .. } = &mut system;
        for program in [write, rollup, alerts, web, read, auth] {
            program.stop();
        }
        let stores = replace_stores(&mut system)?;
        let (restored, restore_s) = told(rig, &stores, &["restore", "--from"], &folder)?;
        for program in [&mut system.auth, &mut system.read, &mut system.web] {
            *program = again(program.setup(), &stores)?;
        }
        let after = rig.runtime.block_on(Answer::of(&system, &question))?;
        let outage_s = gone.elapsed().as_secs_f64();

        if restored != saved {
            bail!("{saved:?} was saved, {restored:?} restored");
        }
        if after != before {
            bail!("the home's past is another one: {} J were {} J", after.joules(), before.joules());
        }
        verify(rig, &ledger, &system.influxdb.url()).context("after the restore")?;

        let mut report = Report::default();
        report.add("hubs", "hubs", saved.hubs, "", None);
        report.add("ticks", "ticks", saved.ticks, "", None);
        report.add("values", "values", saved.values, "", None);
        report.add("energy saved, and restored to the joule", "joules", saved.joules, "J", None);
        report.add("of it the home's, asked for by the page", "home_joules", before.joules(), "J", None);
        report.add("back-up took", "backup_s", backup_s, "s", None);
        report.add("its size", "backup_mib", real(size) / MIB, "MiB", None);
        report.add("restore took, read back", "restore_s", restore_s, "s", None);
        report.add("restored", "values_per_s", real(saved.values) / restore_s, "/s", None);
        report.add("from the loss until the page answered", "outage_s", outage_s, "s", None);
        Ok(report)
    }

    fn fill(&self, rig: &Rig, system: &System, ledger: &Path) -> anyhow::Result<()> {
        let swarm = Swarm {
            broker: &system.rabbitmq.url(),
            load: Load::USUAL,
            containers: self.containers,
            seconds: None,
            pace: Pace::Fast,
            ledger: Some(ledger),
        };
        swarm.run(rig)?;
        let store = system.influxdb.url();
        until("all that was confirmed is stored", STORED, POLL, || Ok(verify(rig, ledger, &store).ok()))
    }

    /// The home's whole past, day by day. Not today, of which the answer changes.
    fn question(&self, now: Timestamp) -> String {
        let day = |days: u32| (now - (i64::from(days) * 24).hours()).strftime("%FT00:00:00Z").to_string();
        format!("usage?from={}&to={}&bucket=1d", day(self.days - 1), day(1))
    }
}

/// What a household sees.
#[derive(PartialEq)]
struct Answer {
    usage: Value,
    home: Value,
}

impl Answer {
    async fn of(system: &System, question: &str) -> anyhow::Result<Self> {
        let client = day::log_in(&system.url, EMAIL, &system.password).await?;
        let usage = Self::asked(&client, &format!("/households/{}/{question}", client.household)).await?;
        Ok(Self { usage, home: client.home().await })
    }

    /// Null when there is no answer yet.
    async fn asked(client: &Client, path: &str) -> anyhow::Result<Value> {
        let answer = client.get(path).send().await?;
        if answer.status().is_success() { Ok(answer.json().await?) } else { Ok(Value::Null) }
    }

    fn is_whole(&self) -> bool {
        self.usage["total"]["total_coverage"].as_f64().is_some_and(|coverage| coverage >= 1.0)
    }

    fn joules(&self) -> i64 {
        self.usage["total"]["total_j"].as_i64().unwrap_or_default()
    }
}

type Variables = Vec<(String, String)>;

/// Where the tool finds what it saves.
fn stores_of(system: &System) -> anyhow::Result<Variables> {
    let environment = &system.auth.setup().environment;
    let accounts = environment.iter().find(|(name, _)| name == "WATTLINE__ACCOUNTS__POSTGRES_URL");
    let (_, accounts) = accounts.context("the auth-service has no database")?;
    Ok(variables(&system.influxdb, accounts))
}

fn variables(influxdb: &InfluxDb, accounts: &str) -> Variables {
    [
        ("WATTLINE__INFLUXDB__URL", influxdb.url()),
        ("WATTLINE__INFLUXDB__API", "v1".to_owned()),
        ("WATTLINE__INFLUXDB__BUCKET", DATABASE.to_owned()),
        ("WATTLINE__ACCOUNTS__POSTGRES_URL", accounts.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// New and empty ones; nothing is left of the old.
fn replace_stores(system: &mut System) -> anyhow::Result<Variables> {
    let (influxdb, postgresql) = (InfluxDb::start()?, PostgreSql::start()?);
    let accounts = postgresql.database("wattline")?;
    std::mem::replace(&mut system.influxdb, influxdb).stop();
    std::mem::replace(&mut system.postgresql, postgresql).stop();
    Ok(variables(&system.influxdb, &accounts))
}

/// The same process at the new stores.
fn again(setup: &ProgramSetup, stores: &Variables) -> anyhow::Result<Program> {
    let mut environment = setup.environment.clone();
    for (name, value) in &mut environment {
        if let Some((_, new)) = stores.iter().find(|(changed, _)| changed == name) {
            value.clone_from(new);
        }
    }
    let mut program = Program::start(ProgramSetup { environment, ..setup.clone() })?;
    program.wait_until_ready(READY)?;
    Ok(program)
}

/// What the tool says in the end, and how many seconds it took.
fn told(rig: &Rig, stores: &Variables, command: &[&str], folder: &Path) -> anyhow::Result<(Told, f64)> {
    let folder = folder.display().to_string();
    let arguments = ["--json"].iter().chain(command).map(|word| (*word).to_owned()).chain([folder]);
    let setup = ProgramSetup {
        name: "wattline-ctl",
        binaries: rig.binaries.clone(),
        arguments: arguments.collect(),
        environment: stores.clone(),
        folder: rig.folder("ctl")?,
        port: None,
    };
    let began = Instant::now();
    let text = run_to_end(&setup)?;
    let seconds = began.elapsed().as_secs_f64();
    let told = serde_json::from_str(&text).with_context(|| format!("wattline-ctl said {text:?}"))?;
    Ok((told, seconds))
}

/// Of the files in the folder.
fn bytes(folder: &Path) -> anyhow::Result<u64> {
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.iter().map(|file| Ok(file.metadata()?.len())).sum()
}
