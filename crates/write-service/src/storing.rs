//! One batch into the store, whatever the store says.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use domain::Container;
use domain::measurement::{MeasurementStore, StoreError};
use service::backoff::Backoff;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The store may ask for more patience than ours, but not for more than this.
const LONGEST_ASKED: Duration = Duration::from_mins(1);
/// How often a lasting failure is said again.
const REMIND: Duration = Duration::from_mins(1);

/// What the store will never take: places in the batch, and its reasons.
pub(crate) type Rejections = BTreeMap<usize, String>;

/// Writes until the store has said yes or no to every container. `None` when `give_up` came first: then nothing
/// is known about any of them.
pub(crate) async fn store(
    store: &dyn MeasurementStore,
    containers: &[Container],
    give_up: &CancellationToken,
) -> Option<Rejections> {
    let mut rejections = Rejections::new();
    // Still to be written, first one last. A rejected range is cut in halves until the container at fault stands
    // alone.
    let mut ranges: Vec<Range<usize>> = std::iter::once(0..containers.len()).collect();
    while let Some(range) = ranges.pop() {
        if range.is_empty() {
            continue;
        }
        match write_patiently(store, &containers[range.clone()], give_up).await? {
            Ok(()) => {}
            Err(reason) if range.len() == 1 => {
                rejections.insert(range.start, reason);
            }
            Err(_) => {
                let middle = range.start + range.len() / 2;
                ranges.push(middle..range.end);
                ranges.push(range.start..middle);
            }
        }
    }
    Some(rejections)
}

/// Tries again for as long as the store is not to blame for its "no". Says so when it begins, once a minute,
/// and when it is over.
async fn write_patiently(
    store: &dyn MeasurementStore,
    containers: &[Container],
    give_up: &CancellationToken,
) -> Option<Result<(), String>> {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    let began = Instant::now();
    let mut said: Option<Instant> = None;
    loop {
        let outcome = tokio::select! {
            biased;
            () = give_up.cancelled() => return None,
            outcome = store.write(containers) => outcome,
        };
        let error = match outcome {
            Ok(()) => {
                if said.is_some() {
                    tracing::info!(after_secs = began.elapsed().as_secs(), "the store takes writes again");
                }
                return Some(Ok(()));
            }
            Err(StoreError::Rejected { reason, .. }) => return Some(Err(reason)),
            Err(error) => error,
        };
        if said.is_none_or(|at| at.elapsed() >= REMIND) {
            tracing::warn!(
                %error,
                containers = containers.len(),
                "the store does not take writes; containers wait in the transport"
            );
            said = Some(Instant::now());
        }
        let wait = wait_after(&error, &mut backoff);
        tokio::select! {
            () = give_up.cancelled() => return None,
            () = tokio::time::sleep(wait) => {}
        }
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
