//! What came out, for people and for programs.

use std::io::Write;

use serde::Serialize;

/// What a scenario came to.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    /// What was done, how often and for how long.
    pub(crate) done: String,
    pub(crate) ok: bool,
    /// What should have been otherwise.
    pub(crate) faults: Vec<String>,
    pub(crate) seconds: f64,
    /// Confirmed to publishers, poison included.
    pub(crate) containers: u64,
    pub(crate) missing: u64,
    pub(crate) wrong: u64,
    pub(crate) unexpected: u64,
    pub(crate) duplicated: u64,
    pub(crate) dead_letters: u64,
    pub(crate) dead_expected: u64,
    /// That the shards still hold for a queue that was deleted, and that were deleted with it.
    pub(crate) dead_held: u64,
    pub(crate) dead_deleted: u64,
    /// The longest time from healing until writes went on, or, at the end, until everything confirmed was stored
    /// and the queues were empty. The second includes a few seconds of load after healing.
    pub(crate) recovery_s: f64,
    /// Of the write-service that held most.
    pub(crate) peak_mib: u32,
    pub(crate) loadgen_peak_mib: u32,
}

/// All of it.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) form: &'static str,
    pub(crate) binaries: &'static str,
    /// Containers a second that hubs publish.
    pub(crate) rate: u32,
    pub(crate) seconds: f64,
    pub(crate) ok: bool,
    pub(crate) scenarios: Vec<Outcome>,
}

impl Report {
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
            return Ok(());
        }
        writeln!(
            out,
            "scenario                 containers missing wrong twice dead letters   recovery      peak  ok  what"
        )?;
        for outcome in &self.scenarios {
            writeln!(
                out,
                "{:<24}{:>11}{:>8}{:>6}{:>6}{:>13}{:>9.1} s{:>6} MiB  {:<4}{}",
                outcome.name,
                outcome.containers,
                outcome.missing,
                outcome.wrong + outcome.unexpected,
                outcome.duplicated,
                format!("{} of {}", outcome.dead_letters, outcome.dead_expected),
                outcome.recovery_s,
                outcome.peak_mib,
                if outcome.ok { "yes" } else { "NO" },
                outcome.done,
            )?;
        }
        for outcome in &self.scenarios {
            for fault in &outcome.faults {
                writeln!(out, "{}: {fault}", outcome.name)?;
            }
        }
        writeln!(
            out,
            "{} form, {} binaries, {} containers/s, {:.0} s in all",
            self.form, self.binaries, self.rate, self.seconds
        )?;
        Ok(())
    }
}
