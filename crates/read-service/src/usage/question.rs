//! What is asked, checked.

use domain::calendar::{Bucket, Zone, bucket_edges};
use domain::{TimeRange, UtcMillis};
use http::StatusCode;
use serde::Deserialize;
use service::problem::Problem;
use utoipa::IntoParams;

use super::only::Only;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Ten years, and the leap days in them.
const MAX_DAYS: i64 = 3_653;

/// The query string. All as text, so that a fault is named by its field.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UsageParameters {
    /// Start, RFC 3339. Rounded down to a whole bucket.
    #[param(required = true, nullable = false, example = "2026-11-21T00:00:00+01:00")]
    from: Option<String>,
    /// End, RFC 3339, not included. Rounded up to a whole bucket.
    #[param(required = true, nullable = false, example = "2026-11-22T00:00:00+01:00")]
    to: Option<String>,
    /// `tick` (at most 2 days; several ticks in one bucket, of up to a minute, where there are more than 40,000 or where
    /// hubs have different ones: see `bucket_s`), `15m` (default, at most 400 days), `1h` (at most 1,600 days), `1d`,
    /// `1w`, `1mo` or `1y` (at most ten years). All but ticks are those of the household's time zone; weeks begin on
    /// Monday.
    #[param(example = "15m")]
    bucket: Option<String>,
    /// `socket` (default), `room` or `home`.
    group: Option<String>,
    /// `previous`, the period before, or `year`, the same period a year before: the whole home's, beside this one.
    compare: Option<String>,
    /// `true`: with costs. Not with ticks.
    cost: Option<String>,
    /// Only this hub, which must be or have been the household's.
    #[param(value_type = Option<uuid::Uuid>)]
    hub: Option<String>,
    /// Only the socket of this number, which a hub of the household must have had.
    #[param(value_type = Option<u8>, maximum = 63)]
    socket: Option<String>,
}

/// What is asked, ready to be answered.
pub(crate) struct Question {
    pub(crate) range: TimeRange,
    pub(crate) bucket: Bucket,
    pub(crate) group: Group,
    pub(crate) compare: Option<Compare>,
    pub(crate) cost: bool,
    pub(crate) only: Only,
}

/// What one row of the answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Socket,
    Room,
    Home,
}

/// Beside what it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Previous,
    Year,
}

impl UsageParameters {
    pub(crate) fn check(&self) -> Result<Question, Problem> {
        let bucket = match self.bucket.as_deref() {
            None => Bucket::QuarterHour,
            Some(text) => Bucket::parse(text).ok_or_else(|| {
                fault("bucket", format!("{text:?} is not a bucket: tick, 15m, 1h, 1d, 1w, 1mo or 1y."))
            })?,
        };
        let days = match bucket {
            Bucket::Tick => 2,
            Bucket::QuarterHour => 400,
            Bucket::Hour => 1_600,
            Bucket::Day | Bucket::Week | Bucket::Month | Bucket::Year => MAX_DAYS,
        };
        let range = range(self.from.as_deref(), self.to.as_deref(), days, bucket)?;
        let group = choice("group", self.group.as_deref(), Group::Socket, &GROUPS)?;
        let compare = choice("compare", self.compare.as_deref(), None, &COMPARES)?;
        let cost = costs(self.cost.as_deref(), bucket)?;
        if compare.is_some() && bucket == Bucket::Tick {
            return Err(fault("compare", "Ticks cannot be compared."));
        }
        let only = Only::parse(self.hub.as_deref(), self.socket.as_deref())?;
        Ok(Question { range, bucket, group, compare, cost, only })
    }
}

const GROUPS: [(&str, Group); 3] = [("socket", Group::Socket), ("room", Group::Room), ("home", Group::Home)];
const COMPARES: [(&str, Option<Compare>); 3] =
    [("none", None), ("previous", Some(Compare::Previous)), ("year", Some(Compare::Year))];

/// Whether costs are asked for.
pub(crate) fn costs(text: Option<&str>, bucket: Bucket) -> Result<bool, Problem> {
    let cost = flag("cost", text)?;
    if cost && bucket == Bucket::Tick {
        return Err(fault("cost", "Ticks have no costs: prices are by the quarter of an hour."));
    }
    Ok(cost)
}

/// Not given, it is `false`.
pub(crate) fn flag(field: &str, text: Option<&str>) -> Result<bool, Problem> {
    choice(field, text, false, &[("true", true), ("false", false)])
}

fn choice<T: Copy>(field: &str, text: Option<&str>, default: T, all: &[(&str, T)]) -> Result<T, Problem> {
    let Some(text) = text else { return Ok(default) };
    all.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        fault(field, format!("{text:?} is none of {}.", names.join(", ")))
    })
}

/// The range from `from` to `to`, both of them given and in order.
pub(crate) fn range(
    from: Option<&str>,
    to: Option<&str>,
    days: i64,
    bucket: Bucket,
) -> Result<TimeRange, Problem> {
    let (start, end) = (instant("from", from)?, instant("to", to)?);
    if end <= start {
        return Err(fault("to", "The range ends before it begins."));
    }
    if end.millis_since(start) > days * DAY_MILLIS {
        let what = bucket.as_str();
        return Err(fault("to", format!("The range is too long: with bucket {what} at most {days} days.")));
    }
    Ok(TimeRange::new(start, end))
}

/// From the first to the last of the edges.
pub(crate) fn whole(edges: &[UtcMillis]) -> TimeRange {
    match (edges.first(), edges.last()) {
        (Some(&start), Some(&end)) => TimeRange::new(start, end),
        _ => TimeRange::new(UtcMillis(0), UtcMillis(0)),
    }
}

impl Question {
    /// The edges of the buckets, when it is not ticks that are asked for.
    pub(crate) fn edges(&self, zone: &Zone) -> Result<Vec<UtcMillis>, Problem> {
        edges(self.range, self.bucket, zone)
    }
}

pub(super) fn edges(range: TimeRange, bucket: Bucket, zone: &Zone) -> Result<Vec<UtcMillis>, Problem> {
    bucket_edges(range, bucket, zone).ok_or_else(|| fault("from", "The range lies outside the calendar."))
}

fn instant(field: &str, text: Option<&str>) -> Result<UtcMillis, Problem> {
    let text = text.ok_or_else(|| fault(field, "It is missing."))?;
    UtcMillis::parse_rfc3339(text).ok_or_else(|| {
        fault(field, format!("{text:?} is not an instant such as 2026-11-21T00:00:00Z (RFC 3339)."))
    })
}

pub(crate) fn fault(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY).field(field).detail(detail)
}
