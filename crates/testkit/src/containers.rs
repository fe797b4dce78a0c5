//! Containers to test with.

use domain::{Container, HubId, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, UtcMillis};

/// Monday 2012-01-16 00:00 UTC, the day of the recorded traces.
pub const RECORDED_DAY: UtcMillis = UtcMillis(1_326_672_000_000);

/// The `number`th hub; the same number is the same hub.
pub fn hub(number: u64) -> HubId {
    HubId::from_bytes((0x0193_0000_0000_7000_8000_0000_0000_0000_u128 | u128::from(number)).to_be_bytes())
}

/// A hub that nobody else has.
pub fn random_hub() -> HubId {
    HubId::from_bytes(rand::random::<u128>().to_be_bytes())
}

/// Three ticks of three sockets, different for every hub and sequence number.
pub fn container(hub: HubId, sequence: u64) -> Container {
    ContainerBuilder::new(hub).sequence(sequence).build()
}

/// Builds a container whose ticks follow those of the sequence number before.
#[derive(Clone, Debug)]
pub struct ContainerBuilder {
    hub: HubId,
    sequence: u64,
    tick_length: TickLength,
    begin: UtcMillis,
    ticks: u32,
    sockets: u8,
}

impl ContainerBuilder {
    pub const fn new(hub: HubId) -> Self {
        let tick_length = TickLength::DEFAULT;
        Self { hub, sequence: 1, tick_length, begin: RECORDED_DAY, ticks: 3, sockets: 3 }
    }

    #[must_use]
    pub const fn sequence(self, sequence: u64) -> Self {
        Self { sequence, ..self }
    }

    #[must_use]
    pub const fn tick_length(self, tick_length: TickLength) -> Self {
        Self { tick_length, ..self }
    }

    /// Where the first tick of sequence number 1 starts, rounded down to a tick.
    #[must_use]
    pub const fn begin(self, begin: UtcMillis) -> Self {
        Self { begin, ..self }
    }

    #[must_use]
    pub const fn ticks(self, ticks: u32) -> Self {
        Self { ticks, ..self }
    }

    /// Sockets 0 up to but not including this, at most 64.
    #[must_use]
    pub const fn sockets(self, sockets: u8) -> Self {
        Self { sockets, ..self }
    }

    pub fn build(&self) -> Container {
        let length = self.tick_length.millis_i64();
        let before = i64::try_from(self.sequence.saturating_sub(1)).unwrap_or(0) * i64::from(self.ticks);
        let first = self.tick_length.tick_of(self.begin).plus_millis(before * length);
        let ticks = (0..i64::from(self.ticks))
            .map(|tick| TickEnergy {
                start: first.plus_millis(tick * length),
                energy: self.energy(before + tick),
            })
            .collect();
        Container { hub: self.hub, sequence: self.sequence, tick_length: self.tick_length, ticks }
    }

    fn energy(&self, tick: i64) -> SocketJoules {
        let hub = i64::from(self.hub.as_bytes()[15]);
        (0..self.sockets)
            .filter_map(|number| SocketNumber::new(number).ok())
            .map(|socket| (socket, Joules(100 + hub + tick % 1_000 * 7 + i64::from(socket.get()) * 13)))
            .collect()
    }
}
