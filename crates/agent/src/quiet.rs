//! Which ticks bring nothing new, so that they need no message of their own.

use std::time::Duration;

use domain::{TickEnergy, TickLength};
use tokio::time::Instant;

/// A mean power that differs by no more than this is no news, nor one that differs by [`PERCENT`].
const WATTS: i64 = 2;
const PERCENT: i64 = 3;

/// Compares ticks with the last one that was worth a message.
pub(crate) struct Quiet {
    length: TickLength,
    /// How long ticks may wait for news.
    limit: Duration,
    told: Option<TickEnergy>,
    /// Since when they do.
    since: Option<Instant>,
}

impl Quiet {
    pub(crate) const fn new(length: TickLength, limit: Duration) -> Self {
        Self { length, limit, told: None, since: None }
    }

    /// Whether these ticks, which have just ended, may wait for others.
    pub(crate) fn is_quiet(&mut self, ticks: &[TickEnergy], now: Instant) -> bool {
        // The next one would come too late.
        let length = self.length.duration();
        let may_wait = self.since.unwrap_or(now) + self.limit >= now + length;
        let is_same =
            self.told.as_ref().is_some_and(|told| ticks.iter().all(|tick| is_same(told, tick, self.length)));
        if may_wait && is_same {
            self.since.get_or_insert(now);
            return true;
        }
        self.since = None;
        self.told = ticks.last().cloned();
        false
    }
}

fn is_same(told: &TickEnergy, tick: &TickEnergy, length: TickLength) -> bool {
    let steps = i64::from(length.secs()) * WATTS * 100;
    told.energy.mask() == tick.energy.mask()
        && told
            .energy
            .values()
            .iter()
            .zip(tick.energy.values())
            .all(|(before, now)| (now - before).abs() * 100 <= steps.max(before.abs() * PERCENT))
}

#[cfg(test)]
mod tests {
    use domain::{Joules, SocketNumber, UtcMillis};

    use super::*;

    fn tick(values: &[(u8, i64)]) -> [TickEnergy; 1] {
        let socket = |number| SocketNumber::new(number).unwrap();
        let energy = values.iter().map(|&(number, joules)| (socket(number), Joules(joules))).collect();
        [TickEnergy { start: UtcMillis(0), energy }]
    }

    /// Of ticks ten seconds apart, which may wait?
    fn waits(ticks: &[[TickEnergy; 1]], limit: u64) -> Vec<bool> {
        let mut quiet = Quiet::new(TickLength::DEFAULT, Duration::from_secs(limit));
        let begin = Instant::now();
        let at = |n: usize| begin + Duration::from_secs(10) * u32::try_from(n).unwrap();
        ticks.iter().enumerate().map(|(n, tick)| quiet.is_quiet(tick, at(n))).collect()
    }

    #[test]
    fn two_watts_or_three_percent_are_no_news() {
        let small = [tick(&[(0, 100)]), tick(&[(0, 120)]), tick(&[(0, 80)]), tick(&[(0, 121)])];
        assert_eq!(waits(&small, 60), [false, true, true, false]);
        let large = [tick(&[(0, -20_000)]), tick(&[(0, -20_600)]), tick(&[(0, -20_601)])];
        assert_eq!(waits(&large, 60), [false, true, false]);
    }

    #[test]
    fn a_socket_that_comes_or_goes_is_news() {
        let ticks = [tick(&[(0, 5)]), tick(&[(0, 5), (1, 0)]), tick(&[(0, 5), (1, 0)]), tick(&[(1, 0)])];
        assert_eq!(waits(&ticks, 60), [false, false, true, false]);
    }

    #[test]
    fn nothing_waits_longer_than_it_may() {
        let same: Vec<_> = (0..8).map(|_| tick(&[(0, 5)])).collect();
        assert_eq!(waits(&same, 30), [false, true, true, true, false, true, true, true]);
        assert_eq!(waits(&same[..3], 0), [false, false, false]);
        assert_eq!(waits(&same[..4], 10), [false, true, false, true]);
    }
}
