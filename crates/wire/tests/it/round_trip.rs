use domain::{Container, HubId, SocketJoules, TickEnergy, TickLength, UtcMillis};
use proptest::prelude::*;

/// Up to 100 kW, all the time.
fn energy(length: TickLength) -> impl Strategy<Value = SocketJoules> {
    let most = 100 * length.millis_i64();
    any::<u64>().prop_filter("at least one socket", |mask| *mask != 0).prop_flat_map(move |mask| {
        prop::collection::vec(-most..=most, mask.count_ones() as usize)
            .prop_map(move |joules| SocketJoules::from_parts(mask, joules).expect("as many as bits"))
    })
}

fn container() -> impl Strategy<Value = Container> {
    let length = prop::sample::select(vec![1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]);
    length.prop_map(|secs| TickLength::from_secs(secs).expect("a valid length")).prop_flat_map(
        |tick_length| {
            let ticks = prop::collection::vec((1i64..500, energy(tick_length), any::<bool>()), 1..40);
            (any::<[u8; 16]>(), any::<u64>(), 0i64..4_000_000_000, ticks).prop_map(
                move |(hub, sequence, first, ticks)| {
                    let mut number = first;
                    let mut before: Option<SocketJoules> = None;
                    let ticks = ticks
                        .into_iter()
                        .map(|(gap, energy, repeat)| {
                            number += gap;
                            let energy = before.take().filter(|_| repeat).unwrap_or(energy);
                            before = Some(energy.clone());
                            TickEnergy { start: UtcMillis(number * tick_length.millis_i64()), energy }
                        })
                        .collect();
                    Container { hub: HubId::from_bytes(hub), sequence, tick_length, ticks }
                },
            )
        },
    )
}

proptest! {
    #[test]
    fn decoding_gives_what_was_encoded(container in container()) {
        prop_assert_eq!(wire::decode(&wire::encode(&container)).unwrap(), container);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(wire::decode(&bytes));
    }

    #[test]
    fn no_damage_makes_it_panic(container in container(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = wire::encode(&container).to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        drop(wire::decode(&bytes));
    }
}
