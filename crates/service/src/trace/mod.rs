//! Traces: what is done because of one request or one container has the same id in the logs of every process. What is
//! exported of it besides, where somebody wants that, is in `telemetry`. `docs/tracing.md` says it for operators.

mod http;
mod span;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use domain::trace::TraceContext;

pub(crate) use http::{Callers, follow};
pub use span::{Attributes, Begun, EndedSpan, SpanKind};
pub(crate) use span::{TARGET, is_exported};

pub const HEADER: HeaderName = HeaderName::from_static(TraceContext::HEADER);

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// Of the request that is being answered; `None` outside of one, so also in tasks that it has started.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_get().ok()
}

/// A trace that begins here.
pub fn begin() -> TraceContext {
    TraceContext::begin(rand::random(), true)
}

/// The next part of a trace that somebody else has passed on.
pub fn next(passed_on: TraceContext) -> TraceContext {
    passed_on.next(rand::random())
}

/// What goes along when another service of ours is asked because of the request that is being answered.
pub fn headers() -> HeaderMap {
    let said = current().and_then(|trace| HeaderValue::try_from(trace.to_string()).ok());
    said.map(|said| (HEADER, said)).into_iter().collect()
}
