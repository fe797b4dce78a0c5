//! Picks out of everything that is logged what is to be exported.

use std::fmt::Debug;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::otlp::{Attribute, Span, Status};
use crate::trace::TARGET;

/// Puts spans into a queue, and counts those that do not fit.
pub(crate) struct Export {
    queue: mpsc::Sender<Span>,
    one_in: u64,
    dropped: Counter,
}

impl Export {
    pub(super) fn new(queue: mpsc::Sender<Span>, one_in: u32, dropped: Counter) -> Self {
        Self { queue, one_in: u64::from(one_in).max(1), dropped }
    }
}

impl<S: Subscriber> Layer<S> for Export {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut reader = Reader::default();
        event.record(&mut reader);
        if reader.low_half % self.one_in == 0 && self.queue.try_send(reader.span).is_err() {
            self.dropped.inc();
        }
    }
}

#[derive(Default)]
struct Reader {
    span: Span,
    low_half: u64,
}

impl Visit for Reader {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "kind" => self.span.kind = value,
            "low_half" => self.low_half = value,
            "begin" => self.span.start_time_unix_nano = value.to_string(),
            "end" => self.span.end_time_unix_nano = value.to_string(),
            name => self.span.attributes.push(Attribute::number(name, value)),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "failed" && value {
            self.span.status = Some(Status::ERROR);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "name" => value.clone_into(&mut self.span.name),
            name => self.span.attributes.push(Attribute::text(name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "trace_id" => self.span.trace_id = text,
            "span_id" => self.span.span_id = text,
            "parent_id" => self.span.parent_span_id = Some(text),
            name => self.span.attributes.push(Attribute::text(name, text)),
        }
    }
}
