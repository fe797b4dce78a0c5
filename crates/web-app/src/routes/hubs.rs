//! What hubs ask before they are anybody's: they know one address, which is the page's.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method, header};
use reqwest::RequestBuilder;
use service::problem::Problem;

use super::AppState;
use super::endpoints::Endpoints;
use crate::asked::{Asker, Sent};
use crate::proxy::pass_on;
use crate::upstream::send;

const PATH: &str = "/v1/pairings";
const CURRENT: &str = "/v1/pairings/current";

pub(super) fn routes() -> Endpoints {
    Endpoints::default().post(PATH, open).get(CURRENT, current)
}

async fn open(State(state): State<AppState>, asker: Asker, sent: Sent) -> Result<Response, Problem> {
    passed(sent.put_into(asker.introduce(state.upstream.auth(Method::POST, PATH)))).await
}

async fn current(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut request = state.upstream.auth(Method::GET, CURRENT);
    if let Some(secret) = headers.get(header::AUTHORIZATION) {
        request = request.header(header::AUTHORIZATION, secret);
    }
    passed(request).await
}

async fn passed(request: RequestBuilder) -> Result<Response, Problem> {
    Ok(pass_on(send(request).await?).await)
}
