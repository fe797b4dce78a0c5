//! The first write into a day, which InfluxDB can lose though it has said that it has it.
//!
//! A day is a shard. Its cache is made by the first write after a silence, and writes that come in while it is being made go to
//! the log on disk and into no cache: they are confirmed, are in no answer, and are gone with the log at the next
//! snapshot. So it is in 1.6 as in 2.7 (`Cache.init` of `tsdb/engine/tsm1`); on a busy machine 380 of 259,200 ticks went that way.
//!
//! So a process writes into such a day alone, and once more when the cache has been made, whoever made it. The same value
//! again changes nothing. Whoever comes meanwhile waits, unless all of its days are open.
//!
//! An InfluxDB that was started anew makes its caches again. Somebody of us mostly asks for it while it is away, which
//! closes all days. One that is slow or refuses is there: it would only get more to do.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::measurement::StoreError;
use domain::rollup::UtcDay;
use tokio::time::Instant;

use crate::connection::Absences;
use crate::inlet::Taken;

/// A cache that nothing is written to lives for ten minutes at least (`cache-snapshot-write-cold-duration`).
const SILENCE: Duration = Duration::from_mins(5);
/// It is made within microseconds; a machine that has more to do than it can may take its time over it.
const MADE: Duration = Duration::from_millis(100);

/// The days of one bucket.
#[derive(Debug)]
pub(crate) struct Doors {
    absences: Absences,
    open: Mutex<Open>,
    opening: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Open {
    /// When they were last written to.
    days: HashMap<UtcDay, Instant>,
    /// How many there had been by then.
    absences: u64,
}

impl Doors {
    pub(crate) fn of(absences: Absences) -> Self {
        Self { absences, open: Mutex::default(), opening: tokio::sync::Mutex::default() }
    }

    /// `post` sends the same whenever it is called, all of it of these days: once, or twice as the first of one.
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
                Some(absences) => self.write_among_others(absences, post()).await?,
                None => self.write_first(days, &post).await?,
            };
            if let Some(taken) = done {
                return Ok(taken);
            }
        }
    }

    /// Nothing when there was an absence meanwhile: an InfluxDB that was perhaps started anew may have lost it.
    async fn write_among_others(
        &self,
        absences: u64,
        posted: impl Future<Output = Result<Taken, StoreError>>,
    ) -> Result<Option<Taken>, StoreError> {
        let taken = posted.await?;
        Ok((taken == Taken::TooMuch || self.absences.count() == absences).then_some(taken))
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
        let Some(absences) = self.open().closed(days) else { return Ok(None) };
        if post().await? == Taken::TooMuch {
            return Ok(Some(Taken::TooMuch));
        }
        tokio::time::sleep(MADE).await;
        let taken = post().await?;
        Ok((taken == Taken::TooMuch || self.open().let_in(days, absences)).then_some(taken))
    }

    /// Those that are since the last absence.
    fn open(&self) -> MutexGuard<'_, Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let absences = self.absences.count();
        if open.absences != absences {
            *open = Open { days: HashMap::new(), absences };
        }
        open
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
        Some(self.absences)
    }

    /// Nothing if all of them are open.
    fn closed(&self, days: &[UtcDay]) -> Option<u64> {
        (!self.are_open(days)).then_some(self.absences)
    }

    fn are_open(&self, days: &[UtcDay]) -> bool {
        let now = Instant::now();
        days.iter().all(|day| self.days.get(day).is_some_and(|&last| now.duration_since(last) < SILENCE))
    }

    /// What was written twice is open to everybody, unless there was an absence since.
    fn let_in(&mut self, days: &[UtcDay], absences: u64) -> bool {
        if self.absences != absences {
            return false;
        }
        let now = Instant::now();
        // A spool of weeks may come by; nobody else forgets its days.
        self.days.retain(|_, last| now.duration_since(*last) < SILENCE);
        self.days.extend(days.iter().map(|day| (*day, now)));
        true
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

    fn doors() -> Doors {
        Doors::of(Absences::default())
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
        let (doors, first, second) = (doors(), Store::busy(), Store::free());
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
        let (doors, first, second) = (doors(), Store::busy(), Store::free());
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
        let (doors, old) = (doors(), [UtcDay(1)]);
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
    async fn an_absence_closes_every_day_and_a_slow_store_does_not() {
        let doors = doors();
        assert_eq!((requests(&doors, &TODAY).await, requests(&doors, &TOMORROW).await), (2, 2));
        let slow = || StoreError::Unavailable {
            operation: "writing",
            reason: "no answer in time".to_owned(),
            retry_after: None,
        };
        doors.write(&TODAY, async || Err(slow())).await.unwrap_err();
        assert_eq!(requests(&doors, &TODAY).await, 1);
        doors.absences.another();
        assert_eq!((requests(&doors, &TODAY).await, requests(&doors, &TOMORROW).await), (2, 2));
        assert_eq!(requests(&doors, &TODAY).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_under_way_when_the_store_was_away_is_written_as_the_first() {
        let (doors, open, first) = (doors(), Store::busy(), Store::busy());
        assert_eq!(requests(&doors, &TODAY).await, 2);
        let mut of_today = std::pin::pin!(doors.write(&TODAY, || open.post()));
        let mut of_tomorrow = std::pin::pin!(doors.write(&TOMORROW, || first.post()));
        assert!(waits(of_today.as_mut()).await && waits(of_tomorrow.as_mut()).await);
        doors.absences.another();
        open.answer(10);
        first.answer(10);
        let (today, tomorrow) = tokio::join!(of_today, of_tomorrow);
        today.and(tomorrow).unwrap();
        assert_eq!((open.asked(), first.asked()), (3, 4));
    }
}
