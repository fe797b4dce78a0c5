//! Taking one's data along. The password is said first, for which there is a permit in a cookie; then the browser itself
//! fetches the archive, as it does any file, and the page asks how far it is.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use service::problem::Problem;
use uuid::Uuid;

use super::endpoints::Endpoints;
use super::{Address, AppState};
use crate::archive::{ArchiveId, Maker, NotNow};
use crate::asked::{Asker, Sent};
use crate::caller::Caller;
use crate::proxy::pass_on;
use crate::session::ARCHIVE;
use crate::upstream::{problem_of, send};

const PATH: &str = "/v1/people/current/archive";

pub(super) fn routes() -> Endpoints {
    let one = format!("{ARCHIVE}/{{id}}");
    Endpoints::default()
        .get(ARCHIVE, fetch)
        .post(ARCHIVE, permit)
        .get(one.as_str(), progress)
        .delete(one.as_str(), stop)
}

#[derive(Deserialize)]
struct Permit {
    permit: String,
    expires_in: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Made up by whoever asks, to ask for the progress by it.
    id: ArchiveId,
}

async fn permit(
    State(state): State<AppState>,
    asker: Asker,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let request = asker.introduce(state.upstream.auth(Method::POST, PATH)).bearer_auth(caller.secret());
    let answer = send(sent.put_into(request)).await?;
    match answer.status() {
        StatusCode::UNAUTHORIZED => return Ok(caller.refused()),
        status if !status.is_success() => return Ok(pass_on(answer).await),
        _ => {}
    }
    let Permit { permit, expires_in } = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    state.cookie.of_permit().set(&mut response, &permit, expires_in);
    Ok(response)
}

async fn fetch(
    State(state): State<AppState>,
    caller: Caller,
    headers: http::HeaderMap,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Parameters { id }) = parameters
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let permit = state.cookie.of_permit().read(&headers).unwrap_or_default();
    let permit = HeaderValue::from_str(&permit).unwrap_or(HeaderValue::from_static(""));
    let maker = Maker { upstream: state.upstream.clone(), secret: caller.secret().to_owned(), permit };
    let order = match maker.order().await? {
        Ok(order) => order,
        Err(answer) if answer.status() == StatusCode::UNAUTHORIZED => return Ok(caller.refused()),
        Err(answer) => return Err(problem_of(answer).await),
    };
    let person = order.person().unwrap_or(Uuid::nil());
    let under_way = state.archives.begin(id, person, caller.secret(), &state.shutdown).map_err(
        |not_now| match not_now {
            NotNow::OneAlready => {
                Problem::new(StatusCode::CONFLICT).detail("An archive of yours is being made already.")
            }
            NotNow::TooMany => Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail("Too many archives are being made just now. Please try again later."),
        },
    )?;
    tracing::info!(%person, archive = %id, "an archive is made");
    let mut response = Response::new(maker.make(order, under_way));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = HeaderValue::from_static("attachment; filename=\"wattline-data.zip\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    state.cookie.of_permit().clear(&mut response);
    Ok(response)
}

async fn progress(
    State(state): State<AppState>,
    Address(id): Address<ArchiveId>,
    caller: Caller,
) -> Result<Response, Problem> {
    let progress = state.archives.progress(id, caller.secret()).ok_or_else(unknown)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(progress)).into_response())
}

async fn stop(
    State(state): State<AppState>,
    Address(id): Address<ArchiveId>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    if state.archives.cancel(id, caller.secret()) { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND).detail("No such archive is being made here.")
}
