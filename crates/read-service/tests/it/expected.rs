//! The answer, computed a second time from the containers, one bucket after the other.

use std::collections::BTreeMap;

use domain::access::HubGrant;
use domain::{Container, HubId, UtcMillis};
use serde_json::Value;

/// Energy and length of a tick, by its start.
type Ticks = BTreeMap<i64, (i64, i64)>;

/// The ticks of every socket, as far as the grants show them.
fn shown(containers: &[Container], grants: &[HubGrant]) -> BTreeMap<(HubId, u8), Ticks> {
    let mut sockets: BTreeMap<(HubId, u8), Ticks> = BTreeMap::new();
    for container in containers {
        let length = i64::from(container.tick_length.millis());
        for tick in &container.ticks {
            let at = tick.start;
            let shown = grants.iter().any(|grant| {
                grant.hub == container.hub && grant.since <= at && grant.until.is_none_or(|until| at < until)
            });
            for (number, joules) in tick.energy.iter().filter(|_| shown) {
                sockets.entry((container.hub, number.get())).or_default().insert(at.0, (joules.0, length));
            }
        }
    }
    sockets
}

/// `None` without a tick in it; and the milliseconds that were measured.
fn bucket(ticks: &Ticks, (start, end): (i64, i64)) -> (Option<i64>, i64) {
    let (mut energy, mut measured) = (None, 0);
    for (joules, length) in ticks.range(start..end).map(|(_, tick)| tick) {
        *energy.get_or_insert(0) += joules;
        measured += length;
    }
    (energy, measured)
}

fn edges(answer: &Value) -> Vec<i64> {
    let mut edges: Vec<i64> = list(&answer["starts"], Value::as_i64).into_iter().flatten().collect();
    edges.push(UtcMillis::parse_rfc3339(answer["to"].as_str().unwrap()).unwrap().secs());
    assert!(edges.is_sorted());
    edges.into_iter().map(|secs| secs * 1_000).collect()
}

fn list<T>(value: &Value, each: impl Fn(&Value) -> Option<T>) -> Vec<Option<T>> {
    value.as_array().unwrap().iter().map(each).collect()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of years fit a double")]
fn share(part: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

fn close(given: f64, expected: f64) -> bool {
    given <= expected + 1e-9 && expected - given < 1.01e-4
}

/// Panics unless every number of the answer is right.
pub(crate) fn check(answer: &Value, containers: &[Container], grants: &[HubGrant], now: UtcMillis) {
    let edges = edges(answer);
    let spans: Vec<(i64, i64)> = edges.windows(2).map(|pair| (pair[0], pair[1])).collect();
    // A bucket of ticks counts whole as soon as it has begun.
    let step = answer["bucket_s"].as_i64().map_or(1, |secs| secs * 1_000);
    let now = now.ceil_to(step);
    let elapsed = |(start, end): (i64, i64)| (end.min(now.0) - start).max(0);
    let sockets = answer["sockets"].as_array().unwrap();
    let mut known = shown(containers, grants);
    known.retain(|_, ticks| spans.iter().any(|&span| bucket(ticks, span).0.is_some()));
    let given: Vec<(HubId, u8)> = sockets
        .iter()
        .map(|s| {
            let number = u8::try_from(s["socket"].as_u64().unwrap()).unwrap();
            (s["hub"].as_str().unwrap().parse().unwrap(), number)
        })
        .collect();
    assert_eq!(given, known.keys().copied().collect::<Vec<_>>());

    let mut totals = vec![None; spans.len()];
    for (socket, (name, ticks)) in sockets.iter().zip(&known) {
        let expected: Vec<_> = spans.iter().map(|&span| bucket(ticks, span)).collect();
        let energy: Vec<Option<i64>> = expected.iter().map(|(energy, _)| *energy).collect();
        assert_eq!(list(&socket["energy_j"], Value::as_i64), energy, "{name:?}");
        assert_eq!(socket["total_j"].as_i64().unwrap(), energy.iter().flatten().sum::<i64>());
        for ((given, (_, measured)), &span) in
            list(&socket["coverage"], Value::as_f64).into_iter().zip(&expected).zip(&spans)
        {
            assert!(close(given.unwrap(), share(*measured, elapsed(span))), "{name:?} {span:?} {given:?}");
        }
        let measured = expected.iter().map(|(_, measured)| measured).sum();
        let whole = spans.iter().map(|&span| elapsed(span)).sum();
        assert!(close(socket["total_coverage"].as_f64().unwrap(), share(measured, whole)));
        for (total, energy) in totals.iter_mut().zip(energy) {
            *total = match (*total, energy) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
        }
    }
    assert_eq!(list(&answer["total"]["energy_j"], Value::as_i64), totals);
    assert_eq!(answer["total"]["total_j"].as_i64().unwrap(), totals.iter().flatten().sum::<i64>());
}
