//! Any bytes: the decoder and the reference, prost with every check after it, take them for the same container or
//! both refuse them. What is refused leaves the batch as it was, and what is taken comes back from its encoding.

#![no_main]

use domain::{Container, HubId, SocketJoules, TickBatch, TickEnergy, TickLength, UtcMillis};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let before = Container {
        hub: HubId::from_bytes([1; 16]),
        sequence: 1,
        tick_length: TickLength::DEFAULT,
        ticks: vec![TickEnergy {
            start: UtcMillis(0),
            energy: SocketJoules::from_parts(0b11, vec![5, -5]).expect("two of two"),
        }],
    };
    let expected = wire::reference::decode(body);
    assert_eq!(wire::decode(body).ok(), expected);

    let mut batch: TickBatch = [&before].into_iter().collect();
    let is_taken = wire::decode_into(body, &mut batch).is_ok();
    assert_eq!(is_taken, expected.is_some());
    if let Some(container) = expected {
        assert_eq!(batch.values(), 2 + container.value_count());
        assert_eq!(wire::decode(&wire::encode(&container)).ok().as_ref(), Some(&container));
        batch.pop();
    }
    assert_eq!((batch.containers(), batch.values()), (1, 2));
    assert!(batch.all().iter().map(|tick| tick.to_owned()).eq(before.ticks));
});
