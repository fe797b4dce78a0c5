//! What came of it, printed and judged.

use std::io::Write as _;

use anyhow::bail;
use serde::Serialize;

use super::fleet::Replaced;
use super::visitors::Visited;

/// A home's live page has an event for each tick, of 10 s, and comes back after it was cut off.
const LONGEST_SILENCE_S: f64 = 45.0;

/// What came of it.
#[derive(Serialize)]
pub(super) struct Outcome {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) rate: u32,
    pub(super) seconds: f64,
    pub(super) replaced: Vec<Replaced>,
    pub(super) containers: u64,
    pub(super) refused: u64,
    pub(super) missing: u64,
    pub(super) wrong: u64,
    pub(super) unexpected: u64,
    pub(super) duplicated: u64,
    /// From the last confirm until everything was stored.
    pub(super) stored_after_s: f64,
    pub(super) visited: Visited,
}

impl Outcome {
    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
            return Ok(());
        }
        writeln!(out, "\n| replaced | stopped after | ready after |\n|---|---:|---:|")?;
        for one in &self.replaced {
            writeln!(out, "| {} | {:.2} s | {:.2} s |", one.service, one.stopped_s, one.ready_s)?;
        }
        writeln!(
            out,
            "\n{} containers confirmed at {}/s, {} refused and sent again",
            self.containers, self.rate, self.refused
        )?;
        writeln!(
            out,
            "missing {}, wrong {}, unexpected {}, twice {}; all stored and verified {:.1} s after the last confirm",
            self.missing, self.wrong, self.unexpected, self.duplicated, self.stored_after_s
        )?;
        let visited = &self.visited;
        writeln!(
            out,
            "{} questions and {} log-ins, {} failed; slowest {:.0} ms, p99 {:.0} ms",
            visited.questions,
            visited.log_ins,
            visited.failures.len(),
            visited.slowest_ms,
            visited.p99_ms
        )?;
        writeln!(
            out,
            "the live page was connected {} times, the longest silence was {:.1} s",
            visited.connected, visited.longest_silence_s
        )?;
        writeln!(
            out,
            "of the home's last ten minutes, its agent replaced in them, {:.1} % is there",
            visited.home_coverage * 100.0
        )?;
        for failure in visited.failures.iter().take(10) {
            writeln!(out, "  {failure}")?;
        }
        writeln!(out, "{:.0} s in all", self.seconds)?;
        Ok(())
    }

    pub(super) fn judge(&self) -> anyhow::Result<()> {
        if self.missing + self.wrong + self.unexpected + self.duplicated > 0 {
            bail!("what was confirmed is not what is stored");
        }
        let Visited { connected, longest_silence_s, log_ins, questions, .. } = self.visited;
        if self.containers == 0 || questions == 0 || log_ins == 0 || connected < 2 {
            bail!("there was no load: nothing was shown");
        }
        if longest_silence_s > LONGEST_SILENCE_S {
            bail!("the live page heard nothing for {longest_silence_s:.0} s");
        }
        if self.visited.home_coverage < 1.0 {
            bail!("the home's agent has a gap");
        }
        let failures = self.visited.failures.len();
        if failures > 0 {
            bail!(
                "{failures} of {} questions were not answered",
                self.visited.questions + self.visited.log_ins
            );
        }
        Ok(())
    }
}
