//! The codec against its own promises: round trips, refusals, sizes, and bytes that are out there.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod frozen;
mod refusals;
mod round_trip;
mod sizes;

use domain::{Container, HubId, Joules, SocketNumber, TickEnergy, TickLength, UtcMillis};

/// One tick of `joules.len()` sockets.
fn one_tick(joules: &[i64]) -> Container {
    let energy = joules
        .iter()
        .zip(0u8..)
        .map(|(&joules, number)| (SocketNumber::new(number).expect("under 64"), Joules(joules)))
        .collect();
    Container {
        hub: HubId::from_bytes([0xab; 16]),
        sequence: 4_204_800,
        tick_length: TickLength::DEFAULT,
        ticks: vec![TickEnergy { start: UtcMillis(1_795_219_200_000), energy }],
    }
}
