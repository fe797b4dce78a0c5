//! One hub's ticks into its days.

use std::collections::BTreeSet;

use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::measurement::StoreError;
use domain::rollup::{DayRollup, Detail, Mark, PackedDay, QUARTERS, Roller, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use tokio_util::sync::CancellationToken;

use crate::Deps;

/// So much of a hub is held at once: a day of 1 s ticks is too much for several hubs.
const PIECE_MILLIS: i64 = 6 * 3_600_000;
/// Days that are looked at in one go for whether anything was measured.
const LONGEST_LOOK: i32 = 512;

/// Why work on a hub ended early.
pub(crate) enum Halt {
    Store(StoreError),
    Stopped,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A step of a pass works on hubs by this, as of one moment. Whatever it does may be done again, and may end at any instant.
pub(crate) struct Rolling<'a> {
    pub(crate) deps: &'a Deps,
    /// Everything that starts before is there, or will be marked.
    pub(crate) limit: UtcMillis,
    /// Ticks from before may be gone.
    pub(crate) forgotten: Option<UtcMillis>,
    pub(crate) stop: CancellationToken,
}

impl Rolling<'_> {
    /// Rolls up all that is not yet, day by day up to the limit, so that wherever it ends the days before are done.
    /// Gives up to when the hub is rolled up then.
    pub(crate) async fn bring_up(&self, hub: HubId) -> Result<UtcMillis, Halt> {
        let watermark = self.deps.rollups.watermark(hub).await?;
        let from = match watermark {
            Some(watermark) => watermark,
            None => match self.deps.rollups.first_tick(hub).await? {
                Some(first) => UtcDay::of(first).start(),
                None => return Ok(self.limit),
            },
        };
        let days = UtcDay::touching(TimeRange::new(from, self.limit));
        let mut day = days.start;
        while day < days.end {
            self.go_on()?;
            let is_last = day.next() == days.end;
            let is_measured = self.extend(hub, day, from, is_last).await?;
            day = day.next();
            if !is_measured && !is_last {
                day = self.skip_silence(hub, day, UtcDay(days.end.0 - 1)).await?;
            }
        }
        Ok(watermark.map_or(self.limit, |watermark| watermark.max(self.limit)))
    }

    /// The first day from `day` on with a measurement, `last` when there is none before. Looks further and further
    /// ahead, so that years of silence are not asked for day by day.
    async fn skip_silence(&self, hub: HubId, mut day: UtcDay, last: UtcDay) -> Result<UtcDay, Halt> {
        let mut ahead = 1;
        while day < last {
            self.go_on()?;
            let until = UtcDay(day.0.saturating_add(ahead)).min(last);
            let sums = self.deps.query.quarter_hours(hub, TimeRange::new(day.start(), until.start())).await?;
            if let Some(first) =
                sums.iter().filter_map(|socket| socket.sums.first()).map(|sum| sum.start).min()
            {
                return Ok(UtcDay::of(first));
            }
            day = until;
            ahead = (ahead * 2).min(LONGEST_LOOK);
        }
        Ok(day)
    }

    /// What is rolled up of the day before `from` stays, what follows up to the limit is put behind it. Whether
    /// anything was measured there.
    async fn extend(
        &self,
        hub: HubId,
        day: UtcDay,
        from: UtcMillis,
        is_last: bool,
    ) -> Result<bool, StoreError> {
        let begun = if from > day.start() { self.page(hub, day).await? } else { None };
        let start = begun.as_ref().map_or(day.start(), DayRollup::until);
        let later = self.roll(hub, day, TimeRange::new(start, day.next().start().min(self.limit))).await?;
        let (is_begun, is_measured) = (begun.is_some(), !later.sockets.is_empty());
        let rollup = match begun {
            Some(begun) => {
                let quarters = begun.quarters;
                begun.followed_by(quarters, &later)
            }
            None => later,
        };
        // Nothing is said of a day on which nothing was measured, unless it is the last: the watermark stands there.
        if is_last || is_begun || is_measured {
            self.put(&rollup).await?;
        }
        Ok(is_measured)
    }

    /// Rolls marked days up again and settles the marks, which were read before any of the ticks is.
    pub(crate) async fn settle(&self, hub: HubId, marks: &[Mark]) -> Result<usize, Halt> {
        // First, because the watermark is the end of the latest day that is there: the page of a late day beyond it
        // would hide the days in between, which would then never be rolled up.
        let reached = self.bring_up(hub).await?;
        let mut done = BTreeSet::new();
        let outcome = self.roll_again(hub, marks, reached, &mut done).await;
        // Also when it ended early. A mark that came meanwhile has another nonce and stays.
        let settled: Vec<Mark> = marks.iter().filter(|mark| done.contains(&mark.day)).copied().collect();
        if !settled.is_empty() {
            self.deps.rollups.settle(&settled).await?;
        }
        outcome.map(|()| done.len())
    }

    async fn roll_again(
        &self,
        hub: HubId,
        marks: &[Mark],
        reached: UtcMillis,
        done: &mut BTreeSet<UtcDay>,
    ) -> Result<(), Halt> {
        let days: BTreeSet<UtcDay> = marks.iter().map(|mark| mark.day).collect();
        for day in days {
            self.go_on()?;
            self.replace(hub, day, reached).await?;
            done.insert(day);
        }
        Ok(())
    }

    /// The day as its ticks are now, but for what was known of it already and whose ticks are gone.
    async fn replace(&self, hub: HubId, day: UtcDay, reached: UtcMillis) -> Result<(), Halt> {
        let before = self.page(hub, day).await?;
        // Of what no page tells there is nothing to lose.
        let quarters = before.as_ref().map_or(0, |page| page.quarters.min(self.forgotten_quarters(day)));
        let start = day.start().plus_millis(i64::from(quarters) * QUARTER_HOUR_MILLIS);
        let range = TimeRange::new(start, day.next().start().min(reached));
        if range.is_empty() {
            // Not rolled up yet, and will be with all that is there by then; or forgotten.
            return Ok(());
        }
        let later = self.roll(hub, day, range).await?;
        // Late ticks were there when the mark was made: a store that has none any more has forgotten the day.
        if !later.sockets.is_empty() {
            let anew = match before {
                // Ticks may be gone that no setting tells of: it has changed, or the store has a rule of its own.
                Some(before) => before.clone().followed_by(quarters, &later).keeping(&before),
                None => later,
            };
            self.put(&anew).await?;
        }
        Ok(())
    }

    /// How many of the day's first quarter hours have ticks that may be gone.
    fn forgotten_quarters(&self, day: UtcDay) -> u8 {
        let Some(forgotten) = self.forgotten else { return 0 };
        let quarters = forgotten.ceil_to(QUARTER_HOUR_MILLIS).millis_since(day.start()) / QUARTER_HOUR_MILLIS;
        let quarters = usize::try_from(quarters.max(0)).unwrap_or(QUARTERS).min(QUARTERS);
        u8::try_from(quarters).unwrap_or(0)
    }

    async fn roll(&self, hub: HubId, day: UtcDay, range: TimeRange) -> Result<DayRollup, StoreError> {
        let mut roller = Roller::new(hub, day);
        let mut start = range.start;
        while start < range.end {
            let end = start.plus_millis(PIECE_MILLIS).floor_to(PIECE_MILLIS).min(range.end);
            for tick in self.deps.query.ticks(hub, TimeRange::new(start, end)).await? {
                roller.push(&tick);
            }
            start = end;
        }
        Ok(roller.finish(range.end))
    }

    /// What is rolled up of the day, if it can be read: else it is made anew.
    async fn page(&self, hub: HubId, day: UtcDay) -> Result<Option<DayRollup>, StoreError> {
        let pages = self.deps.rollups.days(hub, day..day.next(), Detail::Power).await?;
        Ok(pages.first().and_then(|page| match page.unpack(Detail::Power) {
            Ok(page) => Some(page),
            Err(error) => {
                tracing::error!(%hub, %day, %error, "a rollup is damaged and made anew");
                None
            }
        }))
    }

    async fn put(&self, rollup: &DayRollup) -> Result<(), StoreError> {
        self.deps.rollups.put_days(&[PackedDay::pack(rollup)]).await
    }

    fn go_on(&self) -> Result<(), Halt> {
        if self.stop.is_cancelled() { Err(Halt::Stopped) } else { Ok(()) }
    }
}
