//! What is answered.

use domain::calendar::{Bucket, Zone};
use domain::usage::{SocketUsage, Usage};
use domain::{HouseholdId, Milliwatts, UtcMillis};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The energy of a household in buckets. All arrays have one entry per bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageAnswer {
    household: Uuid,
    /// IANA time zone of the household; hours and days are its local ones.
    #[schema(example = "Europe/Berlin")]
    zone: String,
    #[schema(example = "15m")]
    bucket: &'static str,
    /// Start of the first bucket, RFC 3339 UTC.
    from: String,
    /// End of the last bucket, RFC 3339 UTC.
    to: String,
    /// Start of each bucket, in Unix seconds. A bucket ends where the next one starts, the last one at `to`.
    starts: Vec<i64>,
    /// Sockets with at least one measurement in the range, by hub and number.
    sockets: Vec<SocketAnswer>,
    total: TotalAnswer,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SocketAnswer {
    hub: Uuid,
    #[schema(maximum = 63)]
    socket: u8,
    /// Joules; null is a gap: nothing was measured. Negative when exported.
    energy_j: Vec<Option<i64>>,
    /// How much of the part of the bucket that has already happened was measured, 0 to 1.
    coverage: Vec<f64>,
    /// The exact sum of `energy_j`.
    total_j: i64,
    /// How much of the part of the range that has already happened was measured, 0 to 1.
    total_coverage: f64,
    /// The highest mean power of a tick, in watts.
    peak_w: Option<f64>,
}

/// The whole home.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalAnswer {
    /// The exact sum over the sockets; null when none of them was measured.
    energy_j: Vec<Option<i64>>,
    /// The mean over the sockets, 0 to 1.
    coverage: Vec<f64>,
    /// The exact sum of `energy_j`.
    total_j: i64,
    /// The mean over the sockets, 0 to 1.
    total_coverage: f64,
}

impl UsageAnswer {
    pub(crate) fn new(household: HouseholdId, zone: &Zone, bucket: Bucket, usage: &Usage) -> Self {
        let buckets = usage.bucket_count();
        let edge = |at: Option<&UtcMillis>| at.map(ToString::to_string).unwrap_or_default();
        Self {
            household: household.as_uuid(),
            zone: zone.name().to_owned(),
            bucket: bucket.as_str(),
            from: edge(usage.edges.first()),
            to: edge(usage.edges.last()),
            starts: usage.edges.iter().take(buckets).map(|edge| edge.secs()).collect(),
            sockets: usage.sockets.iter().map(|socket| SocketAnswer::new(usage, socket)).collect(),
            total: TotalAnswer {
                energy_j: (0..buckets).map(|n| usage.bucket_total(n).map(|joules| joules.0)).collect(),
                coverage: (0..buckets).map(|n| rounded(usage.home_bucket_coverage(n))).collect(),
                total_j: usage.total().0,
                total_coverage: rounded(usage.home_coverage()),
            },
        }
    }
}

impl SocketAnswer {
    fn new(usage: &Usage, socket: &SocketUsage) -> Self {
        Self {
            hub: socket.hub.as_uuid(),
            socket: socket.socket.get(),
            energy_j: socket.energy.iter().map(|energy| energy.map(|joules| joules.0)).collect(),
            coverage: (0..usage.bucket_count()).map(|n| rounded(usage.coverage(socket, n))).collect(),
            total_j: socket.total.0,
            total_coverage: rounded(usage.total_coverage(socket)),
            peak_w: socket.peak.map(watts),
        }
    }
}

/// To a hundredth of a percent, rounded down: what is shown as 100 % is.
fn rounded(coverage: f64) -> f64 {
    (coverage * 10_000.0).floor() / 10_000.0
}

#[expect(clippy::cast_precision_loss, reason = "no socket has 2^52 mW")]
fn watts(power: Milliwatts) -> f64 {
    power.0 as f64 / 1_000.0
}
