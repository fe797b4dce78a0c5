//! Everything in a file: streamed, so that ten years take no more memory than a month.

mod job;
mod row;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::TimeRange;
use domain::calendar::{Bucket, bucket_edges};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use service::problem::Problem;
use utoipa::IntoParams;

use crate::home::{Home, Reader};
use crate::routes::AppState;
use crate::usage::{Only, check_hub, check_socket, costs, fault, flag, range};
use job::Job;
pub(crate) use row::ExportRow;
use row::file_date;

const MAX_DAYS: i64 = 3_653;

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
    /// Only this hub, which must be or have been the household's.
    #[param(value_type = Option<uuid::Uuid>)]
    hub: Option<String>,
    /// Only the socket of this number, which a hub of the household must have had.
    #[param(value_type = Option<u8>, maximum = 63)]
    socket: Option<String>,
    /// `true`: with what each row cost. Not with ticks.
    cost: Option<String>,
    /// `true`: with a row for each bucket in which a socket was not measured though it was to be expected: from its first
    /// measurement on, and through silences of up to a week. Not with ticks.
    gaps: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

/// What is asked, checked.
#[derive(Clone, Copy)]
struct Question {
    range: TimeRange,
    bucket: Bucket,
    format: Format,
    only: Only,
    cost: bool,
    gaps: bool,
}

/// A file of everything that was measured, or of one socket.
///
/// CSV (RFC 4180) has a header, energy in Wh, and costs in the currency that their column's name ends with; JSON is a list of
/// `ExportRow`. When the store fails on the way, the connection ends
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
        (status = 422, description = "A parameter is missing or makes no sense, or the household has no such hub or socket; `field` says which", body = Problem, content_type = "application/problem+json"),
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
    let question = parameters.check()?;
    let home = Home::open(&state.deps, claims).await?;
    check_hub(&home, &question.only)?;
    check_socket(&home, &question.only).await?;
    let asked = question.range;
    let asked = TimeRange::new(asked.start, asked.end.min(home.now.plus_millis(1)));
    let range = match question.bucket {
        Bucket::Tick => asked,
        _ => bucket_edges(asked, question.bucket, home.zone())
            .map_or(TimeRange::new(asked.start, asked.start), |edges| crate::usage::whole(&edges)),
    };
    let labels = home.labels().await?;
    let (claims, settings, now) = home.into_parts();
    let name = format!(
        "wattline-{}-{}.{}",
        file_date(&claims.zone, range.start),
        file_date(&claims.zone, range.end),
        question.format.extension()
    );
    let format = question.format;
    let job = Job { deps: state.deps, claims, settings, labels, now, question };
    let mut response = Body::from_stream(job.stream(range)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

impl ExportParameters {
    fn check(&self) -> Result<Question, Problem> {
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
        let range = range(self.from.as_deref(), self.to.as_deref(), MAX_DAYS, bucket)?;
        let only = Only::parse(self.hub.as_deref(), self.socket.as_deref())?;
        let cost = costs(self.cost.as_deref(), bucket)?;
        let gaps = flag("gaps", self.gaps.as_deref())?;
        if gaps && bucket == Bucket::Tick {
            return Err(fault("gaps", "Ticks show their gaps by their times."));
        }
        Ok(Question { range, bucket, format, only, cost, gaps })
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
