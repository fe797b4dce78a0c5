//! `/health/live`: the process runs. `/health/ready`: it can do its work now.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;

use crate::problem::Problem;

type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Longer than this and the answer is no.
const PATIENCE: Duration = Duration::from_secs(3);

/// `ready` says in one sentence why not.
pub fn routes<S, F, R>(ready: F) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let ready: Arc<dyn Fn() -> Answer + Send + Sync> = Arc::new(move || Box::pin(ready()));
    Router::new().route("/health/live", get(|| async { "alive\n" })).route(
        "/health/ready",
        get(move || {
            let answer = ready();
            async move { judge(tokio::time::timeout(PATIENCE, answer).await) }
        }),
    )
}

fn judge(answer: Result<Result<(), String>, tokio::time::error::Elapsed>) -> Response {
    let reason = match answer {
        Ok(Ok(())) => return "ready\n".into_response(),
        Ok(Err(reason)) => reason,
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE).detail(reason).into_response()
}
