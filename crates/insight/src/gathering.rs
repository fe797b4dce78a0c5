//! The quarter hours of a household's hubs: from rollups as far as there are any, and from ticks after that.
//!
//! So an answer is right at any time, and quick as long as the rollup worker keeps up. The rollups of a week before and
//! after what is asked for are looked at too: they tell which sockets are expected in it.

use std::time::Duration;

use domain::access::HubGrant;
use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::measurement::{MeasurementQuery, SocketSums, StoreError, sum_quarter_hours};
use domain::rollup::{BadRollup, Detail, PackedDay, Rollups, UtcDay};
use domain::usage::{LONGEST_OUTAGE_MILLIS, UsageBuilder};
use domain::{HubId, TimeRange, UtcMillis};
use futures_util::future::{try_join, try_join_all, try_join3};

/// What was measured, as far as it is asked for.
pub struct Gathered {
    parts: Vec<Part>,
    /// Hubs that are the household's no more, and since when.
    gone: Vec<(HubId, UtcMillis)>,
    power_since: Option<UtcMillis>,
}

enum Part {
    /// `within` is asked for; all that is in `held` was measured for the household.
    Day {
        day: PackedDay,
        within: TimeRange,
        held: TimeRange,
    },
    Sums {
        hub: HubId,
        sums: Vec<SocketSums>,
    },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Damaged(#[from] BadRollup),
    #[error("hub {hub} has not been rolled up since {since}, and summing that up took too long")]
    NotRolledUp { hub: HubId, since: UtcMillis },
}

/// What of the measurements is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub range: TimeRange,
    /// Energy alone before that, and from then on the highest and the lowest power too.
    pub power_since: Option<UtcMillis>,
    /// Whether it matters which sockets were to be expected: then a week on either side is read too.
    pub expectations: bool,
    /// It is given up when what is not rolled up yet takes longer than that.
    pub patience: Option<Duration>,
}

/// Everything that the hubs measured while they were the household's.
pub async fn gather(
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    grants: impl IntoIterator<Item = &HubGrant>,
    wanted: Wanted,
) -> Result<Gathered, GatherError> {
    let grants: Vec<&HubGrant> = grants.into_iter().collect();
    let asked = grants.iter().filter(|grant| !grant.clip(wanted.range).is_empty());
    let parts = try_join_all(asked.map(|grant| of_hub(query, rollups, grant, wanted))).await?;
    let parts = parts.into_iter().flatten().collect();
    Ok(Gathered { parts, gone: gone(&grants), power_since: wanted.power_since })
}

/// Of `range` nothing but when its sockets were there, as far as the hubs are rolled up.
pub async fn sightings(
    rollups: &dyn Rollups,
    grants: &[HubGrant],
    range: TimeRange,
) -> Result<Gathered, GatherError> {
    let asked = grants.iter().filter(|grant| !grant.clip(range).is_empty());
    let of_hub = async |grant: &HubGrant| {
        let days = pages(rollups, grant.hub, grant.clip(around(grant.clip(range))), None).await?;
        Ok::<_, GatherError>(parts_of(days, grant, TimeRange::new(range.start, range.start)))
    };
    let parts = try_join_all(asked.map(of_hub)).await?;
    let gone = gone(&grants.iter().collect::<Vec<_>>());
    Ok(Gathered { parts: parts.into_iter().flatten().collect(), gone, power_since: None })
}

/// The hubs that have left, and not come back.
fn gone(grants: &[&HubGrant]) -> Vec<(HubId, UtcMillis)> {
    let left = grants.iter().filter_map(|grant| Some((grant.hub, grant.until?)));
    left.filter(|(hub, until)| {
        grants.iter().all(|grant| grant.hub != *hub || grant.until.is_some_and(|end| end <= *until))
    })
    .collect()
}

/// All that the hub measured for the household.
fn held(grant: &HubGrant) -> TimeRange {
    grant.clip(TimeRange::new(UtcMillis(i64::MIN), UtcMillis(i64::MAX)))
}

/// What is expected in `range` shows in this.
fn around(range: TimeRange) -> TimeRange {
    TimeRange::new(
        UtcMillis(range.start.0.saturating_sub(LONGEST_OUTAGE_MILLIS)),
        UtcMillis(range.end.0.saturating_add(LONGEST_OUTAGE_MILLIS)),
    )
}

fn parts_of(days: Vec<PackedDay>, grant: &HubGrant, within: TimeRange) -> Vec<Part> {
    days.into_iter().map(|day| Part::Day { day, within, held: held(grant) }).collect()
}

async fn of_hub(
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    grant: &HubGrant,
    wanted: Wanted,
) -> Result<Vec<Part>, GatherError> {
    let (hub, range) = (grant.hub, grant.clip(wanted.range));
    let inner =
        TimeRange::new(range.start.ceil_to(QUARTER_HOUR_MILLIS), range.end.floor_to(QUARTER_HOUR_MILLIS));
    // Within one quarter hour there are only edges.
    let whole = if inner.is_empty() { TimeRange::new(range.end, range.end) } else { inner };
    // The watermark first: what is rolled up after it was read is in the days too, and not the other way round.
    let watermark = rollups.watermark(hub).await?;
    let days = async {
        if watermark.is_none() {
            return Ok(Vec::new());
        }
        let read = if wanted.expectations { grant.clip(around(range)) } else { range };
        Ok(pages(rollups, hub, read, wanted.power_since).await?)
    };
    let rolled_up = watermark.unwrap_or(whole.start).max(whole.start);
    let rest = since(query, hub, TimeRange::new(rolled_up, whole.end), wanted.patience);
    // A hub may have changed hands inside a quarter hour: the parts at the edges are summed from ticks.
    let edges = [TimeRange::new(range.start, whole.start), TimeRange::new(whole.end, range.end)];
    let edges = edges.into_iter().filter(|edge| !edge.is_empty()).map(|edge| query.ticks(hub, edge));
    let edges = async { Ok(try_join_all(edges).await?) };
    let (days, mut rest, edges) = try_join3(days, rest, edges).await?;

    // Both were asked for at once: what has been rolled up in between is in both.
    if let Some(last) = days.iter().rfind(|day| day.day.start() < whole.end) {
        for socket in &mut rest {
            socket.sums.retain(|sum| sum.start >= last.until());
        }
    }
    let mut parts = parts_of(days, grant, whole);
    let sums = std::iter::once(rest).chain(edges.iter().map(|ticks| sum_quarter_hours(ticks)));
    parts.extend(sums.map(|sums| Part::Sums { hub, sums }));
    Ok(parts)
}

/// Those that have an instant in `range`.
async fn pages(
    rollups: &dyn Rollups,
    hub: HubId,
    range: TimeRange,
    power_since: Option<UtcMillis>,
) -> Result<Vec<PackedDay>, StoreError> {
    let days = UtcDay::touching(range);
    let first_with_power = power_since.map_or(days.end, UtcDay::of).clamp(days.start, days.end);
    let read = async |days: std::ops::Range<UtcDay>, detail| {
        if days.is_empty() { Ok(Vec::new()) } else { rollups.days(hub, days, detail).await }
    };
    let (mut pages, with_power) = try_join(
        read(days.start..first_with_power, Detail::Energy),
        read(first_with_power..days.end, Detail::Power),
    )
    .await?;
    pages.extend(with_power);
    Ok(pages)
}

/// From ticks, what is not rolled up yet.
async fn since(
    query: &dyn MeasurementQuery,
    hub: HubId,
    rest: TimeRange,
    patience: Option<Duration>,
) -> Result<Vec<SocketSums>, GatherError> {
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let sums = query.quarter_hours(hub, rest);
    Ok(match patience {
        Some(patience) => tokio::time::timeout(patience, sums)
            .await
            .map_err(|_| GatherError::NotRolledUp { hub, since: rest.start })??,
        None => sums.await?,
    })
}

impl Gathered {
    /// Whether the powers are known of everything from `start` on.
    pub fn has_power_since(&self, start: UtcMillis) -> bool {
        self.power_since.is_some_and(|since| since <= start)
    }

    /// Adds all of it. May be called for several builders.
    pub fn add_to(&self, builder: &mut UsageBuilder<'_>) -> Result<(), GatherError> {
        self.add_to_both(builder, None)
    }

    /// Adds all of it to `builder`, and to `other`, which must not reach beyond it and has no powers, what was measured:
    /// nothing about what was to be expected. A day is unpacked once, which is most of the work.
    pub fn add_to_both<'a>(
        &self,
        builder: &mut UsageBuilder<'a>,
        mut other: Option<&mut UsageBuilder<'a>>,
    ) -> Result<(), GatherError> {
        let wanted = builder.range();
        let around = around(wanted);
        for &(hub, since) in &self.gone {
            builder.hub_gone(hub, since);
        }
        for part in &self.parts {
            match part {
                Part::Day { day, .. } if day.day.range().intersection(&around).is_empty() => {}
                Part::Day { day, within, held } => {
                    let is_wanted = !day.day.range().intersection(&wanted).intersection(within).is_empty();
                    let is_all_asked = day.day.range().intersection(within) == day.day.range();
                    let detail = if is_wanted && builder.has_power() { detail(day) } else { Detail::Energy };
                    let day = day.unpack(detail)?;
                    if !(is_wanted && is_all_asked) {
                        builder.see_day(&day, *held);
                    }
                    if is_wanted {
                        builder.add_day(&day, *within);
                        if let Some(other) = &mut other {
                            other.add_day(&day, *within);
                        }
                    }
                }
                Part::Sums { hub, sums } => {
                    builder.add_sums(*hub, sums);
                    if let Some(other) = &mut other {
                        other.add_sums(*hub, sums);
                    }
                }
            }
        }
        Ok(())
    }

    /// Calls `each` with every quarter hour of every socket.
    pub fn for_each(&self, mut each: impl FnMut(&domain::measurement::BucketSum)) -> Result<(), GatherError> {
        for part in &self.parts {
            match part {
                Part::Day { day, within, .. } if day.day.range().intersection(within).is_empty() => {}
                Part::Day { day, within, .. } => {
                    let day = day.unpack(detail(day))?;
                    for socket in &day.sockets {
                        day.sums(socket).filter(|sum| within.contains(sum.start)).for_each(|sum| each(&sum));
                    }
                }
                Part::Sums { sums, .. } => sums.iter().flat_map(|socket| &socket.sums).for_each(&mut each),
            }
        }
        Ok(())
    }
}

/// What is there of it.
fn detail(day: &PackedDay) -> Detail {
    if day.power.is_some() { Detail::Power } else { Detail::Energy }
}
