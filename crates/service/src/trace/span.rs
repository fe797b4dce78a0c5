//! What is told of a part of a trace when it has ended.

use std::time::Instant;

use domain::HubId;
use domain::trace::{SpanId, TraceContext};

use crate::clock::unix_nanos;

/// By which whoever exports knows these events, and logs leave them out.
pub(crate) const TARGET: &str = "wattline::span";

/// Whether anybody listens.
pub(crate) fn is_exported() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::INFO)
}

/// What a part of a trace is to those beside it, by OpenTelemetry's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SpanKind {
    /// It answers a request.
    Server = 2,
    /// It publishes a message.
    Producer = 4,
    /// It works through a message.
    Consumer = 5,
}

/// When a part of a trace began.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    unix_nanos: u64,
    at: Instant,
}

impl Begun {
    pub fn now() -> Self {
        Self { unix_nanos: unix_nanos(), at: Instant::now() }
    }

    fn end_nanos(&self) -> u64 {
        self.unix_nanos.saturating_add(u64::try_from(self.at.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

/// All that is ever told of what a span was about. There is no place for what a person has made up or could be known by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    pub method: Option<&'a str>,
    /// The pattern, not the path.
    pub route: Option<&'a str>,
    pub status: Option<u16>,
    pub hub: Option<HubId>,
    /// What became of a message, by a fixed word.
    pub outcome: Option<&'static str>,
}

/// A part of a trace that is over.
#[derive(Clone, Copy, Debug)]
pub struct EndedSpan<'a> {
    /// As few as there are kinds of work.
    pub name: &'a str,
    pub kind: SpanKind,
    pub context: TraceContext,
    /// Who passed the trace on to it.
    pub parent: Option<SpanId>,
    pub begun: Begun,
    pub failed: bool,
    pub attributes: Attributes<'a>,
}

impl EndedSpan<'_> {
    /// Tells whoever exports spans, if anybody does. Never waits.
    pub fn tell(&self) {
        if !is_exported() {
            return;
        }
        let Attributes { method, route, status, hub, outcome } = self.attributes;
        let TraceContext { trace, span, .. } = self.context;
        tracing::info!(
            target: TARGET,
            name = self.name,
            kind = self.kind as u8,
            trace_id = %trace,
            span_id = %span,
            parent_id = self.parent.map(tracing::field::display),
            low_half = trace.low_half(),
            begin = self.begun.unix_nanos,
            end = self.begun.end_nanos(),
            failed = self.failed,
            "http.request.method" = method,
            "http.route" = route,
            "http.response.status_code" = status,
            "wattline.hub" = hub.map(tracing::field::display),
            "wattline.outcome" = outcome,
        );
    }
}
