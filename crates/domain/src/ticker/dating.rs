//! Measuring before the time is known.
//!
//! A hub without a clock of its own counts from the start of the machine until somebody tells it the time. Such times are
//! *provisional*: they lie before [`FIRST_DATE`], where no real one is. When the time is known they are moved to where they
//! belong, all by the same whole number of ticks, so that no energy is added or lost.

use super::{Checkpoint, Counted, Spans, Ticker};
use crate::time::UtcMillis;

/// Real times are not before this (2001-09-09T01:46:40Z); a machine that runs for longer than that since its start is none of ours.
pub const FIRST_DATE: UtcMillis = UtcMillis(1_000_000_000_000);

impl UtcMillis {
    /// Whether it is a time, and not one that counts from the start of a machine.
    pub fn is_dated(self) -> bool {
        self >= FIRST_DATE
    }

    /// Moved if it is provisional.
    pub(super) fn dated(self, shift_millis: i64) -> Self {
        if self.is_dated() { self } else { self.plus_millis(shift_millis) }
    }
}

impl Counted {
    fn dated(self, shift_millis: i64) -> Self {
        let tick = self.tick.map(|(start, joules)| (start.dated(shift_millis), joules));
        Self { at: self.at.dated(shift_millis), tick, ..self }
    }
}

impl Checkpoint {
    /// The same with its provisional times moved by a whole number of ticks.
    #[must_use]
    pub fn dated(self, shift_millis: i64) -> Self {
        Self {
            booked_until: self.booked_until.dated(shift_millis),
            carry: self.carry,
            counted: self.counted.into_iter().map(|counted| counted.dated(shift_millis)).collect(),
        }
    }
}

impl Ticker {
    /// Begins anew, but with what former ticks left over: the times of the checkpoint mean nothing to this one.
    #[must_use]
    pub fn carrying(mut self, checkpoint: &Checkpoint) -> Self {
        for (socket, &carry) in self.sockets.iter_mut().zip(&checkpoint.carry) {
            socket.carry = carry;
        }
        self
    }

    /// Moves all that is provisional by a whole number of ticks, and goes on. `counters` are those that were not told of
    /// meanwhile, and where they stood.
    pub fn date(&mut self, shift_millis: i64, counters: &[Counted]) {
        let moved = |at: UtcMillis| at.dated(shift_millis);
        self.current = self.current.map(moved);
        if self.not_before > UtcMillis(i64::MIN) {
            self.not_before = moved(self.not_before);
        }
        if self.newest > UtcMillis(i64::MIN) {
            self.newest = moved(self.newest);
        }
        for socket in &mut self.sockets {
            if let Some(held) = &mut socket.held {
                held.from = moved(held.from);
                held.until = moved(held.until);
            }
            socket.counter.date(shift_millis);
        }
        for counted in counters {
            self.sockets[counted.socket.index()].counter = Spans::resumed(counted, self.length);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::energy::{Joules, Microjoules, Milliwatts};
    use crate::ids::SocketNumber;
    use crate::time::TickLength;

    const HOLD: Duration = Duration::from_secs(30);
    /// A start of the machine, as it turns out later; a whole tick.
    const BOOT: i64 = 1_800_000_000_000;

    fn socket(number: u8) -> SocketNumber {
        SocketNumber::new(number).unwrap()
    }

    /// Power of one socket, changing every 7 s, dated after `dated` of 20 readings.
    fn ticks(dated: usize) -> Vec<(i64, i64)> {
        let mut ticker = Ticker::new(TickLength::DEFAULT, HOLD);
        let (mut out, mut shift) = (Vec::<(i64, i64)>::new(), 0);
        for reading in 0..20_usize {
            if reading == dated {
                for tick in &mut out {
                    tick.0 += BOOT;
                }
                ticker.date(BOOT, &[]);
                shift = BOOT;
            }
            let number = i64::try_from(reading).unwrap();
            let at = UtcMillis(4_000 + number * 7_000 + shift);
            while let Some(tick) = ticker.advance(at) {
                out.push((tick.start.0, tick.energy.total().0));
            }
            ticker.reading(socket(0), at, Milliwatts(1_234_567 * (number % 5 + 1))).unwrap();
        }
        out
    }

    #[test]
    fn dated_in_between_or_from_the_beginning_the_ticks_are_the_same() {
        let expected = ticks(0);
        assert!(expected.len() > 10 && expected.iter().all(|tick| UtcMillis(tick.0).is_dated()));
        for dated in 1..20 {
            assert_eq!(ticks(dated), expected, "dated after {dated}");
        }
    }

    #[test]
    fn a_counter_that_waited_for_the_time_goes_on_where_it_stood() {
        let before = Counted {
            socket: socket(1),
            at: UtcMillis(BOOT - 60_000),
            count: Microjoules(5_000_000),
            tick: None,
            meter: None,
        };
        let mut ticker = Ticker::new(TickLength::DEFAULT, HOLD);
        ticker.reading(socket(0), UtcMillis(1_000), Milliwatts(1_000)).unwrap();
        ticker.date(BOOT, std::slice::from_ref(&before));
        let (from, to) = (before.at, UtcMillis(BOOT + 60_000));
        let late =
            ticker.energy(socket(1), (from, to), Microjoules(120_000_000), Microjoules(125_000_000)).unwrap();
        assert_eq!(late.len(), 6);
        assert_eq!(late.iter().map(|tick| tick.energy.total()).sum::<Joules>(), Joules(60));
    }

    #[test]
    fn only_what_is_provisional_moves() {
        let dated = Counted {
            socket: socket(1),
            at: UtcMillis(BOOT),
            count: Microjoules(1),
            tick: None,
            meter: None,
        };
        let provisional = Counted { at: UtcMillis(9_000), tick: Some((UtcMillis(0), Joules(4))), ..dated };
        let checkpoint = Checkpoint {
            booked_until: UtcMillis(10_000),
            carry: Vec::new(),
            counted: vec![dated, provisional],
        };
        let moved = checkpoint.dated(BOOT);
        assert_eq!(moved.booked_until, UtcMillis(BOOT + 10_000));
        assert_eq!(moved.counted[0], dated);
        assert_eq!(moved.counted[1].at, UtcMillis(BOOT + 9_000));
        assert_eq!(moved.counted[1].tick, Some((UtcMillis(BOOT), Joules(4))));
        assert_eq!(moved.clone().dated(BOOT), moved);
    }
}
