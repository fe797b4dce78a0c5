//! The adapter against a real InfluxDB 1.x, and against what 2.x is documented to answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod connections;
mod erasure;
mod fake;
mod reads;
mod real;
mod refusals;
mod remembered;
mod retention;
mod rollups;
mod set_up;
mod spread;
mod v2_rollups;
mod v2_writes;

use domain::{Container, HubId, Joules, SocketNumber, TickEnergy, TickLength, UtcMillis};

/// One tick of one socket.
fn container(hub: HubId, joules: i64) -> Container {
    let energy = [(SocketNumber::new(0).unwrap(), Joules(joules))].into_iter().collect();
    Container {
        hub,
        sequence: 1,
        tick_length: TickLength::DEFAULT,
        ticks: vec![TickEnergy { start: UtcMillis(1_795_219_200_000), energy }],
    }
}
