use std::collections::BTreeMap;

use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::measurement::{BucketSum, SocketSums, StoredTick, sum_quarter_hours};
use domain::{SocketNumber, UtcMillis};

/// Ticks in order of time, of which only those of the latest quarter hour are held.
#[derive(Debug, Default)]
pub(super) struct Sums {
    quarter: Vec<StoredTick>,
    sockets: BTreeMap<SocketNumber, Vec<BucketSum>>,
}

impl Sums {
    pub(super) fn push(&mut self, tick: StoredTick) {
        let quarter = |tick: &StoredTick| -> UtcMillis { tick.start.floor_to(QUARTER_HOUR_MILLIS) };
        if self.quarter.first().is_some_and(|first| quarter(first) != quarter(&tick)) {
            self.sum();
        }
        self.quarter.push(tick);
    }

    pub(super) fn finish(mut self) -> Vec<SocketSums> {
        self.sum();
        self.sockets.into_iter().map(|(socket, sums)| SocketSums { socket, sums }).collect()
    }

    fn sum(&mut self) {
        for SocketSums { socket, sums } in sum_quarter_hours(&self.quarter) {
            self.sockets.entry(socket).or_default().extend(sums);
        }
        self.quarter.clear();
    }
}

#[cfg(test)]
mod tests {
    use domain::{Joules, SocketJoules, TickLength};

    use super::*;

    #[test]
    fn no_more_than_a_quarter_hour_of_ticks_is_held() {
        let ticks: Vec<StoredTick> = (0..3 * 8_640)
            .map(|n| {
                let socket = SocketNumber::new(u8::try_from(n / 500 % 3).unwrap()).unwrap();
                StoredTick {
                    start: UtcMillis::from_secs(10 * n),
                    length: TickLength::DEFAULT,
                    energy: SocketJoules::from_iter([(socket, Joules(n))]),
                }
            })
            .collect();
        let mut sums = Sums::default();
        for tick in &ticks {
            sums.push(tick.clone());
            assert!(sums.quarter.len() <= 90);
        }
        assert_eq!(sums.finish(), sum_quarter_hours(&ticks));
    }
}
