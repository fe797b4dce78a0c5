//! What came of it, and how far it is.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::tally::Tally;
use crate::process::peak_rss_mib;
use crate::summary::table;

/// What is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    Opened,
    Settled,
    Idle,
    Published,
}

#[derive(Clone, Debug, Serialize)]
pub struct Stage {
    pub stage: StageName,
    /// Those that are open.
    pub connections: u64,
    pub failed: u64,
    pub lost: u64,
    pub confirmed: u64,
    /// How long it took.
    pub seconds: f64,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, connections, failed, lost, confirmed, seconds } = self;
        write!(f, "{stage:?} for {seconds:.1} s: {connections} open, {failed} failed, {lost} lost, ")?;
        write!(f, "{confirmed} confirmed")
    }
}

/// From the number before to a larger one.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// In all.
    pub wanted: u32,
    /// In this step.
    pub opened: u64,
    pub seconds: f64,
    pub opened_per_s: f64,
}

impl Step {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    pub(super) fn new(wanted: u32, opened: u64, time: Duration) -> Self {
        let seconds = time.as_secs_f64();
        Self { wanted, opened, seconds, opened_per_s: opened as f64 / seconds.max(f64::MIN_POSITIVE) }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct ConnectionsSummary {
    pub steps: Vec<Step>,
    pub opened: u64,
    pub failed: u64,
    pub lost: u64,
    pub published: u64,
    pub confirmed: u64,
    pub refused: u64,
    pub returned: u64,
    /// Sent and without an answer.
    pub unconfirmed: u64,
    pub confirm_p50_ms: f64,
    pub confirm_p99_ms: f64,
    /// Why the first one failed or was lost.
    pub trouble: Option<String>,
    /// The most that was resident in this process.
    pub rss_mib: f64,
}

impl ConnectionsSummary {
    pub(super) fn new(steps: Vec<Step>, tally: &Tally) -> Self {
        Self {
            steps,
            opened: tally.opened,
            failed: tally.failed,
            lost: tally.lost,
            published: tally.published,
            confirmed: tally.confirmed,
            refused: tally.refused,
            returned: tally.returned,
            unconfirmed: tally.unconfirmed(),
            confirm_p50_ms: tally.latencies.quantile_millis(0.5),
            confirm_p99_ms: tally.latencies.quantile_millis(0.99),
            trouble: tally.trouble.clone(),
            rss_mib: peak_rss_mib(),
        }
    }

    /// Whether every connection held and every container was confirmed.
    pub const fn is_whole(&self) -> bool {
        self.failed == 0 && self.lost == 0 && self.published == self.confirmed
    }
}

impl fmt::Display for ConnectionsSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opened = self.steps.iter().map(|step| format!("{}: {:.0}/s", step.wanted, step.opened_per_s));
        let confirms = format!("{:.1} ms, {:.1} ms", self.confirm_p50_ms, self.confirm_p99_ms);
        let rows = [
            ("opened", self.opened.to_string()),
            ("of each step", opened.collect::<Vec<_>>().join(", ")),
            ("failed, lost", format!("{}, {}", self.failed, self.lost)),
            ("published, confirmed", format!("{}, {}", self.published, self.confirmed)),
            ("refused, returned", format!("{}, {}", self.refused, self.returned)),
            ("without an answer", self.unconfirmed.to_string()),
            ("confirm p50, p99", confirms),
            ("trouble", self.trouble.clone().unwrap_or_else(|| "none".to_owned())),
            ("memory", format!("{:.0} MiB", self.rss_mib)),
        ];
        table(f, &rows)
    }
}
