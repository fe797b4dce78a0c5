use domain::{Container, HubId, SocketJoules, TickEnergy, TickLength, UtcMillis};
use proptest::prelude::*;

fn energy() -> impl Strategy<Value = SocketJoules> {
    any::<u64>().prop_filter("at least one socket", |mask| *mask != 0).prop_flat_map(|mask| {
        prop::collection::vec(-6_000_000i64..=6_000_000, mask.count_ones() as usize)
            .prop_map(move |joules| SocketJoules::from_parts(mask, joules).expect("as many as bits"))
    })
}

fn container() -> impl Strategy<Value = Container> {
    let length = prop::sample::select(vec![1u32, 2, 5, 10, 15, 30, 60]);
    let ticks = prop::collection::vec((1i64..500, energy(), any::<bool>()), 1..40);
    (any::<[u8; 16]>(), any::<u64>(), length, 0i64..4_000_000_000, ticks).prop_map(
        |(hub, sequence, length, first, ticks)| {
            let tick_length = TickLength::from_secs(length).expect("a valid length");
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
}

proptest! {
    #[test]
    fn decoding_gives_what_was_encoded(container in container()) {
        prop_assert_eq!(wire::decode(&wire::encode(&container)).unwrap(), container);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(wire::decode(&bytes.into()));
    }

    #[test]
    fn no_damage_makes_it_panic(container in container(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = wire::encode(&container).to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        drop(wire::decode(&bytes.into()));
    }
}
