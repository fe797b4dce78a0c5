use super::day::{DayRollup, QUARTERS, SocketDay, UtcDay};
use crate::calendar::QUARTER_HOUR_MILLIS;
use crate::energy::{Joules, Milliwatts};
use crate::ids::{HubId, MAX_SOCKETS};
use crate::measurement::{BucketSum, StoredTick};
use crate::time::{TickLength, UtcMillis};

pub(crate) const MINUTE_MILLIS: i64 = 60_000;

/// Sums ticks of a hub, which come in order of time, into the quarter hours of a UTC day.
pub struct Roller {
    day: DayRollup,
    minutes: Box<[Minute; MAX_SOCKETS]>,
}

/// The minute of a socket that is being measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Minute {
    start: UtcMillis,
    energy: Joules,
    measured_millis: i64,
}

impl Minute {
    /// Takes in a tick. The mean power of the minute as soon as it is measured whole: every tick length divides it.
    pub(crate) fn absorb(
        &mut self,
        start: UtcMillis,
        length: TickLength,
        energy: Joules,
    ) -> Option<Milliwatts> {
        let minute = start.floor_to(MINUTE_MILLIS);
        if self.measured_millis == 0 || self.start != minute {
            *self = Self { start: minute, energy: Joules::ZERO, measured_millis: 0 };
        }
        self.energy += energy;
        self.measured_millis += length.millis_i64();
        (self.measured_millis == MINUTE_MILLIS).then(|| {
            // mJ per minute.
            Milliwatts(self.energy.0 * 1_000 / (MINUTE_MILLIS / 1_000))
        })
    }
}

impl Roller {
    pub fn new(hub: HubId, day: UtcDay) -> Self {
        Self { day: DayRollup::empty(hub, day), minutes: Box::new([Minute::default(); MAX_SOCKETS]) }
    }

    /// Ticks of another day are passed over.
    pub fn push(&mut self, tick: &StoredTick) {
        let into_day = tick.start.millis_since(self.day.day.start());
        let Ok(quarter) = usize::try_from(into_day.div_euclid(QUARTER_HOUR_MILLIS)) else { return };
        if quarter >= QUARTERS {
            return;
        }
        for (socket, energy) in tick.energy.iter() {
            let trough = self.minutes[socket.index()].absorb(tick.start, tick.length, energy);
            let sum = BucketSum { trough, ..BucketSum::of_tick(tick.start, tick.length, energy) };
            self.day.socket(socket, QUARTERS).absorb(quarter, &sum);
        }
    }

    /// The day up to `until`, which is a whole quarter hour; what came later is left out.
    pub fn finish(mut self, until: UtcMillis) -> DayRollup {
        let into_day = until.millis_since(self.day.day.start()).div_euclid(QUARTER_HOUR_MILLIS);
        let quarters = usize::try_from(into_day).unwrap_or(0).min(QUARTERS);
        self.day.quarters = u8::try_from(quarters).unwrap_or(u8::MAX);
        for socket in &mut self.day.sockets {
            socket.resize(quarters);
        }
        self.day.sockets.retain(|socket| socket.measured_secs.iter().any(|&secs| secs > 0));
        self.day
    }
}

impl SocketDay {
    fn absorb(&mut self, quarter: usize, sum: &BucketSum) {
        let is_first = self.measured_secs[quarter] == 0;
        let secs = u16::try_from(sum.measured_millis / 1_000).unwrap_or(u16::MAX);
        self.measured_secs[quarter] = self.measured_secs[quarter].saturating_add(secs);
        self.energy[quarter] += sum.energy.0;
        self.peak[quarter] = if is_first { sum.peak } else { self.peak[quarter].max(sum.peak) };
        self.trough[quarter] = BucketSum::lower(self.trough[quarter], sum.trough);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::SocketJoules;
    use crate::ids::SocketNumber;
    use crate::measurement::sum_quarter_hours;

    fn hub() -> HubId {
        HubId::from_bytes([3; 16])
    }

    fn tick(secs: i64, length: u32, sockets: &[(u8, i64)]) -> StoredTick {
        StoredTick {
            start: UtcMillis::from_secs(secs),
            length: TickLength::from_secs(length).unwrap(),
            energy: sockets
                .iter()
                .map(|&(n, joules)| (SocketNumber::new(n).unwrap(), Joules(joules)))
                .collect::<SocketJoules>(),
        }
    }

    fn roll(ticks: &[StoredTick], until_secs: i64) -> DayRollup {
        let mut roller = Roller::new(hub(), UtcDay(0));
        for tick in ticks {
            roller.push(tick);
        }
        roller.finish(UtcMillis::from_secs(until_secs))
    }

    #[test]
    fn the_sums_are_those_of_the_ticks() {
        let ticks: Vec<StoredTick> =
            (0..8_640).filter(|n| n % 7 != 0).map(|n| tick(n * 10, 10, &[(0, n % 50), (63, -n)])).collect();
        let day = roll(&ticks, 86_400);
        let sums: Vec<_> = day.sockets.iter().map(|socket| day.sums(socket).collect::<Vec<_>>()).collect();
        let expected: Vec<_> = sum_quarter_hours(&ticks).into_iter().map(|socket| socket.sums).collect();
        assert_eq!(sums, expected);
    }

    #[test]
    fn the_trough_is_that_of_a_minute_measured_whole() {
        // 1 J every other second is half a watt, not nothing now and then.
        let half_a_watt = (0..60).map(|s| tick(s, 1, &[(0, s % 2)]));
        // Half a minute of nothing is no minute.
        let cut_off = (60..90).map(|s| tick(s, 1, &[(0, 0)]));
        let day = roll(&half_a_watt.chain(cut_off).collect::<Vec<_>>(), 900);
        assert_eq!(day.sockets[0].trough, [Some(Milliwatts(500))]);
        assert_eq!(day.sockets[0].measured_secs, [90]);
    }

    #[test]
    fn what_comes_after_the_end_is_left_out() {
        let day = roll(&[tick(0, 10, &[(1, 5)]), tick(3_600, 10, &[(2, 7)])], 3_600);
        assert_eq!(day.quarters, 4);
        assert_eq!(day.sockets.len(), 1);
        assert_eq!(day.sockets[0].energy, [5, 0, 0, 0]);
    }

    #[test]
    fn a_beginning_and_what_follows_are_the_whole() {
        let ticks: Vec<StoredTick> =
            (0..8_640).map(|n| tick(n * 10, 10, &[(u8::try_from(n / 2_000).unwrap(), n), (40, 1)])).collect();
        let whole = roll(&ticks, 86_400);
        for hour in [0, 1, 5, 12, 24] {
            let beginning = roll(&ticks, hour * 3_600);
            let later: Vec<_> =
                ticks.iter().filter(|tick| tick.start.secs() >= hour * 3_600).cloned().collect();
            let quarters = u8::try_from(hour * 4).unwrap();
            assert_eq!(beginning.followed_by(quarters, &roll(&later, 86_400)), whole, "{hour}");
        }
        // What is known already gives way from the given quarter hour on.
        assert_eq!(whole.clone().followed_by(20, &roll(&ticks, 86_400)), whole);
    }
}
