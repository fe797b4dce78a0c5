//! How often somebody may try.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::UtcMillis;

/// From so many on those are forgotten who have not tried for long.
const CROWD: usize = 1_000;

/// At most `most` tries of each within `within_millis`. In the memory of this process alone.
pub(crate) struct Limit<K> {
    most: usize,
    within_millis: i64,
    tries: Mutex<HashMap<K, VecDeque<UtcMillis>>>,
}

impl<K: Eq + Hash> Limit<K> {
    pub(crate) fn new(most: usize, within_millis: i64) -> Self {
        Self { most, within_millis, tries: Mutex::default() }
    }

    fn tries(&self) -> MutexGuard<'_, HashMap<K, VecDeque<UtcMillis>>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a try, before it is known how it ends: many at once are not more than one after the other. An error is
    /// the number of seconds until the next one.
    pub(crate) fn take(&self, who: K, now: UtcMillis) -> Result<(), u64> {
        let mut tries = self.tries();
        let begin = now.plus_millis(-self.within_millis);
        if tries.len() >= CROWD {
            tries.retain(|_, times| times.back().is_some_and(|&last| last > begin));
        }
        let times = tries.entry(who).or_default();
        while times.front().is_some_and(|&first| first <= begin) {
            times.pop_front();
        }
        if times.len() >= self.most {
            let free = times.front().map_or(0, |first| first.millis_since(begin));
            return Err(free.unsigned_abs().div_ceil(1_000));
        }
        times.push_back(now);
        Ok(())
    }

    /// That try was none after all.
    pub(crate) fn give_back(&self, who: &K) {
        if let Some(times) = self.tries().get_mut(who) {
            times.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_within_so_long_and_each_for_themselves() {
        let limit = Limit::new(2, 10_000);
        for now in [0, 4_000] {
            assert_eq!(limit.take("ada", UtcMillis(now)), Ok(()));
        }
        assert_eq!(limit.take("ada", UtcMillis(4_001)), Err(6));
        assert_eq!(limit.take("bob", UtcMillis(4_001)), Ok(()));
        assert_eq!(limit.take("ada", UtcMillis(9_999)), Err(1));
        assert_eq!(limit.take("ada", UtcMillis(10_000)), Ok(()));
        assert_eq!(limit.take("ada", UtcMillis(10_001)), Err(4));
    }

    #[test]
    fn what_is_given_back_does_not_count() {
        let limit = Limit::new(1, 10_000);
        for now in 0..5 {
            assert_eq!(limit.take((), UtcMillis(now)), Ok(()));
            limit.give_back(&());
        }
    }

    #[test]
    fn a_crowd_is_forgotten_in_time() {
        let limit = Limit::new(1, 10);
        for number in 0..3 * CROWD {
            limit.take(number, UtcMillis(i64::try_from(number).unwrap())).unwrap();
        }
        assert!(limit.tries().len() <= CROWD);
    }
}
