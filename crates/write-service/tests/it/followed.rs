//! What an operator reads of a container that is followed.

use std::time::Duration;

use bytes::Bytes;
use domain::trace::TraceContext;
use serde_json::Value;
use testkit::containers;
use testkit::written::Written;
use tracing::subscriber::DefaultGuard;
use write_service::BatchConfig;

use crate::fakes::{Running, StoreMood, World, hub};

/// What is logged on this thread, which is all of a test.
#[derive(Clone, Default)]
struct Lines(Written);

impl Lines {
    fn logging(&self) -> DefaultGuard {
        let writer = self.0.clone();
        let json = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone());
        tracing::subscriber::set_default(json.finish())
    }

    /// Of each container that is followed, what became of it, in order.
    fn of(&self, trace: TraceContext) -> Vec<Value> {
        let id = trace.trace.to_string();
        self.0.objects().into_iter().filter(|line| line["span"]["trace_id"] == id).collect()
    }

    fn ends(&self, trace: TraceContext) -> Vec<String> {
        let last = |line: &Value| line["message"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
        self.of(trace).iter().map(last).collect()
    }
}

fn trace(number: u8) -> TraceContext {
    TraceContext::begin([number; 24], true)
}

fn body(sequence: u64) -> Bytes {
    wire::encode(&containers::container(hub(), sequence))
}

#[tokio::test(start_paused = true)]
async fn its_way_is_logged_under_its_id_and_that_of_others_is_not() {
    let lines = Lines::default();
    let _logging = lines.logging();
    let world = World::new();
    world.store_never_takes([3]);
    world.deliver([1]);
    world.deliver_traced(2, body(2), Some(trace(2)));
    world.deliver_traced(3, body(3), Some(trace(3)));
    let running = Running::start(&world, BatchConfig::default());
    world.until("those are settled", |world| world.accepted().len() + world.dead().len() == 3).await;
    // Of a hub two in a second are followed.
    tokio::time::advance(Duration::from_secs(1)).await;
    world.deliver_traced(4, Bytes::from_static(b"\xff\xff garbage"), Some(trace(4)));
    let not_wished = TraceContext { sampled: false, ..trace(5) };
    world.deliver_traced(5, body(5), Some(not_wished));
    world.until("all is settled", |world| world.accepted().len() + world.dead().len() == 5).await;
    running.stop().await;

    assert_eq!(lines.ends(trace(2)), ["received", "stored", "settled"]);
    assert_eq!(lines.ends(trace(3)), ["received", "letters"]);
    assert_eq!(lines.ends(trace(4)), ["received", "letters"]);
    assert_eq!(lines.ends(trace(5)), [""; 0]);
    let good = lines.of(trace(2));
    assert!(good.iter().all(|line| line["span"]["hub"] == hub().to_string()), "{good:?}");
    assert_eq!(good[0]["bytes"], body(2).len());
    assert!(good[1]["lag_ms"].is_i64(), "{good:?}");
    let refused = &lines.of(trace(3))[1];
    assert_eq!((&refused["level"], &refused["reason"]), (&"WARN".into(), &"3 is beyond me".into()));
}

#[tokio::test(start_paused = true)]
async fn what_is_given_back_is_said_to_be() {
    let lines = Lines::default();
    let _logging = lines.logging();
    let world = World::new();
    world.store_is(StoreMood::Unavailable(None));
    world.deliver_traced(1, body(1), Some(trace(1)));
    let running = Running::start(&world, BatchConfig::default());
    world.until("it was received", |world| world.received() == [1]).await;
    running.stop().await;
    assert_eq!(world.released(), [1]);
    assert_eq!(lines.ends(trace(1)), ["received", "back"]);
}
