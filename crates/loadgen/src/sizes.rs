//! How small a container is beside what others would send, and how long the codec takes.

use std::fmt;
use std::hint::black_box;
use std::time::Instant;

use domain::batch::TickBatch;
use domain::{Container, HubId, SocketNumber, UtcMillis};
use prost::Message;
use serde::Serialize;

use crate::body::container;
use crate::summary::table;

const ROUNDS: u32 = 5;
const ITERATIONS: u32 = 200_000;
const START: UtcMillis = UtcMillis(1_795_219_200_000);

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

/// The same in JSON.
#[derive(Serialize)]
struct JsonValue {
    name: String,
    device: String,
    value: f64,
    timestamp: i64,
}

/// Bytes of containers of 11 and 30 values; times of one container of 30 values.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WireSummary {
    pub bytes_11: usize,
    pub bytes_30: usize,
    pub json_30: usize,
    pub naive_30: usize,
    pub encode_ns_30: f64,
    /// Into columns, as the write-service does.
    pub decode_ns_30: f64,
    /// From columns to InfluxDB's line.
    pub line_ns_30: f64,
}

pub fn measure() -> WireSummary {
    measured(ITERATIONS)
}

fn measured(iterations: u32) -> WireSummary {
    let sample = |values| container(HubId::from_bytes([0xab; 16]), START, values);
    let container = sample(30);
    let body = wire::encode(&container);
    let mut batch = TickBatch::default();
    let ticks: TickBatch = [&container].into_iter().collect();
    let mut lines = Vec::new();
    WireSummary {
        bytes_11: wire::encode(&sample(11)).len(),
        bytes_30: body.len(),
        json_30: json(&container),
        naive_30: naive(&container),
        encode_ns_30: nanos(iterations, || drop(black_box(wire::encode(black_box(&container))))),
        decode_ns_30: nanos(iterations, || {
            batch.clear();
            black_box(wire::decode_into(black_box(&body), &mut batch)).ok();
        }),
        line_ns_30: nanos(iterations, || {
            lines.clear();
            influxdb::line::encode(black_box(&ticks).all(), &mut lines);
            black_box(&lines);
        }),
    }
}

/// Of one iteration, in the best of the rounds: whatever is slower, others have caused.
fn nanos(iterations: u32, mut each: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for _ in 0..iterations {
            each();
        }
        best = best.min(begin.elapsed().as_secs_f64() * 1e9 / f64::from(iterations));
    }
    best
}

/// Power in watts, of which a first sketch would think.
fn values(container: &Container) -> impl Iterator<Item = (SocketNumber, f64, i64)> {
    let seconds = f64::from(container.tick_length.secs());
    container.ticks.iter().flat_map(move |tick| {
        tick.energy.iter().map(move |(socket, joules)| {
            let watts = f64::from(i32::try_from(joules.0).unwrap_or(i32::MAX)) / seconds;
            (socket, watts, tick.start.0)
        })
    })
}

fn name(socket: SocketNumber) -> String {
    format!("socket-{}", socket.get())
}

fn naive(container: &Container) -> usize {
    let device = container.hub.to_string();
    let values = values(container).map(|(socket, value, timestamp)| NaiveValue {
        name: name(socket),
        device: device.clone(),
        value,
        timestamp,
    });
    NaiveContainer { values: values.collect() }.encoded_len()
}

fn json(container: &Container) -> usize {
    let device = container.hub.to_string();
    let values: Vec<JsonValue> = values(container)
        .map(|(socket, value, timestamp)| JsonValue {
            name: name(socket),
            device: device.clone(),
            value,
            timestamp,
        })
        .collect();
    serde_json::to_vec(&values).map_or(0, |bytes| bytes.len())
}

impl fmt::Display for WireSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |bytes: usize| format!("{bytes} bytes");
        let nanos = |nanos: f64| format!("{nanos:.0} ns");
        let rows = [
            ("11 values", bytes(self.bytes_11)),
            ("30 values", bytes(self.bytes_30)),
            ("30 values, naive protobuf", bytes(self.naive_30)),
            ("30 values, JSON", bytes(self.json_30)),
            ("encoding 30 values", nanos(self.encode_ns_30)),
            ("decoding 30 values", nanos(self.decode_ns_30)),
            ("30 values as a line", nanos(self.line_ns_30)),
        ];
        table(f, &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_a_fraction_of_what_others_would_send() {
        let sizes = measured(10);
        assert!(sizes.bytes_11 <= 75 && sizes.bytes_30 <= 160, "{sizes:?}");
        assert!(sizes.naive_30 > 10 * sizes.bytes_30 && sizes.json_30 > 20 * sizes.bytes_30, "{sizes:?}");
        assert!(sizes.decode_ns_30 > 0.0 && sizes.line_ns_30 > 0.0 && sizes.encode_ns_30 > 0.0);
    }
}
