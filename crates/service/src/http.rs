//! Serving HTTP: limits, request ids, traces, and an end that does not hang.

use std::future::IntoFuture;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, Request, StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long open requests may go on after the wish to stop; live streams end by the same token.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until `shutdown`, then lets open requests finish for a few seconds.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    let router = router
        .fallback(|| async {
            Problem::new(StatusCode::NOT_FOUND).detail("There is nothing at this address.").into_response()
        })
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| panicked()))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(middleware::map_response(explain_limit))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid));

    let stopped = shutdown.clone();
    let server = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stopped.cancelled().await })
        .into_future();
    tokio::pin!(server);
    tokio::select! {
        outcome = &mut server => return outcome,
        () = shutdown.cancelled() => {}
    }
    if let Ok(outcome) = tokio::time::timeout(GRACE, server).await {
        return outcome;
    }
    tracing::warn!(seconds = GRACE.as_secs(), "requests were still open and are cut off");
    Ok(())
}

/// The limit's own answer is plain text.
async fn explain_limit(response: Response) -> Response {
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media_type| media_type.as_bytes().starts_with(b"application/problem+json"));
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE || is_problem {
        return response;
    }
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE)
        .detail(format!("A request may have at most {MAX_BODY_BYTES} bytes."))
        .into_response()
}

fn panicked() -> Response {
    tracing::error!("a request handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
        .detail("Something went wrong on our side.")
        .into_response()
}

/// The path but not the query: that may hold what is nobody's business.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("");
    tracing::info_span!("http", method = %request.method(), path = request.uri().path(), id)
}
