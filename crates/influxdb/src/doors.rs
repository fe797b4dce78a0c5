//! The first write into a day, which InfluxDB can lose though it has said that it has it.
//!
//! A day is a shard. Its cache is made by the first write after a silence, and writes that come in while it is being made go to
//! the log on disk and into no cache: they are confirmed, are in no answer, and are gone with the log at the next
//! snapshot. So it is in 1.6 as in 2.7 (`Cache.init` of `tsdb/engine/tsm1`); on a busy machine 380 of 259,200 ticks went that way.
//!
//! So a process writes into such a day alone, and once more when the cache has been made, whoever made it. The same value
//! again changes nothing. Whoever comes meanwhile waits, unless all of its days are open.
//!
//! An InfluxDB that was started anew makes its caches again. Somebody of us mostly asks for it while it is away, so
//! whoever is told that it is unavailable closes all days.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::measurement::StoreError;
use domain::rollup::UtcDay;
use tokio::time::Instant;

use crate::inlet::Taken;

/// A cache that nothing is written to lives for ten minutes at least (`cache-snapshot-write-cold-duration`).
const SILENCE: Duration = Duration::from_mins(5);
/// It is made within microseconds; a machine that has more to do than it can may take its time over it.
const MADE: Duration = Duration::from_millis(100);

/// The days of one bucket.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    open: Mutex<Open>,
    opening: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Open {
    /// When they were last written to.
    days: HashMap<UtcDay, Instant>,
    /// How often they were all closed.
    times_closed: u64,
}

impl Doors {
    /// `post` sends the same whenever it is called, all of it of these days.
    pub(crate) async fn write<Posted>(
        &self,
        days: &[UtcDay],
        post: impl Fn() -> Posted,
    ) -> Result<Taken, StoreError>
    where
        Posted: Future<Output = Result<Taken, StoreError>>,
    {
        loop {
            let entered = self.open().enter(days);
            let done = match entered {
                Some(times_closed) => self.write_among_others(times_closed, post()).await?,
                None => self.write_first(days, &post).await?,
            };
            if let Some(taken) = done {
                return Ok(taken);
            }
        }
    }

    /// Nothing when the days were closed meanwhile: an InfluxDB that was perhaps started anew may have lost it.
    async fn write_among_others(
        &self,
        times_closed: u64,
        posted: impl Future<Output = Result<Taken, StoreError>>,
    ) -> Result<Option<Taken>, StoreError> {
        let taken = self.noticing(posted.await)?;
        Ok((taken == Taken::TooMuch || self.open().times_closed == times_closed).then_some(taken))
    }

    /// Nothing when somebody else opened the days meanwhile, or they were closed again.
    async fn write_first<Posted>(
        &self,
        days: &[UtcDay],
        post: &impl Fn() -> Posted,
    ) -> Result<Option<Taken>, StoreError>
    where
        Posted: Future<Output = Result<Taken, StoreError>>,
    {
        let _alone = self.opening.lock().await;
        let Some(times_closed) = self.open().closed(days) else { return Ok(None) };
        if self.noticing(post().await)? == Taken::TooMuch {
            return Ok(Some(Taken::TooMuch));
        }
        tokio::time::sleep(MADE).await;
        let taken = self.noticing(post().await)?;
        Ok((taken == Taken::TooMuch || self.open().let_in(days, times_closed)).then_some(taken))
    }

    /// What was asked of InfluxDB.
    pub(crate) fn noticing<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Unavailable { .. }) = answer {
            self.open().close();
        }
        answer
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Nobody, unless all of them are open.
    fn enter(&mut self, days: &[UtcDay]) -> Option<u64> {
        if !self.are_open(days) {
            return None;
        }
        let now = Instant::now();
        for day in days {
            self.days.insert(*day, now);
        }
        Some(self.times_closed)
    }

    /// Nothing if all of them are open.
    fn closed(&self, days: &[UtcDay]) -> Option<u64> {
        (!self.are_open(days)).then_some(self.times_closed)
    }

    fn are_open(&self, days: &[UtcDay]) -> bool {
        let now = Instant::now();
        days.iter().all(|day| self.days.get(day).is_some_and(|&last| now.duration_since(last) < SILENCE))
    }

    /// What was written twice is open to everybody, unless they were all closed since.
    fn let_in(&mut self, days: &[UtcDay], times_closed: u64) -> bool {
        if self.times_closed != times_closed {
            return false;
        }
        let now = Instant::now();
        // A spool of weeks may come by; nobody else forgets its days.
        self.days.retain(|_, last| now.duration_since(*last) < SILENCE);
        self.days.extend(days.iter().map(|day| (*day, now)));
        true
    }

    fn close(&mut self) {
        self.days.clear();
        self.times_closed += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// Takes all that it is let to.
    struct Store {
        asked: AtomicUsize,
        lets: Semaphore,
    }

    impl Store {
        fn busy() -> Self {
            Self { asked: AtomicUsize::new(0), lets: Semaphore::new(0) }
        }

        fn free() -> Self {
            let store = Self::busy();
            store.answer(100);
            store
        }

        async fn post(&self) -> Result<Taken, StoreError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.lets.acquire().await.unwrap().forget();
            Ok(Taken::All)
        }

        fn answer(&self, requests: usize) {
            self.lets.add_permits(requests);
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    fn away() -> Result<Taken, StoreError> {
        Err(StoreError::Unavailable { operation: "writing", reason: "away".to_owned(), retry_after: None })
    }

    /// How many requests it took.
    async fn requests(doors: &Doors, days: &[UtcDay]) -> usize {
        let store = Store::free();
        assert_eq!(doors.write(days, || store.post()).await.unwrap(), Taken::All);
        store.asked()
    }

    /// Whether nothing else than somebody else lets it go on. The clock is paused, so the time passes at once.
    async fn waits(write: impl Future<Output = Result<Taken, StoreError>>) -> bool {
        tokio::time::timeout(Duration::from_secs(1), write).await.is_err()
    }

    const TODAY: [UtcDay; 1] = [UtcDay(5)];
    const TOMORROW: [UtcDay; 1] = [UtcDay(6)];

    #[tokio::test(start_paused = true)]
    async fn the_first_is_alone_and_the_next_need_not_wait() {
        let (doors, first, second) = (Doors::default(), Store::busy(), Store::free());
        let both = [TODAY[0], TOMORROW[0]];
        let mut one = Box::pin(doors.write(&TODAY, || first.post()));
        assert!(waits(one.as_mut()).await);
        let mut two = std::pin::pin!(doors.write(&both, || second.post()));
        assert!(waits(two.as_mut()).await);
        assert_eq!((first.asked(), second.asked()), (1, 0));
        // It was given up, so the second is the first.
        drop(one);
        two.await.unwrap();
        assert_eq!(second.asked(), 2);
        assert_eq!((requests(&doors, &TODAY).await, requests(&doors, &both).await), (1, 1));
        assert_eq!(requests(&doors, &[TOMORROW[0], UtcDay(7)]).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_finds_it_open_and_others_do_not_wait() {
        let (doors, first, second) = (Doors::default(), Store::busy(), Store::free());
        assert_eq!(requests(&doors, &TODAY).await, 2);
        let mut one = std::pin::pin!(doors.write(&TOMORROW, || first.post()));
        assert!(waits(one.as_mut()).await);
        let mut two = std::pin::pin!(doors.write(&TOMORROW, || second.post()));
        assert!(waits(two.as_mut()).await);
        assert_eq!(requests(&doors, &TODAY).await, 1);
        first.answer(2);
        one.await.unwrap();
        two.await.unwrap();
        assert_eq!((first.asked(), second.asked()), (2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_without_writes_is_closed_again_and_forgotten() {
        let (doors, old) = (Doors::default(), [UtcDay(1)]);
        assert_eq!((requests(&doors, &old).await, requests(&doors, &TODAY).await), (2, 2));
        for _ in 0..4 {
            tokio::time::advance(Duration::from_secs(100)).await;
            assert_eq!(requests(&doors, &TODAY).await, 1);
        }
        assert_eq!(requests(&doors, &[UtcDay(2)]).await, 2);
        assert_eq!(doors.open().days.len(), 2, "the old one is forgotten");
        assert_eq!(requests(&doors, &old).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_finds_the_store_away_closes_every_day() {
        let doors = Doors::default();
        assert_eq!((requests(&doors, &TODAY).await, requests(&doors, &TOMORROW).await), (2, 2));
        doors.write(&TODAY, async || away()).await.unwrap_err();
        assert_eq!((requests(&doors, &TODAY).await, requests(&doors, &TOMORROW).await), (2, 2));
        // Other refusals say that it is there.
        let refused = || StoreError::Unauthorised { operation: "writing", reason: String::new() };
        doors.write(&TODAY, async || Err(refused())).await.unwrap_err();
        assert_eq!(requests(&doors, &TODAY).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_under_way_when_the_store_was_away_is_written_as_the_first() {
        let (doors, open, first) = (Doors::default(), Store::busy(), Store::busy());
        assert_eq!(requests(&doors, &TODAY).await, 2);
        let mut of_today = std::pin::pin!(doors.write(&TODAY, || open.post()));
        let mut of_tomorrow = std::pin::pin!(doors.write(&TOMORROW, || first.post()));
        assert!(waits(of_today.as_mut()).await && waits(of_tomorrow.as_mut()).await);
        doors.noticing(away()).unwrap_err();
        open.answer(10);
        first.answer(10);
        let (today, tomorrow) = tokio::join!(of_today, of_tomorrow);
        today.and(tomorrow).unwrap();
        assert_eq!((open.asked(), first.asked()), (3, 4));
    }
}
