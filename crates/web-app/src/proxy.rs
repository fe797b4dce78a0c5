//! Passing an answer on.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, header};

use futures_util::StreamExt;

use crate::upstream::problem_of;

/// What the browser may see of the other service's headers.
const PASSED: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_DISPOSITION,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
    HeaderName::from_static("x-accel-buffering"),
];

/// The same status and body, as it comes; a failure of the other service as a problem. A body that breaks off there
/// breaks off here: half of a file never looks like the whole.
pub(crate) async fn pass_on(answer: reqwest::Response) -> Response {
    if let Some(head) = head_of(&answer) {
        return head.map(|_| Body::from_stream(answer.bytes_stream()));
    }
    let when = answer.headers().get(header::RETRY_AFTER).cloned();
    let mut problem = problem_of(answer).await.into_response();
    if let Some(when) = when {
        problem.headers_mut().insert(header::RETRY_AFTER, when);
    }
    problem
}

/// The same for a stream without an end of its own.
pub(crate) async fn pass_on_until(
    answer: reqwest::Response,
    over: impl Future<Output = ()> + Send + 'static,
) -> Response {
    match head_of(&answer) {
        Some(head) => {
            let stream = answer.bytes_stream().take_until(over);
            head.map(|_| Body::from_stream(stream))
        }
        None => problem_of(answer).await.into_response(),
    }
}

/// `None` unless it was a success.
fn head_of(answer: &reqwest::Response) -> Option<Response> {
    if !answer.status().is_success() {
        return None;
    }
    let mut head = Response::new(Body::empty());
    *head.status_mut() = answer.status();
    for name in PASSED {
        if let Some(value) = answer.headers().get(&name) {
            head.headers_mut().insert(name, value.clone());
        }
    }
    Some(head)
}
