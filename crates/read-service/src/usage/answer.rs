//! What is answered.

use domain::calendar::Bucket;
use domain::tariff::{Nano, days, standing_of};
use domain::usage::{Expected, SocketUsage, Usage};
use domain::{Joules, Milliwatts, UtcMillis};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::question::{Group, Question};
use crate::home::Home;

/// The energy of a household in buckets. All arrays have one entry per bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageAnswer {
    household: Uuid,
    /// IANA time zone of the household; all buckets but ticks are its local ones.
    #[schema(example = "Europe/Berlin")]
    zone: String,
    #[schema(example = "15m")]
    bucket: &'static str,
    /// How long each bucket is, in seconds: 1 to 60. There with ticks. Energy divided by `coverage` times `bucket_s` is
    /// the mean power of what was measured of the bucket.
    #[schema(minimum = 1, maximum = 60)]
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_s: Option<i64>,
    /// Start of the first bucket, RFC 3339 UTC.
    from: String,
    /// End of the last bucket, RFC 3339 UTC.
    to: String,
    /// Start of each bucket, in Unix seconds. A bucket ends where the next one starts, the last one at `to`.
    starts: Vec<i64>,
    /// Sockets with at least one measurement in the range, by hub and number. Those that carry on for others have
    /// their history. Empty with `group=room` and `group=home`.
    sockets: Vec<SocketAnswer>,
    /// With `group=room`, in order of their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Vec<RoomAnswer>>,
    total: TotalAnswer,
    /// ISO 4217; there when costs are.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<CompareAnswer>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SocketAnswer {
    hub: Uuid,
    #[schema(maximum = 63)]
    socket: u8,
    /// Joules; null is a gap: nothing was measured. Negative when exported.
    energy_j: Vec<Option<i64>>,
    /// How much of the part of the bucket that has already happened was measured, 0 to 1; with ticks, of the whole bucket.
    coverage: Vec<f64>,
    /// The exact sum of `energy_j`.
    total_j: i64,
    /// How much of the part of the range that has already happened was measured, 0 to 1.
    total_coverage: f64,
    /// The highest mean power of a tick, in watts. Null also when the range is longer than 100 days.
    peak_w: Option<f64>,
    /// Billionths of the currency's unit; null for a gap, and where no tariff holds. There when costs are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_n: Option<Vec<Option<i64>>>,
    /// The exact sum of `cost_n`.
    total_cost_n: Option<i64>,
}

/// A room, or what is in none.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomAnswer {
    /// Null for sockets without a room.
    pub(super) room: Option<String>,
    /// The exact sum over its sockets; null when none of them was measured.
    pub(super) energy_j: Vec<Option<i64>>,
    /// Of its sockets as that of the home is of all.
    pub(super) coverage: Vec<f64>,
    pub(super) total_j: i64,
    pub(super) total_coverage: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost_n: Option<Vec<Option<i64>>>,
    pub(super) total_cost_n: Option<i64>,
}

/// The whole home.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalAnswer {
    /// The exact sum over the sockets; null when none of them was measured.
    energy_j: Vec<Option<i64>>,
    /// How much was measured of what was to be expected of the sockets in the part of the bucket that has already
    /// happened, 0 to 1. A socket is expected from its first measurement on, and through silences of up to a week; so
    /// one that is dead counts, and one that was not there yet does not. Time in which none is expected is not covered.
    coverage: Vec<f64>,
    /// The exact sum of `energy_j`.
    total_j: i64,
    /// The same of the range.
    total_coverage: f64,
    /// What the energy cost, without the standing charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_n: Option<Vec<Option<i64>>>,
    total_cost_n: Option<i64>,
    /// The standing charges of the days of each bucket, as far as they have begun. There with buckets of whole days.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing_n: Option<Vec<i64>>,
    /// The standing charges of all days that the range touches, as far as they have begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_standing_n: Option<i64>,
}

/// The whole home, or the hub or socket that is asked for, in the other period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompareAnswer {
    from: String,
    to: String,
    starts: Vec<i64>,
    energy_j: Vec<Option<i64>>,
    coverage: Vec<f64>,
    total_j: i64,
    total_coverage: f64,
    total_cost_n: Option<i64>,
    /// Null when there is no such time.
    both: Option<BothAnswer>,
}

/// The two periods over the time that both have measured and that is over: hour by hour when buckets are days, day by
/// day when they are weeks or months, month by month when they are years, and else bucket by bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BothAnswer {
    /// In the period that is asked for.
    energy_j: i64,
    /// In the one it is compared with.
    compared_energy_j: i64,
}

impl UsageAnswer {
    pub(super) fn new(
        home: &Home<'_>,
        question: &Question,
        usage: &Usage,
        rooms: Option<Vec<RoomAnswer>>,
        compare: Option<CompareAnswer>,
    ) -> Self {
        let sockets: &[SocketUsage] = if question.group == Group::Socket { &usage.sockets } else { &[] };
        Self {
            household: home.claims.household.as_uuid(),
            zone: home.zone().name().to_owned(),
            bucket: question.bucket.as_str(),
            bucket_s: (question.bucket == Bucket::Tick)
                .then(|| Some(usage.edges.get(1)?.millis_since(*usage.edges.first()?) / 1_000))
                .flatten(),
            from: edge(usage.edges.first()),
            to: edge(usage.edges.last()),
            starts: starts(usage),
            sockets: sockets.iter().map(|socket| SocketAnswer::new(usage, socket)).collect(),
            rooms,
            total: TotalAnswer::new(home, question, usage),
            currency: if question.cost { home.currency() } else { None },
            compare,
        }
    }
}

impl SocketAnswer {
    fn new(usage: &Usage, socket: &SocketUsage) -> Self {
        let cost = socket.cost.as_ref();
        Self {
            hub: socket.hub.as_uuid(),
            socket: socket.socket.get(),
            energy_j: socket.energy.iter().map(|energy| energy.map(|joules| joules.0)).collect(),
            coverage: (0..usage.bucket_count()).map(|n| rounded(usage.coverage(socket, n))).collect(),
            total_j: socket.total.0,
            total_coverage: rounded(usage.total_coverage(socket)),
            peak_w: socket.peak.map(watts),
            cost_n: cost.map(|cost| cost.buckets.iter().map(|nano| nano.map(|nano| nano.0)).collect()),
            total_cost_n: cost.and_then(|cost| cost.total).map(|nano| nano.0),
        }
    }
}

impl TotalAnswer {
    fn new(home: &Home<'_>, question: &Question, usage: &Usage) -> Self {
        let buckets = usage.bucket_count();
        let is_priced = question.cost && home.currency().is_some();
        let has_whole_days = !matches!(question.bucket, Bucket::Tick | Bucket::QuarterHour | Bucket::Hour);
        Self {
            energy_j: (0..buckets).map(|n| usage.bucket_total(n).map(|joules| joules.0)).collect(),
            coverage: coverages(usage, &usage.expectations()),
            total_j: usage.total().0,
            total_coverage: rounded(usage.home_coverage()),
            cost_n: is_priced
                .then(|| (0..buckets).map(|n| usage.bucket_cost(n).map(|nano| nano.0)).collect()),
            total_cost_n: usage.total_cost().map(|nano| nano.0),
            standing_n: (is_priced && has_whole_days)
                .then(|| usage.edges.windows(2).map(|pair| standing(home, pair[0], pair[1]).0).collect()),
            total_standing_n: is_priced
                .then(|| {
                    let (first, last) = (usage.edges.first()?, usage.edges.last()?);
                    Some(standing(home, *first, *last).0)
                })
                .flatten(),
        }
    }
}

impl CompareAnswer {
    pub(super) fn new(usage: &Usage, both: Option<(Joules, Joules)>) -> Self {
        let buckets = usage.bucket_count();
        Self {
            from: edge(usage.edges.first()),
            to: edge(usage.edges.last()),
            starts: starts(usage),
            energy_j: (0..buckets).map(|n| usage.bucket_total(n).map(|joules| joules.0)).collect(),
            coverage: coverages(usage, &usage.expectations()),
            total_j: usage.total().0,
            total_coverage: rounded(usage.home_coverage()),
            total_cost_n: usage.total_cost().map(|nano| nano.0),
            both: both.map(|(here, there)| BothAnswer { energy_j: here.0, compared_energy_j: there.0 }),
        }
    }
}

/// The standing charges of the local days that begin in the range or that it begins in, up to today.
pub(crate) fn standing(home: &Home<'_>, start: UtcMillis, end: UtcMillis) -> Nano {
    let last = end.plus_millis(-1).min(home.now);
    let zone = home.zone();
    match (zone.date_of(start), zone.date_of(last).and_then(|date| date.tomorrow().ok())) {
        (Some(first), Some(after)) if start <= last => {
            days(first, after).filter_map(|date| standing_of(&home.settings.tariffs, date)).sum()
        }
        _ => Nano::ZERO,
    }
}

/// Of some sockets together, bucket by bucket.
pub(super) fn coverages(usage: &Usage, sockets: &[Expected<'_>]) -> Vec<f64> {
    (0..usage.bucket_count()).map(|n| rounded(usage.joint_coverage(sockets, n..n + 1))).collect()
}

fn edge(at: Option<&UtcMillis>) -> String {
    at.map(ToString::to_string).unwrap_or_default()
}

fn starts(usage: &Usage) -> Vec<i64> {
    usage.edges.iter().take(usage.bucket_count()).map(|edge| edge.secs()).collect()
}

/// To a hundredth of a percent, rounded down: what is shown as 100 % is.
pub(crate) fn rounded(coverage: f64) -> f64 {
    (coverage * 10_000.0).floor() / 10_000.0
}

#[expect(clippy::cast_precision_loss, reason = "no socket has 2^52 mW")]
pub(crate) fn watts(power: Milliwatts) -> f64 {
    power.0 as f64 / 1_000.0
}
