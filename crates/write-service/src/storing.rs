//! One batch into the store, whatever the store says, and the marks of what came late.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Ticks;
use domain::measurement::{MeasurementStore, StoreError};
use domain::rollup::{Mark, Rollups};
use service::backoff::Backoff;
use service::metrics::InFlight;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::measures::{Measures, WriteLabels};

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A store that is away is first asked whether it is back: it may hang, and a write waits for its answer far longer.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// The store may ask for more patience than ours, but not for more than this.
const LONGEST_ASKED: Duration = Duration::from_mins(1);
/// How often a lasting failure is said again.
const REMIND: Duration = Duration::from_mins(1);

/// What the store will never take of a batch.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Its reason, by the tick's container and place in it.
    rejected: BTreeMap<(usize, usize), String>,
    values: usize,
}

impl Outcome {
    pub(crate) const fn rejected_values(&self) -> usize {
        self.values
    }

    /// Whether the store will never take the tick at this place of the container at that.
    pub(crate) fn has_rejected(&self, container: usize, place: usize) -> bool {
        self.rejected.contains_key(&(container, place))
    }

    /// Of the container at `place`, which the store will never take.
    pub(crate) fn rejected_values_of(&self, ticks: Ticks<'_>, place: usize) -> usize {
        let rejected = self.rejected.range((place, 0)..(place + 1, 0));
        rejected.map(|((_, tick), _)| ticks.get(*tick).joules.len()).sum()
    }

    /// Why not all of this container, the one at `place`, is stored.
    pub(crate) fn reason(&self, ticks: Ticks<'_>, place: usize) -> Option<String> {
        let mut rejected = self.rejected.range((place, 0)..(place + 1, 0));
        let ((_, tick), reason) = rejected.next()?;
        let count = 1 + rejected.count();
        Some(match ticks.len() {
            all if all == count => reason.clone(),
            all => {
                format!("{reason} (from its tick {tick} on {count} of {all} are refused, the others stored)")
            }
        })
    }

    fn reject(&mut self, ticks: Ticks<'_>, place: usize, reason: String) {
        let tick = ticks.get(place);
        // Its place in its container: how many before it are of the same.
        let in_container =
            (0..place).rev().take_while(|&before| ticks.get(before).container == tick.container).count();
        if self.rejected.insert((tick.container, in_container), reason).is_none() {
            self.values += tick.joules.len();
        }
    }
}

/// A store, and how it has been lately.
pub(crate) struct Storing<'a> {
    store: &'a dyn MeasurementStore,
    stale: &'a dyn Rollups,
    measures: &'a Measures,
    give_up: &'a CancellationToken,
    outage: Mutex<Outage>,
}

/// One for all writes under way: they fail together, and that is said once.
#[derive(Default)]
struct Outage {
    began: Option<Instant>,
    said: Option<Instant>,
    /// The store has asked not to be asked before.
    until: Option<Instant>,
}

impl<'a> Storing<'a> {
    pub(crate) fn new(
        store: &'a dyn MeasurementStore,
        stale: &'a dyn Rollups,
        measures: &'a Measures,
        give_up: &'a CancellationToken,
    ) -> Self {
        Self { store, stale, measures, give_up, outage: Mutex::default() }
    }

    /// Writes all ticks of a batch until the store has said yes or no to each of them. `None` when it was time to
    /// give up first: then nothing is known about any of them.
    pub(crate) async fn store(&self, ticks: Ticks<'_>) -> Option<Outcome> {
        let mut outcome = Outcome::default();
        // Still to be written, first one last. A rejected range is cut around the ticks that the store names, or in
        // halves until the tick at fault stands alone.
        let mut ranges: Vec<Range<usize>> = std::iter::once(0..ticks.len()).collect();
        while let Some(range) = ranges.pop() {
            if range.is_empty() {
                continue;
            }
            let part = ticks.slice(range.clone());
            let Err((reason, mut named)) = self.patiently(|| self.write(part)).await? else {
                continue;
            };
            named.retain(|(place, _)| *place < range.len());
            if !named.is_empty() {
                named.sort();
                named.dedup_by_key(|(place, _)| *place);
                let mut end = range.end;
                for (place, reason) in named.into_iter().rev() {
                    let place = range.start + place;
                    outcome.reject(ticks, place, reason);
                    ranges.push(place + 1..end);
                    end = place;
                }
                ranges.push(range.start..end);
            } else if range.len() == 1 {
                outcome.reject(ticks, range.start, reason);
            } else {
                let middle = range.start + range.len() / 2;
                ranges.push(middle..range.end);
                ranges.push(range.start..middle);
            }
        }
        Some(outcome)
    }

    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        let begin = Instant::now();
        let _in_flight = InFlight::enter(self.measures.writes_in_flight.clone());
        let written = self.store.write(ticks).await;
        let outcome = match &written {
            Ok(()) => "stored",
            Err(StoreError::Rejected { .. }) => "rejected",
            Err(_) => "failed",
        };
        let writes = self.measures.writes.get_or_create(&WriteLabels { outcome });
        writes.observe(begin.elapsed().as_secs_f64());
        written
    }

    /// Returns when the marks are durable. `None` when it was time to give up first.
    pub(crate) async fn mark(&self, marks: &[Mark]) -> Option<()> {
        if marks.is_empty() {
            return Some(());
        }
        let call = || async { self.stale.mark(marks).await.map_err(never_for_good) };
        // Nothing is rejected here.
        self.patiently(call).await.map(drop)
    }

    /// Tries again for as long as the store is not to blame for its "no". The reason for a "no", and those of the
    /// ticks that it names.
    async fn patiently<F>(&self, call: impl Fn() -> F) -> Option<Result<(), (String, Vec<(usize, String)>)>>
    where
        F: Future<Output = Result<(), StoreError>>,
    {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let when_asked = async {
                // A store that asks for patience asks it of all, not only of whoever it told so.
                while let Some(until) = self.asked_to_wait() {
                    sleep_until(until).await;
                }
                if self.is_away() {
                    self.is_back().await?;
                }
                call().await
            };
            let outcome = tokio::select! {
                biased;
                () = self.give_up.cancelled() => return None,
                outcome = when_asked => outcome,
            };
            let error = match outcome {
                Ok(()) => {
                    self.takes_writes();
                    return Some(Ok(()));
                }
                Err(StoreError::Rejected { reason, ticks, .. }) => return Some(Err((reason, ticks))),
                Err(error) => error,
            };
            self.takes_none(&error);
            let wait = wait_after(&error, &mut backoff);
            tokio::select! {
                () = self.give_up.cancelled() => return None,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn is_away(&self) -> bool {
        self.outage().began.is_some()
    }

    async fn is_back(&self) -> Result<(), StoreError> {
        timeout(BACK_WITHIN, self.store.ready()).await.unwrap_or_else(|_| {
            let (operation, reason) = ("asking whether the store is back", "no answer in time".to_owned());
            Err(StoreError::Unavailable { operation, reason, retry_after: None })
        })
    }

    fn asked_to_wait(&self) -> Option<Instant> {
        self.outage().until.filter(|until| *until > Instant::now())
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn takes_writes(&self) {
        let outage = std::mem::take(&mut *self.outage());
        if let Some(began) = outage.began {
            self.measures.store_is(true);
            tracing::info!(after_secs = began.elapsed().as_secs(), "the store takes writes again");
        }
    }

    /// Says so when it begins, and once a minute.
    fn takes_none(&self, error: &StoreError) {
        let mut outage = self.outage();
        if let StoreError::Unavailable { retry_after: Some(asked), .. } = error {
            outage.until = outage.until.max(Some(Instant::now() + (*asked).min(LONGEST_ASKED)));
        }
        outage.began.get_or_insert_with(Instant::now);
        self.measures.store_is(false);
        if outage.said.is_none_or(|at| at.elapsed() >= REMIND) {
            tracing::warn!(%error, "the store does not take writes; containers wait in the transport");
            outage.said = Some(Instant::now());
        }
    }
}

/// There are no bad marks. One that was given up would keep ticks out of the rollups for ever, so an operator has to
/// see to whatever is wrong.
fn never_for_good(error: StoreError) -> StoreError {
    match error {
        StoreError::Rejected { operation, reason, .. } => {
            StoreError::Unavailable { operation, reason, retry_after: None }
        }
        other => other,
    }
}

fn wait_after(error: &StoreError, backoff: &mut Backoff) -> Duration {
    match error {
        // Only an operator can help, who takes longer than a store that restarts.
        StoreError::Unauthorised { .. } => Backoff::new(LONGEST_WAIT, LONGEST_WAIT).next_wait(),
        StoreError::Unavailable { retry_after: Some(asked), .. } => {
            backoff.next_wait().max((*asked).min(LONGEST_ASKED))
        }
        _ => backoff.next_wait(),
    }
}
