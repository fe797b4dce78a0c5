//! The first write into a day, which InfluxDB can lose though it has said that it has it.
//!
//! A day is a shard. Its cache is made by the first write after a silence, and writes that come in while it is being made go to
//! the log on disk and into no cache: they are confirmed, are in no answer, and are gone with the log at the next
//! snapshot. So it is in 1.6 as in 2.7 (`Cache.init` of `tsdb/engine/tsm1`); on a busy machine 380 of 259,200 ticks went that way.
//!
//! So a process writes into such a day alone, and once more when the cache has been made, whoever made it. The same value
//! again changes nothing. Whoever comes meanwhile waits, unless all of its days are open.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::rollup::UtcDay;
use tokio::time::Instant;

/// A cache that nothing is written to lives for ten minutes at least (`cache-snapshot-write-cold-duration`).
const SILENCE: Duration = Duration::from_mins(5);
/// It is made within microseconds; a machine that has more to do than it can may take its time over it.
const MADE: Duration = Duration::from_millis(100);

/// The days of one bucket.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    /// When they were last written to.
    open: Mutex<HashMap<UtcDay, Instant>>,
    opening: tokio::sync::Mutex<()>,
}

/// How somebody gets in.
pub(crate) enum Entry<'a> {
    Open,
    /// As the first, and alone until this is dropped.
    First(FirstIn<'a>),
}

pub(crate) struct FirstIn<'a> {
    doors: &'a Doors,
    days: &'a [UtcDay],
    _alone: tokio::sync::MutexGuard<'a, ()>,
}

impl Doors {
    pub(crate) async fn enter<'a>(&'a self, days: &'a [UtcDay]) -> Entry<'a> {
        if self.are_open(days) {
            return Entry::Open;
        }
        let alone = self.opening.lock().await;
        // Somebody may have opened them meanwhile.
        if self.are_open(days) {
            return Entry::Open;
        }
        Entry::First(FirstIn { doors: self, days, _alone: alone })
    }

    fn are_open(&self, days: &[UtcDay]) -> bool {
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |day| open.get(day).is_some_and(|&last| now.duration_since(last) < SILENCE);
        if !days.iter().all(is_open) {
            return false;
        }
        for day in days {
            open.insert(*day, now);
        }
        true
    }
}

impl FirstIn<'_> {
    /// Returns when it is time for the second write.
    pub(crate) async fn written(&self) {
        tokio::time::sleep(MADE).await;
    }

    /// What was written twice is open to everybody.
    pub(crate) fn written_again(self) {
        let now = Instant::now();
        let mut open = self.doors.open.lock().unwrap_or_else(PoisonError::into_inner);
        // A spool of weeks may come by; nobody else forgets its days.
        open.retain(|_, last| now.duration_since(*last) < SILENCE);
        open.extend(self.days.iter().map(|day| (*day, now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether nothing else than somebody else can let it in. The clock is paused, so the time passes at once.
    async fn waits(entry: impl Future<Output = Entry<'_>>) -> bool {
        tokio::time::timeout(Duration::from_secs(1), entry).await.is_err()
    }

    async fn opened(doors: &Doors, days: &[UtcDay]) {
        let Entry::First(first) = doors.enter(days).await else { panic!("it is open") };
        first.written().await;
        first.written_again();
    }

    async fn is_open(doors: &Doors, days: &[UtcDay]) -> bool {
        matches!(doors.enter(days).await, Entry::Open)
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_is_alone_and_the_next_need_not_wait() {
        let doors = Doors::default();
        let (today, both) = ([UtcDay(5)], [UtcDay(5), UtcDay(6)]);
        let first = doors.enter(&today).await;
        assert!(matches!(first, Entry::First(_)));
        let mut second = std::pin::pin!(doors.enter(&both));
        assert!(waits(second.as_mut()).await);
        // It has failed.
        drop(first);
        let Entry::First(second) = second.await else { panic!("nothing was written") };
        second.written().await;
        second.written_again();
        assert!(is_open(&doors, &today).await && is_open(&doors, &both).await);
        assert!(!is_open(&doors, &[UtcDay(6), UtcDay(7)]).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_finds_it_open_and_others_do_not_wait() {
        let doors = Doors::default();
        let (today, tomorrow) = ([UtcDay(5)], [UtcDay(6)]);
        opened(&doors, &today).await;
        let Entry::First(first) = doors.enter(&tomorrow).await else { panic!("it is open") };
        let mut waiting = std::pin::pin!(doors.enter(&tomorrow));
        assert!(waits(waiting.as_mut()).await);
        assert!(is_open(&doors, &today).await);
        first.written_again();
        assert!(matches!(waiting.await, Entry::Open));
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_without_writes_is_closed_again_and_forgotten() {
        let doors = Doors::default();
        let (old, live) = ([UtcDay(1)], [UtcDay(5)]);
        opened(&doors, &old).await;
        opened(&doors, &live).await;
        for _ in 0..4 {
            tokio::time::advance(Duration::from_secs(100)).await;
            assert!(is_open(&doors, &live).await);
        }
        assert!(!is_open(&doors, &old).await);
        opened(&doors, &[UtcDay(2)]).await;
        assert_eq!(doors.open.lock().unwrap().len(), 2, "the old one is gone");
    }
}
