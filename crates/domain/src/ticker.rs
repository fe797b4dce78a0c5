//! From power readings to the energy of each tick, in whole joules.
//!
//! The rules (learned from bugs others shipped):
//! - The power of a reading holds until the next reading of the same socket, at most for the *hold* time; what
//!   is beyond is a gap: `E += P_previous × min(Δt, hold)`.
//! - A tick gives whole joules; the rest (under 1 J) is carried into the socket's next tick, across gaps too.
//! - A socket that was not observed at all in a tick has no value in it: a gap is not a zero.
//! - Of several readings that bear the same instant the last one counts.
//! - The energy that a counter tells of a range is spread evenly over it. Where ticks of the range have been given
//!   out, they are given out again with what is added: the same tick from later replaces the one from before.

mod dating;
mod spans;

use std::num::NonZeroU16;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::container::{SocketJoules, TickEnergy};
use crate::energy::{Joules, Microjoules, Milliwatts};
use crate::ids::{MAX_SOCKETS, SocketNumber};
use crate::time::{TickLength, UtcMillis};
pub use dating::FIRST_DATE;
use spans::Spans;

/// How long a reading is believed when nothing follows it.
pub const DEFAULT_HOLD: Duration = Duration::from_secs(30);

/// What must be kept over a restart so that no joule is lost or booked twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Everything before this instant is booked. The start of a tick.
    pub booked_until: UtcMillis,
    /// Per socket: what has not yet made a whole joule.
    pub carry: Vec<Microjoules>,
    /// Of the sockets with a counter, where it stood when it was last booked.
    #[serde(default)]
    pub counted: Vec<Counted>,
}

/// How far the energy of a counter is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub socket: SocketNumber,
    /// Up to here.
    pub at: UtcMillis,
    /// What the counter stood at then.
    pub count: Microjoules,
    /// The latest tick given out with a value of the socket, and that value.
    pub tick: Option<(UtcMillis, Joules)>,
    /// The mark of the meter that counted; `None` where nobody has said it.
    #[serde(default)]
    pub meter: Option<MeterMark>,
}

/// Tells the meter at a socket from another that takes its place, whose counter stands elsewhere. Those of two meters differ,
/// but for one case in 65,535.
pub type MeterMark = NonZeroU16;

#[derive(Clone, Default)]
struct Socket {
    /// The power that holds now, and until when.
    held: Option<Held>,
    /// What former ticks left over, under 1 J.
    carry: Microjoules,
    /// The unfinished tick so far.
    booked: Microjoules,
    observed: bool,
    /// What a counter told.
    counter: Spans,
    /// What measures it now.
    meter: Option<MeterMark>,
}

#[derive(Clone, Copy)]
struct Held {
    power: Milliwatts,
    /// Booked up to here.
    from: UtcMillis,
    until: UtcMillis,
}

impl Socket {
    /// Books the held power up to `to`.
    fn book(&mut self, to: UtcMillis, not_before: UtcMillis) {
        let Some(held) = &mut self.held else { return };
        let from = held.from.max(not_before);
        let end = to.min(held.until);
        if end > from {
            self.booked += held.power.over_millis(end.millis_since(from));
            self.observed = true;
        }
        held.from = held.from.max(end);
        if held.until <= to {
            self.held = None;
        }
    }

    fn is_silent(&self) -> bool {
        self.held.is_none() && !self.observed && self.counter.is_empty()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedReading {
    #[error("a reading of {at} came after {newest} had already been measured")]
    Late { at: UtcMillis, newest: UtcMillis },
    #[error("{} mW is not a plausible power of a socket", .0.0)]
    Implausible(Milliwatts),
    #[error("energy of {from} on was told after that of the time before {told}")]
    Overlap { from: UtcMillis, told: UtcMillis },
    #[error("{} µJ is not a plausible energy of {millis} ms", .energy.0)]
    ImplausibleEnergy { energy: Microjoules, millis: i64 },
}

/// Turns the readings of one hub, in order of time, into ticks.
pub struct Ticker {
    length: TickLength,
    hold_millis: i64,
    /// The start of the tick that is being filled; `None` before anything was heard.
    current: Option<UtcMillis>,
    /// Readings before this are already booked (after a restart).
    not_before: UtcMillis,
    newest: UtcMillis,
    sockets: Vec<Socket>,
}

impl Ticker {
    pub fn new(length: TickLength, hold: Duration) -> Self {
        Self {
            length,
            hold_millis: i64::try_from(hold.as_millis()).unwrap_or(i64::MAX / 4),
            current: None,
            not_before: UtcMillis(i64::MIN),
            newest: UtcMillis(i64::MIN),
            sockets: vec![Socket::default(); MAX_SOCKETS],
        }
    }

    /// Goes on where a former run stopped. The sensor may repeat readings from before the checkpoint; to be
    /// exact it must repeat those of the hold time before it.
    ///
    /// Where the ticks have become longer, the rest of the first of them is a gap: it would replace the booked
    /// tick that starts with it. What a counter tells of that rest goes into the tick after it.
    #[must_use]
    pub fn resumed(mut self, checkpoint: &Checkpoint) -> Self {
        let begin = checkpoint.booked_until.ceil_to(self.length.millis_i64());
        self.current = Some(begin);
        self.not_before = begin;
        for (socket, &carry) in self.sockets.iter_mut().zip(&checkpoint.carry) {
            socket.carry = carry;
        }
        for socket in &mut self.sockets {
            socket.counter = Spans::from(begin);
        }
        for counted in &checkpoint.counted {
            self.sockets[counted.socket.index()].counter = Spans::resumed(counted, self.length);
        }
        self
    }

    /// What to keep with the ticks given out so far: the unfinished tick is not in it, it is derived again from
    /// repeated readings. `None` before anything was heard.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let counted = SocketNumber::in_mask(u64::MAX)
            .zip(&self.sockets)
            .filter_map(|(number, socket)| socket.counter.counted(number));
        Some(Checkpoint {
            booked_until: self.current?,
            carry: self.sockets.iter().map(|socket| socket.carry).collect(),
            counted: counted.collect(),
        })
    }

    /// Of the sockets with a counter, where it stood when it was last told of: from there a sensor goes on that is
    /// opened anew for this very ticker, which keeps what waits for its tick.
    pub fn told(&self) -> Vec<Counted> {
        let sockets = SocketNumber::in_mask(u64::MAX).zip(&self.sockets);
        sockets.filter_map(|(number, socket)| socket.counter.told(number)).collect()
    }

    /// From now on the socket is measured by this meter.
    pub fn measured_by(&mut self, socket: SocketNumber, meter: MeterMark) {
        self.sockets[socket.index()].meter = Some(meter);
    }

    /// From `at` on the socket draws `power`. Ticks that end by `at` must have been taken with
    /// [`Ticker::advance`] before.
    pub fn reading(
        &mut self,
        socket: SocketNumber,
        at: UtcMillis,
        power: Milliwatts,
    ) -> Result<(), RefusedReading> {
        if at < self.newest {
            return Err(RefusedReading::Late { at, newest: self.newest });
        }
        if !power.is_plausible() {
            return Err(RefusedReading::Implausible(power));
        }
        self.newest = at;
        if self.current.is_none() {
            self.current = Some(self.length.tick_of(at));
        }
        let not_before = self.not_before;
        let socket = &mut self.sockets[socket.index()];
        socket.book(at, not_before);
        socket.held = Some(Held { power, from: at, until: at.plus_millis(self.hold_millis) });
        Ok(())
    }

    /// A counter went from `count − energy` to `count` between `from` and `to`. Gives the ticks of the range that were
    /// given out already, with the whole energy of the socket in each, in order of time.
    pub fn energy(
        &mut self,
        number: SocketNumber,
        (from, to): (UtcMillis, UtcMillis),
        energy: Microjoules,
        count: Microjoules,
    ) -> Result<Vec<TickEnergy>, RefusedReading> {
        let millis = to.millis_since(from);
        if millis <= 0 || energy.0.unsigned_abs() > Milliwatts::MAX.over_millis(millis).0.unsigned_abs() {
            return Err(RefusedReading::ImplausibleEnergy { energy, millis });
        }
        let current = *self.current.get_or_insert(self.length.tick_of(from));
        let socket = &mut self.sockets[number.index()];
        let (from, to) = socket.counter.push(from, to, energy, count)?;
        socket.counter.meter = socket.meter;
        let mut late = Vec::new();
        let mut start = self.length.tick_of(from);
        while start < current && start < to {
            let end = start.plus_millis(self.length.millis_i64());
            socket.carry += socket.counter.book(end).unwrap_or_default();
            let (mut whole, rest) = socket.carry.split();
            socket.carry = rest;
            if let Some((_, before)) = socket.counter.tick.filter(|tick| tick.0 == start) {
                whole += before;
            }
            socket.counter.tick = Some((start, whole));
            late.push(TickEnergy { start, energy: SocketJoules::single(number, whole) });
            start = end;
        }
        Ok(late)
    }

    /// All readings before `to` have been given: the next tick that ends by then, if any. Call it until it
    /// gives `None`. Ticks in which nothing was observed are passed over.
    pub fn advance(&mut self, to: UtcMillis) -> Option<TickEnergy> {
        let length = self.length.millis_i64();
        loop {
            let start = self.current?;
            let end = start.plus_millis(length);
            if end > to {
                return None;
            }
            if self.sockets.iter().all(Socket::is_silent) {
                // Nothing is held: no tick up to `to` can have a value.
                self.current = Some(self.length.tick_of(to));
                self.newest = self.newest.max(to);
                return None;
            }
            self.current = Some(end);
            self.newest = self.newest.max(end);
            let energy = self.close(end);
            if !energy.is_empty() {
                return Some(TickEnergy { start, energy });
            }
        }
    }

    fn close(&mut self, end: UtcMillis) -> SocketJoules {
        let not_before = self.not_before;
        let start = end.plus_millis(-self.length.millis_i64());
        let mut mask = 0u64;
        let mut joules = Vec::with_capacity(MAX_SOCKETS / 2);
        for (number, socket) in self.sockets.iter_mut().enumerate() {
            socket.book(end, not_before);
            if let Some(counted) = socket.counter.book(end) {
                socket.booked += counted;
                socket.observed = true;
            }
            if std::mem::take(&mut socket.observed) {
                socket.carry += std::mem::take(&mut socket.booked);
                let (whole, rest) = socket.carry.split();
                socket.carry = rest;
                socket.counter.tick = Some((start, whole));
                mask |= 1 << number;
                joules.push(whole.0);
            }
        }
        SocketJoules::from_parts(mask, joules).unwrap_or_default()
    }
}

#[cfg(test)]
mod counter_tests;
#[cfg(test)]
mod tests;
