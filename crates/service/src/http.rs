//! Serving HTTP: limits, request ids, traces, and an end that does not hang.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use domain::trace::TraceContext;
use http::{HeaderName, Request, StatusCode, header};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::add_extension::AddExtension;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::field::display;

use crate::metrics::{Metrics, measure};
use crate::origin::Peer;
use crate::problem::Problem;
use crate::tls::Listener;
use crate::trace::{Callers, follow};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Who opens more waits in the kernel's queue.
const MAX_CONNECTIONS: usize = 10_000;
/// For a request's head to come in; a kept connection is closed when it is silent for so long.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two pieces of a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long open requests may go on after the wish to stop; live streams end by the same token.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until `shutdown`, then lets open requests finish for a few seconds. Every request is counted in `metrics`, and
/// begins a trace.
pub async fn serve(
    listener: impl Into<Listener>,
    router: Router,
    metrics: &Metrics,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    serve_guarded(listener.into(), guarded(router, metrics, Callers::Anybody), shutdown).await
}

/// The same for what only services of ours ask: a request belongs to the trace that its header names.
pub async fn serve_services(
    listener: impl Into<Listener>,
    router: Router,
    metrics: &Metrics,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    serve_guarded(listener.into(), guarded(router, metrics, Callers::Services), shutdown).await
}

async fn serve_guarded(
    listener: Listener,
    service: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let (listener, doorway) = listener.open(shutdown.clone());
    let address = listener.local_addr()?;
    tracing::info!(%address, scheme = doorway.scheme(), "listening");
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = GracefulShutdown::new();
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);

    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream, from) = tokio::select! {
            () = shutdown.cancelled() => break,
            (place, accepted) = accepted => match accepted {
                Ok((stream, from)) => (place, stream, from),
                Err(error) => {
                    // Out of file descriptors, or the peer was gone already: others can still be served.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn off Nagle's algorithm");
        }
        let service = TowerToHyperService::new(AddExtension::new(service.clone(), Peer(from)));
        let (protocol, doorway, watcher) = (protocol.clone(), doorway.clone(), connections.watcher());
        let stop = shutdown.clone();
        tokio::spawn(async move {
            let _place = place;
            match stop.run_until_cancelled(doorway.enter(stream)).await {
                Some(Ok(stream)) => {
                    let connection = protocol.serve_connection(TokioIo::new(stream), service);
                    if let Err(error) = watcher.watch(connection).await {
                        tracing::debug!(%error, "a connection ended badly");
                    }
                }
                Some(Err(error)) => tracing::debug!(%error, "no TLS came about"),
                // Nobody has asked anything yet.
                None => {}
            }
        });
    }
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!(seconds = GRACE.as_secs(), "requests were still open and are cut off");
    }
    Ok(())
}

fn guarded(router: Router, metrics: &Metrics, callers: Callers) -> Router {
    router
        .fallback(|| async {
            Problem::new(StatusCode::NOT_FOUND).detail("There is nothing at this address.").into_response()
        })
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| panicked()))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(middleware::map_response(explain_limit))
        .layer(middleware::from_fn_with_state(metrics.http().clone(), measure))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(middleware::from_fn_with_state(callers, follow))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
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

/// The path but not the query: that may hold what is nobody's business. As an error's span, so that it stands beside every
/// line however few are wanted.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("");
    let trace_id = request.extensions().get::<TraceContext>().map(|context| display(context.trace));
    let path = quiet(request.uri().path());
    tracing::error_span!("http", method = %request.method(), %path, id, trace_id)
}

/// Without e-mail addresses, which some paths have in them.
fn quiet(path: &str) -> std::borrow::Cow<'_, str> {
    let is_address = |segment: &str| segment.contains('@') || segment.to_ascii_lowercase().contains("%40");
    if !is_address(path) {
        return path.into();
    }
    let segments = path.split('/').map(|segment| if is_address(segment) { "…" } else { segment });
    segments.collect::<Vec<_>>().join("/").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_in_a_path_that_is_logged() {
        assert_eq!(quiet("/v1/households/7/invitations"), "/v1/households/7/invitations");
        for address in ["ada@example.org", "ada%40example.org", "a%2Bb@example.org"] {
            assert_eq!(quiet(&format!("/v1/invitations/{address}/x")), "/v1/invitations/…/x");
        }
    }
}
