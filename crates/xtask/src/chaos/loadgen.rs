//! The swarm of hubs, and the judge that holds its ledger against the store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use testkit::servers::{Program, ProgramSetup};

use super::form::Form;
use super::memory::{Memory, Who};

/// Its ticks start so long ago. They are of one second and pass two or three times as fast as the clock.
const BEFORE: Duration = Duration::from_mins(20);
/// What a fault may make of waiting for the last confirms.
const STOP: Duration = Duration::from_mins(2);
const VERIFY: Duration = Duration::from_mins(5);

/// What the swarm says at its end, as far as it matters here.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Summary {
    pub(crate) containers_confirmed: u64,
    pub(crate) refused: u64,
    pub(crate) reconnects: u64,
    /// The longest that one container waited for the confirm of the connection it got through on.
    pub(crate) confirm_longest_ms: f64,
    /// The longest time in which the hubs behind a connection got no confirm.
    pub(crate) confirm_gap_ms: f64,
}

/// What the ledger and the store say of one another.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) missing: u64,
    pub(crate) wrong: u64,
    pub(crate) unexpected: u64,
    pub(crate) duplicated: u64,
    pub(crate) dead_letters: u64,
    pub(crate) dead_expected: u64,
}

/// Where and what a swarm publishes.
pub(crate) struct SwarmSetup<'a> {
    pub(crate) binaries: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) broker: &'a str,
    pub(crate) form: &'a Form,
    /// The share of containers that nobody can read.
    pub(crate) poison: f64,
}

/// A swarm that publishes until it is told to stop.
pub(crate) struct Swarm {
    program: Program,
    ledger: PathBuf,
}

impl Swarm {
    pub(crate) fn start(setup: &SwarmSetup<'_>, memory: &Memory) -> anyhow::Result<Self> {
        let ledger = setup.folder.join("ledger");
        let form = setup.form;
        let arguments = [
            ("--rabbitmq-url", setup.broker.to_owned()),
            ("--hubs", form.hubs.to_string()),
            ("--connections", form.connections.to_string()),
            ("--values", form.values.to_string()),
            ("--rate", form.rate.to_string()),
            // Longer than any scenario.
            ("--seconds", "86400".to_owned()),
            // Of the present, and never more ahead of the clock than a hub may be: what comes late is more work.
            ("--tick-secs", "1".to_owned()),
            ("--start", (crate::bench::now() - BEFORE).to_string()),
            ("--poison", setup.poison.to_string()),
            ("--seed", "1".to_owned()),
            ("--ledger", ledger.display().to_string()),
        ];
        let arguments = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        let arguments = ["swarm".to_owned(), "--json".to_owned()].into_iter().chain(arguments).collect();
        let program = start(setup.binaries, &setup.folder.join("swarm"), arguments)?;
        memory.watch(Who::Loadgen, program.pid());
        Ok(Self { program, ledger })
    }

    /// Returns when everything that was sent is confirmed.
    pub(crate) fn stop(&mut self) -> anyhow::Result<Summary> {
        self.program.terminate();
        let Some(status) = self.program.wait(STOP) else {
            bail!("the swarm did not end within {} s", STOP.as_secs())
        };
        if !status.success() {
            bail!("the swarm failed ({status})");
        }
        last_object(&self.program.log()).context("the swarm's summary")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.program.log()
    }
}

/// Where the judge looks.
pub(crate) struct Evidence<'a> {
    pub(crate) binaries: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) broker: &'a str,
    pub(crate) store: &'a str,
    pub(crate) database: &'a str,
}

impl Evidence<'_> {
    pub(crate) fn judge(&self, swarm: &Swarm) -> anyhow::Result<Verdict> {
        let arguments = [
            ("--ledger", swarm.ledger.display().to_string()),
            ("--influxdb-url", self.store.to_owned()),
            ("--api", "v1".to_owned()),
            ("--bucket", self.database.to_owned()),
            ("--rabbitmq-url", self.broker.to_owned()),
        ];
        let arguments = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        let arguments = ["verify".to_owned(), "--json".to_owned()].into_iter().chain(arguments).collect();
        let mut program = start(self.binaries, &self.folder.join("verify"), arguments)?;
        if program.wait(VERIFY).is_none() {
            bail!("the ledger was not verified within {} s", VERIFY.as_secs());
        }
        last_object(&program.log()).context("the verdict")
    }
}

fn start(binaries: &Path, folder: &Path, arguments: Vec<String>) -> anyhow::Result<Program> {
    std::fs::create_dir_all(folder)?;
    Ok(Program::start(ProgramSetup {
        name: "loadgen",
        binaries: binaries.to_owned(),
        arguments,
        environment: Vec::new(),
        folder: folder.to_owned(),
        port: None,
    })?)
}

/// What a program printed as JSON after all else.
fn last_object<T: DeserializeOwned>(log: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(log)?;
    let line = text.lines().rfind(|line| line.starts_with('{'));
    let line = line.with_context(|| format!("there is none; see {}", log.display()))?;
    serde_json::from_str(line).with_context(|| format!("{line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(log: &str) -> anyhow::Result<Summary> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), log).unwrap();
        last_object(file.path())
    }

    #[test]
    fn the_summary_comes_after_all_else() {
        let log = "{\"level\":\"info\"}\n5000 confirmed, 1000/s\n\
                   {\"containers_confirmed\":7,\"refused\":2,\"reconnects\":1,\"hubs\":3,\
                   \"confirm_longest_ms\":5.5,\"confirm_gap_ms\":8}\n";
        let summary = summary(log).unwrap();
        assert_eq!((summary.containers_confirmed, summary.refused, summary.reconnects), (7, 2, 1));
    }

    #[test]
    fn a_swarm_that_died_has_no_summary() {
        let error = summary("5000 confirmed, 1000/s\n").unwrap_err();
        assert!(error.to_string().starts_with("there is none"), "{error}");
        assert!(summary("{\"hubs\":3}\n").is_err());
    }
}
