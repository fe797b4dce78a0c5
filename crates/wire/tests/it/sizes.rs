//! How small a container is, beside what others would send.

use prost::Message;
use serde_json::json;

use crate::one_tick;

/// One value as a first sketch would have it: a name, the device's id as text, a double, a timestamp.
#[derive(Clone, PartialEq, Message)]
struct NaiveValue {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    device: String,
    #[prost(double, tag = "3")]
    value: f64,
    #[prost(int64, tag = "4")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct NaiveContainer {
    #[prost(message, repeated, tag = "1")]
    values: Vec<NaiveValue>,
}

/// Joules of 10 s as real homes have them: much standby, some tens of watts, one kettle.
fn typical(count: usize) -> Vec<i32> {
    let pattern = [0, 13, 118, 905, 20_150, 31, 4, 1_712, 96, 0, 441, 2_290, 57, 1_010, 8];
    pattern.into_iter().cycle().take(count).collect()
}

#[test]
fn a_container_is_small() {
    for (count, limit) in [(11usize, 75), (30, 160)] {
        let joules = typical(count);
        let container = one_tick(&joules.iter().copied().map(i64::from).collect::<Vec<_>>());
        let (hub, at) = (container.hub.to_string(), container.ticks[0].start.0);
        let ours = wire::encode(&container).len();
        let name = |socket: usize| format!("socket-{socket}");
        let json = json!(
            joules
                .iter()
                .enumerate()
                .map(|(n, &j)| json!({"name": name(n), "device": hub, "value": f64::from(j) / 10.0, "timestamp": at}))
                .collect::<Vec<_>>()
        );
        let json = json.to_string().len();
        let values = joules.iter().enumerate().map(|(n, &j)| NaiveValue {
            name: name(n),
            device: hub.clone(),
            value: f64::from(j) / 10.0,
            timestamp: at,
        });
        let naive = NaiveContainer { values: values.collect() }.encoded_len();
        let worst = wire::encode(&one_tick(&vec![6_000_000; count])).len();
        println!(
            "{count:>2} values: container {ours:>4} B (every value at its largest: {worst} B), naive protobuf {naive:>5} B, JSON {json:>5} B"
        );
        assert!(ours <= limit, "{count} values take {ours} bytes, more than {limit}");
    }
}
