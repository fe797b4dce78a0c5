use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use domain::measurement::{MeasurementStore, StoreError};
use domain::rollup::UtcDay;
use domain::{TickBatch, Ticks};
use futures_util::future::join_all;

use super::{NO_DAY, Spread};

/// What goes to one store.
#[derive(Default)]
struct Part {
    batch: TickBatch,
    /// Where each of its ticks is in the whole.
    places: Vec<usize>,
}

impl<T> Spread<T> {
    /// A copy of the ticks for each store. Notes the latest day of them.
    fn parts(&self, ticks: Ticks<'_>) -> Vec<Part> {
        let mut parts: Vec<Part> = self.stores.iter().map(|_| Part::default()).collect();
        let mut last = None;
        for (place, tick) in ticks.iter().enumerate() {
            let whose = (tick.hub, UtcDay::of(tick.start));
            // A container's ticks are of one hub, and mostly of one day.
            let (_, store) = last.filter(|(last, _)| *last == whose).unwrap_or_else(|| {
                let found = (whose, self.placement.of(tick.hub, whose.1));
                self.latest.fetch_max(whose.1.0, Ordering::Relaxed);
                last = Some(found);
                found
            });
            let part = &mut parts[store];
            let mut draft = part.batch.begin(tick.hub, tick.sequence, tick.length);
            draft.joules().extend_from_slice(tick.joules);
            if draft.tick(tick.start, tick.mask) {
                draft.finish();
                part.places.push(place);
            }
        }
        parts
    }
}

#[async_trait]
impl<T: MeasurementStore> MeasurementStore for Spread<T> {
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        if let [only] = self.stores.as_slice() {
            return only.store.write(ticks).await;
        }
        let parts = self.parts(ticks);
        let written = self.stores.iter().zip(&parts).filter(|(_, part)| !part.batch.all().is_empty()).map(
            async |(store, part)| {
                let outcome = self.said(store, store.store.write(part.batch.all()).await);
                outcome.map_err(|error| placed(error, &part.places))
            },
        );
        join_all(written).await.into_iter().filter_map(Result::err).reduce(both).map_or(Ok(()), Err)
    }

    /// All must that take ticks of the latest day, as every batch has some for each. Those that take none any more, or none
    /// yet, may be away.
    async fn ready(&self) -> Result<(), StoreError> {
        let latest = self.latest.load(Ordering::Relaxed);
        let takes = |place: &usize| latest == NO_DAY || self.placement.of_day(UtcDay(latest)).contains(place);
        let taking = (0..self.stores.len()).filter(takes).map(|place| &self.stores[place]);
        let asked = taking.map(async |store| self.said(store, store.store.ready().await));
        join_all(asked).await.into_iter().filter_map(Result::err).reduce(both).map_or(Ok(()), Err)
    }
}

/// With the places of the ticks in the whole.
fn placed(mut error: StoreError, places: &[usize]) -> StoreError {
    if let StoreError::Rejected { ticks, .. } = &mut error {
        for (place, _) in ticks {
            *place = places.get(*place).copied().unwrap_or(*place);
        }
    }
    error
}

/// What two stores said, in one error: first that an operator is needed, then that it is to be tried again; what is rejected
/// is rejected then too.
fn both(one: StoreError, other: StoreError) -> StoreError {
    use StoreError::{Rejected, Unavailable};
    match (one, other) {
        (
            Unavailable { operation, reason, retry_after },
            Unavailable { reason: too, retry_after: later, .. },
        ) => {
            let retry_after: Option<Duration> = retry_after.max(later);
            Unavailable { operation, reason: format!("{reason}; {too}"), retry_after }
        }
        (Rejected { operation, reason, ticks }, Rejected { reason: too, ticks: others, .. }) => {
            // If one cannot say which, it could be any.
            let is_known = !ticks.is_empty() && !others.is_empty();
            let ticks = if is_known { [ticks, others].concat() } else { Vec::new() };
            Rejected { operation, reason: format!("{reason}; {too}"), ticks }
        }
        (one, other) if gravity(&one) < gravity(&other) => other,
        (one, _) => one,
    }
}

const fn gravity(error: &StoreError) -> u8 {
    match error {
        StoreError::Rejected { .. } => 0,
        StoreError::Unavailable { .. } => 1,
        StoreError::Unauthorised { .. } => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(reason: &str, ticks: &[usize]) -> StoreError {
        let ticks = ticks.iter().map(|&place| (place, reason.to_owned())).collect();
        StoreError::Rejected { operation: "writing", reason: reason.to_owned(), ticks }
    }

    fn away(secs: Option<u64>) -> StoreError {
        let retry_after = secs.map(Duration::from_secs);
        StoreError::Unavailable { operation: "writing", reason: "away".to_owned(), retry_after }
    }

    #[test]
    fn who_is_away_is_asked_again_before_anything_counts_as_rejected() {
        assert!(matches!(both(rejected("a", &[1]), away(None)), StoreError::Unavailable { .. }));
        let StoreError::Unavailable { retry_after, .. } = both(away(Some(3)), away(None)) else { panic!() };
        assert_eq!(retry_after, Some(Duration::from_secs(3)));
    }

    #[test]
    fn if_one_does_not_say_which_tick_it_could_be_any() {
        let blamed = |error| match error {
            StoreError::Rejected { ticks, .. } => ticks.into_iter().map(|(place, _)| place).collect(),
            _ => vec![usize::MAX],
        };
        assert_eq!(blamed(both(rejected("a", &[1, 7]), rejected("b", &[3]))), [1, 7, 3]);
        assert_eq!(blamed(both(rejected("a", &[1]), rejected("b", &[]))), [0; 0]);
        assert_eq!(blamed(placed(rejected("a", &[0, 2]), &[4, 5, 9])), [4, 9]);
    }
}
