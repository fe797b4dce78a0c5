//! The rows of a file, some days at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use domain::access::AccessClaims;
use domain::calendar::{Bucket, bucket_edges};
use domain::registry::{HomeSettings, SocketKey};
use domain::usage::{SocketUsage, Usage, UsageBuilder};
use domain::{TimeRange, UtcMillis};
use futures_util::{Stream, stream};
use insight::Wanted;

use super::row::{ExportRow, head, local};
use super::{Format, Question};
use crate::Deps;
use crate::gathering::GatherError;
use crate::home::Label;
use crate::usage::{Ticks, rounded};

const DAY_MILLIS: i64 = 86_400_000;
/// What is held at once.
const PIECE_DAYS: i64 = 7;
const TICK_PIECE_DAYS: i64 = 1;

/// An export that is under way.
pub(super) struct Job {
    pub(super) deps: Deps,
    pub(super) claims: Arc<AccessClaims>,
    pub(super) settings: HomeSettings,
    pub(super) labels: BTreeMap<SocketKey, Label>,
    pub(super) now: UtcMillis,
    pub(super) question: Question,
}

/// Where it is.
enum Step {
    Head(TimeRange),
    Rows { rest: TimeRange, first: bool },
    Done,
}

/// One socket of the home in a piece of the file.
struct Line<'a> {
    key: SocketKey,
    /// `None`: nothing was measured.
    usage: Option<&'a SocketUsage>,
    expected: &'a [TimeRange],
}

impl Job {
    pub(super) fn stream(self, range: TimeRange) -> impl Stream<Item = Result<Bytes, GatherError>> {
        stream::try_unfold((self, Step::Head(range)), async |(job, step)| {
            let mut text = String::new();
            let next = match step {
                Step::Head(rest) => {
                    match job.question.format {
                        Format::Csv => head(job.currency(), &mut text),
                        Format::Json => text.push('['),
                    }
                    Step::Rows { rest, first: true }
                }
                Step::Rows { rest, first } if !rest.is_empty() => {
                    let (piece, rest) = job.piece(rest);
                    let usage = job.usage(piece).await?;
                    let first = job.write(&usage, first, &mut text);
                    Step::Rows { rest, first }
                }
                Step::Rows { .. } => {
                    text.push_str(if job.question.format == Format::Json { "\n]\n" } else { "" });
                    Step::Done
                }
                Step::Done => return Ok(None),
            };
            Ok(Some((Bytes::from(text), (job, next))))
        })
    }

    /// There when costs are asked for.
    fn currency(&self) -> Option<&str> {
        self.question.cost.then(|| self.settings.currency.as_str())
    }

    /// The next whole days, and what comes after them.
    fn piece(&self, rest: TimeRange) -> (TimeRange, TimeRange) {
        let days = if self.question.bucket == Bucket::Tick { TICK_PIECE_DAYS } else { PIECE_DAYS };
        let after = rest.start.plus_millis(days * DAY_MILLIS);
        let midnight = self.claims.zone.date_of(after).and_then(|date| self.claims.zone.midnight(date));
        let end = midnight.filter(|&end| end > rest.start).unwrap_or(after).min(rest.end);
        (TimeRange::new(rest.start, end), TimeRange::new(end, rest.end))
    }

    async fn usage(&self, piece: TimeRange) -> Result<Usage, GatherError> {
        let mut usage = match self.question.bucket {
            Bucket::Tick => self.tick_by_tick(piece).await?,
            bucket => self.summed_up(piece, bucket).await?,
        };
        self.question.only.keep_in(&mut usage);
        Ok(usage)
    }

    async fn tick_by_tick(&self, piece: TimeRange) -> Result<Usage, GatherError> {
        let ticks = Ticks::gather(
            &*self.deps.query,
            &self.claims.hubs,
            self.question.only,
            &self.settings.successions,
            piece,
        )
        .await?;
        let mut builder = UsageBuilder::new(ticks.edges(piece), self.now).for_home(&self.settings);
        for (hub, sums) in ticks.sums() {
            builder.add_sums(hub, &sums);
        }
        Ok(builder.finish())
    }

    async fn summed_up(&self, piece: TimeRange, bucket: Bucket) -> Result<Usage, GatherError> {
        let home = insight::Home {
            query: &*self.deps.query,
            rollups: &*self.deps.rollups,
            zone: self.claims.zone.clone(),
            hubs: self.claims.hubs.clone(),
            settings: self.settings.clone(),
            now: self.now,
        };
        // Nobody waits for the whole of it: what is not rolled up is summed up, however long that takes.
        let wanted =
            Wanted { range: piece, power_since: None, expectations: self.question.gaps, patience: None };
        let gathered = insight::gather(home.query, home.rollups, &home.hubs, wanted).await?;
        let prices = if self.question.cost { home.prices(piece) } else { None };
        let edges = bucket_edges(piece, bucket, home.zone()).unwrap_or_default();
        Ok(home.usage(&gathered, edges, prices.as_ref())?)
    }

    /// In order of time. Whether the next row is still the first one.
    fn write(&self, usage: &Usage, mut first: bool, text: &mut String) -> bool {
        let lines = lines(usage, self.question.gaps);
        for bucket in 0..usage.bucket_count() {
            let start = local(&self.claims.zone, usage.edges[bucket]);
            for line in &lines {
                let Some(row) = self.row(usage, bucket, line, &start) else { continue };
                match self.question.format {
                    Format::Csv => row.as_csv(text),
                    Format::Json => {
                        text.push_str(if first { "\n" } else { ",\n" });
                        text.push_str(&serde_json::to_string(&row).unwrap_or_default());
                    }
                }
                first = false;
            }
        }
        first
    }

    /// `None`: there is nothing to be said of the socket in this bucket.
    fn row<'a>(
        &'a self,
        usage: &Usage,
        bucket: usize,
        line: &Line<'_>,
        start: &'a str,
    ) -> Option<ExportRow<'a>> {
        let energy = line.usage.and_then(|socket| socket.energy[bucket]);
        if energy.is_none() {
            let elapsed = TimeRange::new(usage.edges[bucket], usage.edges[bucket + 1].min(usage.now));
            let is_gap = line.expected.iter().any(|times| !times.intersection(&elapsed).is_empty());
            is_gap.then_some(())?;
        }
        let cost = line.usage.and_then(|socket| socket.cost.as_ref()?.buckets[bucket]);
        let label = self.labels.get(&line.key);
        Some(ExportRow {
            start,
            hub: line.key.hub.as_uuid(),
            socket: line.key.socket.get(),
            name: label.map(|label| label.name.as_str()),
            room: label.and_then(|label| label.room.as_deref()),
            energy_j: energy.map(|joules| joules.0),
            coverage: line.usage.map_or(0.0, |socket| rounded(usage.coverage(socket, bucket))),
            cost_n: self.question.cost.then(|| cost.map(|nano| nano.0)),
            currency: self.currency(),
        })
    }
}

/// By hub and number. With `gaps` it counts when they were expected, and those of which nothing was measured are there.
fn lines(usage: &Usage, gaps: bool) -> Vec<Line<'_>> {
    let measured = usage.sockets.iter().map(|socket| Line {
        key: SocketKey { hub: socket.hub, socket: socket.socket },
        usage: Some(socket),
        expected: if gaps { &socket.expected } else { &[] },
    });
    let absent = usage.absent.iter().filter(|_| gaps).map(|absent| Line {
        key: SocketKey { hub: absent.hub, socket: absent.socket },
        usage: None,
        expected: &absent.expected,
    });
    let mut lines: Vec<Line<'_>> = measured.chain(absent).collect();
    lines.sort_by_key(|line| line.key);
    lines
}
