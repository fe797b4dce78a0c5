//! `loadgen connections` against one node, and the node looked at between its stages.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use testkit::servers::Program;

use super::connections_node::Node;
use super::loadgen::{self, Swarm};
use super::rig::{Rig, WARM_UP, cpu_s, end_of, until};
use crate::interrupt;

const POLL: Duration = Duration::from_millis(20);
/// Opening, settling and looking at one step.
const STAGE: Duration = Duration::from_mins(10);
const SETTLE_SECS: u64 = 10;
const IDLE_SECS: u64 = 20;
/// Nobody waits for it: it goes with the measurement.
const DRAIN_SECS: u64 = 3_600;
/// Of the files of a process, for all that is no connection; RabbitMQ itself keeps a tenth.
const OTHER_FILES: u32 = 2_500;

pub(super) struct Load<'a> {
    pub(super) steps: &'a [u32],
    pub(super) publish_secs: u64,
    pub(super) every_secs: u64,
    pub(super) keep_alive_secs: Option<u16>,
}

/// What loadgen says when something is over.
#[derive(Deserialize)]
struct Stage {
    stage: String,
    connections: u64,
}

/// What loadgen says at its end.
#[derive(Deserialize, Serialize)]
pub(super) struct Counts {
    steps: Vec<Step>,
    failed: u64,
    lost: u64,
    published: u64,
    confirmed: u64,
    refused: u64,
    returned: u64,
    unconfirmed: u64,
    confirm_p50_ms: f64,
    confirm_p99_ms: f64,
    pub(super) trouble: Option<String>,
    rss_mib: f64,
}

#[derive(Deserialize, Serialize)]
struct Step {
    wanted: u32,
    opened_per_s: f64,
}

/// The node at the end of a stage.
pub(super) struct Sample {
    pub(super) connections: u64,
    pub(super) opened_per_s: f64,
    pub(super) rss_bytes: f64,
    /// In that stage.
    pub(super) core_percent: f64,
}

pub(super) struct Run {
    /// With no hub.
    pub(super) before_bytes: f64,
    pub(super) idle: Vec<Sample>,
    pub(super) publishing: Option<Sample>,
    /// Erlang's, from no hub to all of them.
    pub(super) more_processes: f64,
    pub(super) counts: Counts,
}

impl Load<'_> {
    pub(super) fn run(&self, rig: &Rig, node: &Node) -> anyhow::Result<Run> {
        self.check(node)?;
        let broker = node.plain_url();
        // What hubs publish is taken, and as much has been before: queues and log have the memory that they keep.
        let swarm = Swarm {
            broker: &broker,
            load: loadgen::Load::USUAL,
            containers: WARM_UP,
            seconds: None,
            pace: loadgen::Pace::Fast,
            ledger: None,
        };
        swarm.run(rig)?;
        let drain = ["drain", "--rabbitmq-url", &broker, "--seconds", &DRAIN_SECS.to_string()];
        let drain = rig.program("loadgen", drain.map(str::to_owned).to_vec())?;
        let processes = node.processes()?;
        interrupt::pass(Duration::from_secs(SETTLE_SECS))?;
        let before_bytes = node.rss_bytes()?;

        let mut watched = Watched { program: rig.program("loadgen", self.arguments(node))?, read: 0 };
        let mut idle = Vec::new();
        let mut more_processes = 0.0;
        for (number, _) in self.steps.iter().enumerate() {
            watched.stage("opened")?;
            if number + 1 == self.steps.len() {
                more_processes = node.processes()? - processes;
            }
            watched.stage("settled")?;
            let begin = Begin::now(node)?;
            idle.push(begin.sample(node, watched.stage("idle")?)?);
            eprintln!("    {} connections", idle[number].connections);
        }
        let begin = Begin::now(node)?;
        let publishing =
            if self.publish_secs > 0 { Some(begin.sample(node, watched.stage("published")?)?) } else { None };
        let counts = watched.counts()?;
        for (sample, step) in idle.iter_mut().zip(&counts.steps) {
            sample.opened_per_s = step.opened_per_s;
        }
        drop(drain);
        Ok(Run { before_bytes, idle, publishing, more_processes, counts })
    }

    /// More than the node takes would measure how it refuses.
    fn check(&self, node: &Node) -> anyhow::Result<()> {
        let (wanted, files) = (self.steps.iter().max().copied().unwrap_or_default(), node.files()?);
        if wanted > files.saturating_sub(OTHER_FILES) {
            bail!(
                "a process may have {files} files open, too few for {wanted} connections: ulimit -n, or --steps"
            );
        }
        Ok(())
    }

    fn arguments(&self, node: &Node) -> Vec<String> {
        let steps: Vec<String> = self.steps.iter().map(u32::to_string).collect();
        let mut arguments = vec!["connections".to_owned(), "--json".to_owned()];
        let mut add = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        add("--url", node.url().to_owned());
        add("--ca", node.ca().display().to_string());
        add("--steps", steps.join(","));
        add("--settle-secs", SETTLE_SECS.to_string());
        add("--idle-secs", IDLE_SECS.to_string());
        add("--publish-secs", self.publish_secs.to_string());
        add("--every-secs", self.every_secs.to_string());
        if let Some(secs) = self.keep_alive_secs {
            add("--keep-alive-secs", secs.to_string());
        }
        arguments
    }
}

struct Begin {
    at: Instant,
    cpu_s: f64,
}

impl Begin {
    fn now(node: &Node) -> anyhow::Result<Self> {
        Ok(Self { at: Instant::now(), cpu_s: cpu_s(node.pid())? })
    }

    fn sample(self, node: &Node, connections: u64) -> anyhow::Result<Sample> {
        let cores = (cpu_s(node.pid())? - self.cpu_s) / self.at.elapsed().as_secs_f64();
        Ok(Sample {
            connections,
            opened_per_s: 0.0,
            rss_bytes: node.rss_bytes()?,
            core_percent: 100.0 * cores,
        })
    }
}

/// A load generator, and how much of what it says was read.
struct Watched {
    program: Program,
    read: usize,
}

impl Watched {
    /// Waits until it is over; gives how many connections are open.
    fn stage(&mut self, name: &str) -> anyhow::Result<u64> {
        let line = self.line(name)?;
        let stage: Stage = serde_json::from_str(&line).with_context(|| format!("loadgen said {line:?}"))?;
        if stage.stage != name {
            bail!("loadgen said {line:?} in place of the end of {name:?}");
        }
        Ok(stage.connections)
    }

    /// It fails when not all is well, which is in the counts.
    fn counts(mut self) -> anyhow::Result<Counts> {
        let line = self.line("its counts")?;
        serde_json::from_str(&line).with_context(|| format!("loadgen said {line:?}"))
    }

    fn line(&mut self, what: &str) -> anyhow::Result<String> {
        let log = self.program.log();
        until(&format!("loadgen says {what}"), STAGE, POLL, || {
            // In this order: what it said before it ended is there when it has ended.
            let has_ended = self.program.wait(Duration::ZERO).is_some();
            let line = next_line(&log, &mut self.read)?;
            if line.is_none() && has_ended {
                bail!("loadgen ended:\n{}", end_of(&log));
            }
            Ok(line)
        })
    }
}

/// The next whole line with an object.
fn next_line(log: &Path, read: &mut usize) -> anyhow::Result<Option<String>> {
    let text = std::fs::read_to_string(log)?;
    while let Some((line, _)) = text.get(*read..).and_then(|rest| rest.split_once('\n')) {
        *read += line.len() + 1;
        if line.starts_with('{') {
            return Ok(Some(line.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_once_and_when_they_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, "starting\n{\"a\":1}\n{\"b\"").unwrap();
        let mut read = 0;
        assert_eq!(next_line(&log, &mut read).unwrap().as_deref(), Some("{\"a\":1}"));
        assert_eq!(next_line(&log, &mut read).unwrap(), None);
        std::fs::write(&log, "starting\n{\"a\":1}\n{\"b\":2}\n").unwrap();
        assert_eq!(next_line(&log, &mut read).unwrap().as_deref(), Some("{\"b\":2}"));
    }
}
