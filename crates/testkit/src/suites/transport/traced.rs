//! The few containers that are followed on their way.

use bytes::Bytes;
use domain::HubId;
use domain::trace::TraceContext;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::{
    RETRY, TIME_LIMIT, TransportFixture, body, finished, gives_nothing, publish_aside, receive_one,
    sequence_of,
};
use crate::containers::hub;
use crate::wait::until;

fn trace(number: u8) -> TraceContext {
    TraceContext::begin([number; 24], true)
}

fn publish_traced(
    fixture: &impl TransportFixture,
    hub: HubId,
    body: Bytes,
    trace: TraceContext,
) -> JoinHandle<()> {
    let publisher = fixture.publisher();
    tokio::spawn(async move {
        let begin = Instant::now();
        while let Err(error) = publisher.publish_traced(hub, body.clone(), trace).await {
            assert!(begin.elapsed() < TIME_LIMIT, "a container was never taken: {error}");
            sleep(RETRY).await;
        }
    })
}

pub(super) async fn a_trace_goes_with_its_container(fixture: &impl TransportFixture) {
    let source = fixture.source();
    for sequence in 1..=4 {
        let expected = (sequence % 2 == 0).then(|| trace(u8::try_from(sequence).unwrap()));
        let publishing = match expected {
            Some(trace) => publish_traced(fixture, hub(1), body(hub(1), sequence), trace),
            None => publish_aside(fixture, hub(1), sequence),
        };
        let first = receive_one(&*source).await;
        assert_eq!(sequence_of(&first), sequence);
        assert_eq!(first.trace.as_deref().copied(), expected);
        source.release(&[first.receipt]).await.unwrap();
        let again = receive_one(&*source).await;
        assert_eq!(again.trace.as_deref().copied(), expected, "it is there again with the container");
        source.accept(&[again.receipt]).await.unwrap();
        finished(publishing).await;
    }
    gives_nothing(&*source).await;
}

pub(super) async fn a_dead_letter_keeps_its_trace(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing = publish_traced(fixture, hub(1), Bytes::from_static(b"no container"), trace(9));
    let delivery = receive_one(&*source).await;
    source.dead_letter(&delivery, "not a protobuf container").await.unwrap();
    finished(publishing).await;
    let found = until(TIME_LIMIT, "there was a dead letter", async || {
        Some(fixture.dead_letters().await).filter(|letters| !letters.is_empty())
    })
    .await;
    assert_eq!(found.iter().map(|letter| letter.trace).collect::<Vec<_>>(), [Some(trace(9))]);
}
