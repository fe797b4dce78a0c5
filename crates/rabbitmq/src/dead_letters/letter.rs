use bytes::Bytes;
use domain::trace::TraceContext;
use domain::{HubId, UtcMillis};
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};

use crate::topology::hub_of;
use crate::traceparent::trace_of;

const REASON: &str = "x-wattline-reason";
const ROUTING_KEY: &str = "x-wattline-routing-key";
const DEATHS: &str = "x-death";
const RETURNED: &str = "x-delivery-count";
/// What AMQP allows for a routing key, in bytes.
const LONGEST_KEY: usize = 255;

/// A container that was refused, with all that is known of why.
#[derive(Clone, Debug, Default)]
pub struct DeadLetter {
    /// The key it was published with in the beginning.
    pub routing_key: String,
    /// `None` when the routing key names none.
    pub hub: Option<HubId>,
    /// In a write-service's words; `None` when the broker put it here by itself.
    pub reason: Option<String>,
    /// When, as far as the broker or whoever published it says so.
    pub at: Option<UtcMillis>,
    /// How often it was taken from the quarantine and given back, so how often somebody looked.
    pub returned: u64,
    /// The broker's own record, the latest first.
    pub deaths: Vec<Death>,
    /// All other headers, as text.
    pub headers: Vec<(String, String)>,
    /// Of one that was followed: what the hub and the write-service have logged of it has the same id.
    pub trace: Option<Box<TraceContext>>,
    pub body: Bytes,
    /// The broker's number of it, good for this one way through the quarantine.
    pub tag: u64,
}

/// Why and where the broker itself took a letter out of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Death {
    pub queue: String,
    /// `rejected`, `delivery_limit`, `maxlen` or `expired`.
    pub reason: String,
    pub count: u64,
    pub at: Option<UtcMillis>,
}

impl DeadLetter {
    pub(super) fn read(delivery: Delivery) -> Self {
        let properties = &delivery.properties;
        let empty = FieldTable::default();
        let headers = properties.headers().as_ref().unwrap_or(&empty).inner();
        let text = |name: &str| headers.get(name).map(shown);
        let routing_key = text(ROUTING_KEY)
            .filter(|key| key.len() <= LONGEST_KEY)
            .unwrap_or_else(|| delivery.routing_key.as_str().to_owned());
        let deaths: Vec<Death> = headers
            .get(DEATHS)
            .and_then(AMQPValue::as_array)
            .map(|deaths| {
                deaths.as_slice().iter().filter_map(|death| Some(of(death.as_field_table()?))).collect()
            })
            .unwrap_or_default();
        let at = deaths.first().and_then(|death| death.at).or_else(|| properties.timestamp().map(instant));
        let told = [REASON, ROUTING_KEY, DEATHS, RETURNED];
        Self {
            hub: hub_of(&routing_key),
            routing_key,
            reason: text(REASON),
            at,
            returned: headers.get(RETURNED).map_or(0, number),
            deaths,
            headers: headers
                .iter()
                .filter(|(name, _)| !told.contains(&name.as_str()))
                .map(|(name, value)| (name.as_str().to_owned(), shown(value)))
                .collect(),
            trace: trace_of(properties),
            body: delivery.data.into(),
            tag: delivery.delivery_tag,
        }
    }
}

fn of(death: &FieldTable) -> Death {
    let value = |name: &str| death.inner().get(name);
    Death {
        queue: value("queue").map(shown).unwrap_or_default(),
        reason: value("reason").map(shown).unwrap_or_default(),
        count: value("count").map_or(0, number),
        at: value("time").and_then(AMQPValue::as_timestamp).map(instant),
    }
}

fn instant(secs: u64) -> UtcMillis {
    UtcMillis(i64::try_from(secs).ok().and_then(|secs| secs.checked_mul(1_000)).unwrap_or(i64::MAX))
}

fn number(value: &AMQPValue) -> u64 {
    let signed = match *value {
        AMQPValue::ShortShortInt(number) => number.into(),
        AMQPValue::ShortInt(number) => number.into(),
        AMQPValue::LongInt(number) => number.into(),
        AMQPValue::LongLongInt(number) => number,
        AMQPValue::ShortShortUInt(number) => number.into(),
        AMQPValue::ShortUInt(number) => number.into(),
        AMQPValue::LongUInt(number) => number.into(),
        _ => 0,
    };
    signed.try_into().unwrap_or(0)
}

fn shown(value: &AMQPValue) -> String {
    match value {
        AMQPValue::LongString(text) => text.to_string(),
        AMQPValue::ShortString(text) => text.to_string(),
        AMQPValue::Boolean(is) => is.to_string(),
        AMQPValue::Timestamp(secs) => instant(*secs).to_string(),
        AMQPValue::Float(number) => number.to_string(),
        AMQPValue::Double(number) => number.to_string(),
        AMQPValue::Void => String::new(),
        AMQPValue::LongLongInt(number) => number.to_string(),
        AMQPValue::LongInt(number) => number.to_string(),
        AMQPValue::ShortInt(number) => number.to_string(),
        AMQPValue::ShortShortInt(number) => number.to_string(),
        AMQPValue::LongUInt(number) => number.to_string(),
        AMQPValue::ShortUInt(number) => number.to_string(),
        AMQPValue::ShortShortUInt(number) => number.to_string(),
        // Nobody here sends one of the rest; it is for a person's eyes only.
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::HubId;
    use lapin::BasicProperties;

    fn letter(key: &str, headers: &[(&str, AMQPValue)]) -> DeadLetter {
        let mut table = FieldTable::default();
        for (name, value) in headers {
            table.insert((*name).into(), value.clone());
        }
        let mut delivery = Delivery::mock(3, "telemetry.dead".into(), key.into(), true, b"body".to_vec());
        delivery.properties = BasicProperties::default().with_headers(table);
        DeadLetter::read(delivery)
    }

    fn text(text: &str) -> AMQPValue {
        AMQPValue::LongString(text.into())
    }

    #[test]
    fn ours_says_why_and_under_which_key_it_came() {
        let hub = HubId::from_bytes([7; 16]);
        let key = format!("hub.{hub}");
        let headers = [
            (REASON, text("no ticks in it")),
            (ROUTING_KEY, text(&key)),
            (RETURNED, AMQPValue::LongLongInt(4)),
            ("x-other", AMQPValue::LongInt(-5)),
        ];
        let letter = letter("elsewhere", &headers);
        assert_eq!((letter.routing_key, letter.hub), (key, Some(hub)));
        assert_eq!((letter.reason.as_deref(), letter.returned, letter.tag), (Some("no ticks in it"), 4, 3));
        assert_eq!(letter.headers, [("x-other".to_owned(), "-5".to_owned())]);
        assert_eq!(letter.body, "body");
    }

    #[test]
    fn the_brokers_own_has_its_record_instead() {
        let mut death = FieldTable::default();
        death.insert("queue".into(), text("telemetry.2"));
        death.insert("reason".into(), text("delivery_limit"));
        death.insert("count".into(), AMQPValue::LongLongInt(1));
        death.insert("time".into(), AMQPValue::Timestamp(1_326_672_000));
        let deaths = AMQPValue::FieldArray(vec![AMQPValue::FieldTable(death)].into());
        let letter = letter("hub.kitchen", &[(DEATHS, deaths)]);
        assert_eq!((letter.routing_key.as_str(), letter.hub, letter.reason), ("hub.kitchen", None, None));
        let at = Some(UtcMillis(1_326_672_000_000));
        let (queue, reason) = ("telemetry.2".to_owned(), "delivery_limit".to_owned());
        assert_eq!(letter.deaths, [Death { queue, reason, count: 1, at }]);
        assert_eq!(letter.at, at);
    }

    #[test]
    fn a_key_that_could_not_be_published_is_not_believed() {
        let letter = letter("hub.x", &[(ROUTING_KEY, text(&"k".repeat(256)))]);
        assert_eq!(letter.routing_key, "hub.x");
    }
}
