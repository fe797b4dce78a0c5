//! Passing an answer on.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, header};

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::upstream::problem_of;

/// What the browser may see of the other service's headers.
const PASSED: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
    HeaderName::from_static("x-accel-buffering"),
];

/// The same status and body, streamed until `shutdown`; a failure of the other service as a problem.
pub(crate) async fn pass_on(answer: reqwest::Response, shutdown: CancellationToken) -> Response {
    if !answer.status().is_success() {
        return problem_of(answer).await.into_response();
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    for name in PASSED {
        if let Some(value) = answer.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    *response.body_mut() = Body::from_stream(answer.bytes_stream().take_until(shutdown.cancelled_owned()));
    response
}
