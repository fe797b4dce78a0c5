//! Has days rolled up again: as if late ticks had come for each of them.

use domain::HubId;
use domain::measurement::StoreError;
use domain::rollup::{Mark, Rollups, UtcDay};

use crate::persistent::persistently;

/// Marks that are written with one call.
const AT_ONCE: usize = 5_000;

/// Marks these days; gives how many marks that were. The rollup-worker does the rest, and settles them: a day without ticks
/// costs it one question.
pub async fn mark(
    rollups: &dyn Rollups,
    days: impl IntoIterator<Item = (HubId, UtcDay)>,
) -> Result<usize, StoreError> {
    let mark = |(hub, day)| Mark { hub, day, nonce: rand::random_range(0..Mark::NONCES) };
    let marks: Vec<Mark> = days.into_iter().map(mark).collect();
    for some in marks.chunks(AT_ONCE) {
        persistently(async || rollups.mark(some).await).await?;
    }
    Ok(marks.len())
}
