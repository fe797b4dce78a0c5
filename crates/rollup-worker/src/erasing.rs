//! What hubs measured for households that are gone goes from the ticks and from what was made of them.
//!
//! A page is a UTC day of a hub, and two households may share the day on which it changed hands: of such a page the quarter
//! hours of the one that is gone are blanked, and the quarter hour in which it happened is summed anew from the other's
//! ticks. Everything may be done twice, and ends with the note that it is done.

use std::sync::Arc;

use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::erasure::{Erasure, Erasures, MeasurementErasure};
use domain::measurement::StoreError;
use domain::rollup::{DayRollup, Detail, PackedDay, Roller, UtcDay};
use domain::{HubId, TimeRange};

use crate::Deps;

/// What it takes.
#[derive(Clone)]
pub struct Erasing {
    pub list: Arc<dyn Erasures>,
    pub store: Arc<dyn MeasurementErasure>,
}

impl Erasing {
    /// The ticks go first: what is rolled up from then on is without them.
    pub(crate) async fn erase(&self, deps: &Deps, erasure: &Erasure) -> Result<(), StoreError> {
        let (hub, range) = (erasure.hub, erasure.range());
        let days = UtcDay::touching(range);
        if days.is_empty() {
            return Ok(());
        }
        self.store.erase_ticks(hub, range).await?;
        let last = UtcDay(days.end.0 - 1);
        let is_whole = |day: UtcDay| day.range().intersection(&range) == day.range();
        let whole_from = if is_whole(days.start) { days.start } else { days.start.next() };
        let whole_until = if is_whole(last) { days.end } else { last };
        if whole_from < whole_until {
            self.store.erase_days(hub, whole_from..whole_until).await?;
        }
        let mut edges = vec![days.start, last];
        edges.dedup();
        for day in edges.into_iter().filter(|&day| !is_whole(day)) {
            self.cut(deps, hub, day, range).await?;
        }
        Ok(())
    }

    /// Of a day in which `range` begins or ends.
    async fn cut(&self, deps: &Deps, hub: HubId, day: UtcDay, range: TimeRange) -> Result<(), StoreError> {
        let pages = deps.rollups.days(hub, day..day.next(), Detail::Power).await?;
        let Some(packed) = pages.first() else { return Ok(()) };
        let left = match packed.unpack(Detail::Power) {
            Ok(page) => {
                let edges = [range.start, range.end].into_iter();
                let split = edges.filter(|edge| edge.floor_to(QUARTER_HOUR_MILLIS) != *edge).map(|edge| {
                    let quarter = edge.floor_to(QUARTER_HOUR_MILLIS);
                    TimeRange::new(quarter, quarter.plus_millis(QUARTER_HOUR_MILLIS))
                });
                let rest = roll(deps, hub, &page, split).await?;
                page.erased(range, &rest)
            }
            Err(error) => {
                tracing::error!(%hub, %day, %error, "a rollup is damaged and made anew");
                let page = DayRollup { quarters: packed.quarters, ..DayRollup::empty(hub, day) };
                roll(deps, hub, &page, std::iter::once(day.range())).await?
            }
        };
        // A day without anything may go with its marks, unless somebody else's ticks came late and wait for being rolled up.
        let is_empty =
            left.sockets.is_empty() && deps.query.quarter_hours(hub, day.range()).await?.is_empty();
        if is_empty {
            self.store.erase_days(hub, day..day.next()).await
        } else {
            self.store.replace_day(&PackedDay::pack(&left)).await
        }
    }
}

/// The ticks of `parts` that are still there, as quarter hours of the page.
async fn roll(
    deps: &Deps,
    hub: HubId,
    page: &DayRollup,
    parts: impl Iterator<Item = TimeRange>,
) -> Result<DayRollup, StoreError> {
    let mut roller = Roller::new(hub, page.day);
    let whole = TimeRange::new(page.day.start(), page.until());
    let mut parts: Vec<TimeRange> =
        parts.map(|part| part.intersection(&whole)).filter(|part| !part.is_empty()).collect();
    // Both edges may be in one.
    parts.dedup();
    for mut rest in parts {
        while !rest.is_empty() {
            // An hour at a time: a day of a busy hub is too much to be held.
            let piece =
                TimeRange::new(rest.start, rest.start.plus_millis(4 * QUARTER_HOUR_MILLIS).min(rest.end));
            deps.query.ticks(hub, piece).await?.iter().for_each(|tick| roller.push(tick));
            rest.start = piece.end;
        }
    }
    Ok(roller.finish(page.until()))
}
