//! Port: what a hub measures with.

use async_trait::async_trait;

use crate::energy::{Microjoules, Milliwatts};
use crate::ids::SocketNumber;
use crate::time::UtcMillis;

/// What a sensor tells, in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// From `at` on the socket draws `power`.
    Power { socket: SocketNumber, at: UtcMillis, power: Milliwatts },
    /// Within `from` and `to` the socket used `energy`, evenly as far as anybody knows: what a counter says. The
    /// range may lie in the past, before what was told of other sockets; those of one socket follow one another.
    /// A socket is told of by its power or by its energy, not by both.
    Energy {
        socket: SocketNumber,
        from: UtcMillis,
        to: UtcMillis,
        energy: Microjoules,
        /// What the counter stands at in the end, so that a new start can go on from there.
        count: Microjoules,
    },
    /// Every reading before this instant has been told. Moves on also when nothing is measured.
    Until(UtcMillis),
}

/// One metered outlet as the sensor knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlet {
    pub socket: SocketNumber,
    /// What hangs on it, for people.
    pub name: String,
}

#[async_trait]
pub trait Sensor: Send + 'static {
    /// Waits until there is something to tell and adds it to `out`. `false`: it has ended and never tells
    /// anything more. Cancel-safe. Faults of single readings are the sensor's own to log and count.
    async fn observe(&mut self, out: &mut Vec<Observation>) -> bool;

    fn outlets(&self) -> Vec<Outlet>;
}
