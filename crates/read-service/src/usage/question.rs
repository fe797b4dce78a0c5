//! What is asked, checked.

use domain::calendar::{Bucket, Zone, bucket_edges};
use domain::{HubId, SocketNumber, TickLength, TimeRange, UtcMillis};
use http::StatusCode;
use serde::Deserialize;
use service::problem::Problem;
use utoipa::IntoParams;

const HOUR_MILLIS: i64 = 60 * 60 * 1_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// At most so many buckets in one answer: 400 days of quarter hours, or half a day of 1 s ticks.
const MAX_BUCKETS: i64 = 40_000;

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
    /// `tick` (at most 2 days and 40,000 ticks), `15m` (default), `1h` or `1d` (at most 400 days). Hours and days
    /// are those of the household's time zone.
    #[param(example = "15m")]
    bucket: Option<String>,
    /// Only this hub.
    #[param(value_type = Option<uuid::Uuid>)]
    hub: Option<String>,
    /// Only the socket of this number.
    #[param(value_type = Option<u8>, maximum = 63)]
    socket: Option<String>,
}

/// What is asked, ready to be answered.
pub(crate) struct Question {
    pub(crate) range: TimeRange,
    pub(crate) bucket: Bucket,
    pub(crate) hub: Option<HubId>,
    pub(crate) socket: Option<SocketNumber>,
}

impl UsageParameters {
    pub(crate) fn check(&self) -> Result<Question, Problem> {
        let start = instant("from", self.from.as_deref())?;
        let end = instant("to", self.to.as_deref())?;
        let bucket = match self.bucket.as_deref() {
            None => Bucket::QuarterHour,
            Some(text) => [Bucket::Tick, Bucket::QuarterHour, Bucket::Hour, Bucket::Day]
                .into_iter()
                .find(|bucket| bucket.as_str() == text)
                .ok_or_else(|| fault("bucket", format!("{text:?} is not a bucket: tick, 15m, 1h or 1d.")))?,
        };
        if end <= start {
            return Err(fault("to", "The range ends before it begins."));
        }
        let days = if bucket == Bucket::Tick { 2 } else { 400 };
        if end.millis_since(start) > days * DAY_MILLIS {
            let what = bucket.as_str();
            return Err(fault(
                "to",
                format!("The range is too long: with bucket {what} at most {days} days."),
            ));
        }
        let hub = self.hub.as_deref().map(|text| {
            text.parse().map_err(|_| fault("hub", format!("{text:?} is not the id of a hub (a UUID).")))
        });
        let socket = self.socket.as_deref().map(|text| {
            let number = text.parse().ok().and_then(|number| SocketNumber::new(number).ok());
            number.ok_or_else(|| fault("socket", format!("{text:?} is not the number of a socket, 0 to 63.")))
        });
        Ok(Question {
            range: TimeRange::new(start, end),
            bucket,
            hub: hub.transpose()?,
            socket: socket.transpose()?,
        })
    }
}

impl Question {
    /// The edges of the buckets; `tick` is the length to use when ticks are asked for.
    pub(crate) fn edges(&self, zone: &Zone, tick: TickLength) -> Result<Vec<UtcMillis>, Problem> {
        if self.bucket == Bucket::Tick {
            let length = tick.millis_i64();
            let (start, end) = (self.range.start.floor_to(length), self.range.end.ceil_to(length));
            let count = end.millis_since(start) / length;
            if count > MAX_BUCKETS {
                let (secs, hours) = (tick.secs(), MAX_BUCKETS * length / HOUR_MILLIS);
                return Err(fault(
                    "to",
                    format!("The range is too long: with ticks of {secs} s at most {hours} hours."),
                ));
            }
            return Ok((0..=count).map(|n| start.plus_millis(n * length)).collect());
        }
        bucket_edges(self.range, self.bucket, zone)
            .ok_or_else(|| fault("from", "The range lies outside the calendar."))
    }
}

fn instant(field: &str, text: Option<&str>) -> Result<UtcMillis, Problem> {
    let text = text.ok_or_else(|| fault(field, "It is missing."))?;
    UtcMillis::parse_rfc3339(text).ok_or_else(|| {
        fault(field, format!("{text:?} is not an instant such as 2026-11-21T00:00:00Z (RFC 3339)."))
    })
}

fn fault(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY).field(field).detail(detail)
}
