//! The header by which a message tells to which trace it belongs. Few have one.

use domain::trace::TraceContext;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

/// What was published with it, as far as that makes sense.
pub(crate) fn trace_of(properties: &BasicProperties) -> Option<Box<TraceContext>> {
    let text = match properties.headers().as_ref()?.inner().get(TraceContext::HEADER)? {
        AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok()?,
        // As which RabbitMQ hands on what came over MQTT, when it is short.
        AMQPValue::ShortString(text) => text.as_str(),
        _ => return None,
    };
    TraceContext::parse(text).map(Box::new)
}

pub(crate) fn put(trace: &TraceContext, headers: &mut FieldTable) {
    headers.insert(TraceContext::HEADER.into(), AMQPValue::LongString(trace.to_string().into()));
}

/// Of a message that has no others.
pub(crate) fn alone(trace: &TraceContext) -> FieldTable {
    let mut headers = FieldTable::default();
    put(trace, &mut headers);
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_put_is_found_and_nothing_else_is() {
        let found = |headers: FieldTable| trace_of(&BasicProperties::default().with_headers(headers));
        assert_eq!(trace_of(&BasicProperties::default()), None);
        assert_eq!(found(FieldTable::default()), None);
        let trace = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(found(alone(&trace)).as_deref(), Some(&trace));
        for (value, is_one) in [
            (AMQPValue::ShortString(EXAMPLE.into()), true),
            (AMQPValue::LongString("nonsense".into()), false),
            (AMQPValue::LongString(b"\xff\xfe"[..].into()), false),
            (AMQPValue::LongLongInt(7), false),
        ] {
            let mut headers = FieldTable::default();
            headers.insert(TraceContext::HEADER.into(), value);
            assert_eq!(found(headers).is_some(), is_one);
        }
    }
}
