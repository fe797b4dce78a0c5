//! Everything in a file: streamed, so that ten years take no more memory than a month.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::access::AccessClaims;
use domain::calendar::{Bucket, Zone, bucket_edges};
use domain::registry::{HomeSettings, SocketKey};
use domain::usage::{Usage, UsageBuilder};
use domain::{TimeRange, UtcMillis};
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::{IntoParams, ToSchema};

use crate::Deps;
use crate::gathering::GatherError;
use crate::home::{Home, Label, Reader};
use crate::routes::AppState;
use crate::usage::{fault, range, rounded};

const DAY_MILLIS: i64 = 86_400_000;
const MAX_DAYS: i64 = 3_653;
/// What is held at once.
const PIECE_DAYS: i64 = 7;
const TICK_PIECE_DAYS: i64 = 1;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ExportParameters {
    /// Start, RFC 3339. Rounded down to a whole bucket.
    #[param(required = true, nullable = false, example = "2026-01-01T00:00:00+01:00")]
    from: Option<String>,
    /// End, RFC 3339, not included. Rounded up to a whole bucket. At most ten years later.
    #[param(required = true, nullable = false, example = "2027-01-01T00:00:00+01:00")]
    to: Option<String>,
    /// `tick`, `15m` (default), `1h` or `1d`.
    bucket: Option<String>,
    /// `csv` (default) or `json`.
    format: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

/// One row: what one socket used in one bucket. A bucket without a measurement has no row.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportRow<'a> {
    /// In the household's zone, RFC 3339.
    start: &'a str,
    hub: uuid::Uuid,
    #[schema(maximum = 63)]
    socket: u8,
    name: Option<&'a str>,
    room: Option<&'a str>,
    /// Joules.
    energy_j: i64,
    /// 0 to 1.
    coverage: f64,
}

/// A file of everything that was measured.
///
/// CSV (RFC 4180) has a header; JSON is a list of `ExportRow`. When the store fails on the way, the connection ends
/// before the file does.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/export",
    params(("household" = uuid::Uuid, Path), ExportParameters),
    responses(
        (status = 200, content(("text/csv"), (Vec<ExportRow<'static>> = "application/json"))),
        (status = 400, description = "A parameter is unknown or there twice", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is missing or makes no sense; `field` says which", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    Reader(claims): Reader,
    parameters: Result<Query<ExportParameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(parameters) = parameters
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let (asked, bucket, format) = parameters.check()?;
    let home = Home::open(&state.deps, claims).await?;
    let labels = home.labels().await?;
    let (claims, settings, now) = home.into_parts();
    let asked = TimeRange::new(asked.start, asked.end.min(now.plus_millis(1)));
    let range = match bucket {
        Bucket::Tick => asked,
        _ => bucket_edges(asked, bucket, &claims.zone)
            .map_or(TimeRange::new(asked.start, asked.start), |edges| crate::usage::whole(&edges)),
    };
    let name = format!(
        "wattline-{}-{}.{}",
        file_date(&claims.zone, range.start),
        file_date(&claims.zone, range.end),
        format.extension()
    );
    let job = Job { deps: state.deps, claims, settings, labels, now, bucket, format };
    let mut response = Body::from_stream(job.stream(range)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

impl ExportParameters {
    fn check(&self) -> Result<(TimeRange, Bucket, Format), Problem> {
        let bucket = match self.bucket.as_deref() {
            None => Bucket::QuarterHour,
            Some(text) => [Bucket::Tick, Bucket::QuarterHour, Bucket::Hour, Bucket::Day]
                .into_iter()
                .find(|bucket| bucket.as_str() == text)
                .ok_or_else(|| fault("bucket", format!("{text:?} is not one of tick, 15m, 1h and 1d.")))?,
        };
        let format = match self.format.as_deref() {
            None | Some("csv") => Format::Csv,
            Some("json") => Format::Json,
            Some(text) => return Err(fault("format", format!("{text:?} is neither csv nor json."))),
        };
        let asked = range(self.from.as_deref(), self.to.as_deref(), MAX_DAYS, bucket)?;
        Ok((asked, bucket, format))
    }
}

impl Format {
    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// An export that is under way.
struct Job {
    deps: Deps,
    claims: Arc<AccessClaims>,
    settings: HomeSettings,
    labels: BTreeMap<SocketKey, Label>,
    now: UtcMillis,
    bucket: Bucket,
    format: Format,
}

/// Where it is.
enum Step {
    Head(TimeRange),
    Rows { rest: TimeRange, first: bool },
    Done,
}

impl Job {
    fn stream(self, range: TimeRange) -> impl futures_util::Stream<Item = Result<Bytes, GatherError>> {
        stream::try_unfold((self, Step::Head(range)), async |(job, step)| {
            let mut text = String::new();
            let next = match step {
                Step::Head(rest) => {
                    text.push_str(match job.format {
                        Format::Csv => "start,hub,socket,name,room,energy_wh,coverage\r\n",
                        Format::Json => "[",
                    });
                    Step::Rows { rest, first: true }
                }
                Step::Rows { rest, first } if !rest.is_empty() => {
                    let (piece, rest) = job.piece(rest);
                    let usage = job.usage(piece).await?;
                    let first = job.write(&usage, first, &mut text);
                    Step::Rows { rest, first }
                }
                Step::Rows { .. } => {
                    text.push_str(if job.format == Format::Json { "\n]\n" } else { "" });
                    Step::Done
                }
                Step::Done => return Ok(None),
            };
            Ok(Some((Bytes::from(text), (job, next))))
        })
    }

    /// The next whole days, and what comes after them.
    fn piece(&self, rest: TimeRange) -> (TimeRange, TimeRange) {
        let days = if self.bucket == Bucket::Tick { TICK_PIECE_DAYS } else { PIECE_DAYS };
        let after = rest.start.plus_millis(days * DAY_MILLIS);
        let midnight = self.claims.zone.date_of(after).and_then(|date| self.claims.zone.midnight(date));
        let end = midnight.filter(|&end| end > rest.start).unwrap_or(after).min(rest.end);
        (TimeRange::new(rest.start, end), TimeRange::new(end, rest.end))
    }

    async fn usage(&self, piece: TimeRange) -> Result<Usage, GatherError> {
        if self.bucket == Bucket::Tick {
            let ticks = crate::usage::Ticks::gather(&*self.deps.query, &self.claims.hubs, piece).await?;
            let mut builder = UsageBuilder::new(ticks.edges(piece), self.now).for_home(&self.settings);
            for (hub, sums) in ticks.sums() {
                builder.add_sums(hub, &sums);
            }
            return Ok(builder.finish());
        }
        let edges = bucket_edges(piece, self.bucket, &self.claims.zone).unwrap_or_default();
        let (query, rollups) = (&*self.deps.query, &*self.deps.rollups);
        let gathered = insight::gather(query, rollups, &self.claims.hubs, piece, None, None).await?;
        let mut builder = UsageBuilder::new(edges, self.now).for_home(&self.settings);
        gathered.add_to(&mut builder)?;
        Ok(builder.finish())
    }

    /// In order of time. Whether the next row is still the first one.
    fn write(&self, usage: &Usage, mut first: bool, text: &mut String) -> bool {
        for bucket in 0..usage.bucket_count() {
            let start = local(&self.claims.zone, usage.edges[bucket]);
            for socket in &usage.sockets {
                let Some(energy) = socket.energy[bucket] else { continue };
                let label = self.labels.get(&SocketKey { hub: socket.hub, socket: socket.socket });
                let row = ExportRow {
                    start: &start,
                    hub: socket.hub.as_uuid(),
                    socket: socket.socket.get(),
                    name: label.map(|label| label.name.as_str()),
                    room: label.and_then(|label| label.room.as_deref()),
                    energy_j: energy.0,
                    coverage: rounded(usage.coverage(socket, bucket)),
                };
                match self.format {
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
}

impl ExportRow<'_> {
    fn as_csv(&self, text: &mut String) {
        // 3,600 J are a Wh; four places say each joule.
        let sign = if self.energy_j < 0 { "-" } else { "" };
        let tenths_of_milli = (u128::from(self.energy_j.unsigned_abs()) * 10_000 + 1_800) / 3_600;
        let (whole, part) = (tenths_of_milli / 10_000, tenths_of_milli % 10_000);
        // Writing into a string does not fail.
        let _infallible = write!(text, "{},{},{},", self.start, self.hub, self.socket);
        quoted(self.name.unwrap_or_default(), text);
        text.push(',');
        quoted(self.room.unwrap_or_default(), text);
        let _infallible = write!(text, ",{sign}{whole}.{part:04},{}\r\n", self.coverage);
    }
}

/// A name that begins like a formula would be one to a spreadsheet.
fn quoted(name: &str, text: &mut String) {
    let formula = name.starts_with(['=', '+', '-', '@', '\t']);
    if !formula && !name.contains([',', '"', '\r', '\n']) {
        text.push_str(name);
        return;
    }
    text.push('"');
    text.push_str(if formula { "'" } else { "" });
    text.push_str(&name.replace('"', "\"\""));
    text.push('"');
}

fn local(zone: &Zone, at: UtcMillis) -> String {
    at.to_jiff()
        .map(|instant| instant.to_zoned(zone.tz().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
        .unwrap_or_default()
}

fn file_date(zone: &Zone, at: UtcMillis) -> String {
    zone.date_of(at).map(|date| date.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(name: &str, energy_j: i64) -> String {
        let row = ExportRow {
            start: "2026-01-01T00:00:00+01:00",
            hub: uuid::Uuid::nil(),
            socket: 7,
            name: Some(name),
            room: None,
            energy_j,
            coverage: 0.5,
        };
        let mut text = String::new();
        row.as_csv(&mut text);
        text.rsplit_once(",7,").unwrap().1.trim_end().to_owned()
    }

    #[test]
    fn a_row_keeps_each_joule_and_quotes_what_needs_it() {
        assert_eq!(csv("Fridge", 3_600), "Fridge,,1.0000,0.5");
        assert_eq!(csv("Fridge", 1), "Fridge,,0.0003,0.5");
        assert_eq!(csv("Solar", -5_400), "Solar,,-1.5000,0.5");
        assert_eq!(csv("TV, \"big\"", 0), "\"TV, \"\"big\"\"\",,0.0000,0.5");
        assert_eq!(csv("=1+1", 0), "\"'=1+1\",,0.0000,0.5");
    }
}
