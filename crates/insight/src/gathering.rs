//! The quarter hours of a household's hubs: from rollups as far as there are any, and from ticks after that.
//!
//! So an answer is right at any time, and quick as long as the rollup worker keeps up.

use std::time::Duration;

use domain::access::HubGrant;
use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::measurement::{MeasurementQuery, SocketSums, StoreError, sum_quarter_hours};
use domain::rollup::{BadRollup, Detail, PackedDay, Rollups, UtcDay};
use domain::usage::UsageBuilder;
use domain::{HubId, TimeRange, UtcMillis};
use futures_util::future::try_join_all;

/// What was measured, as far as it is asked for.
pub struct Gathered {
    parts: Vec<Part>,
    detail: Detail,
}

enum Part {
    Day { day: PackedDay, within: TimeRange },
    Sums { hub: HubId, sums: Vec<SocketSums> },
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

/// Everything that the hubs measured in `range` while they were the household's. With `patience` it is given up when what is
/// not rolled up yet takes longer than that.
pub async fn gather(
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    grants: impl IntoIterator<Item = &HubGrant>,
    range: TimeRange,
    detail: Detail,
    patience: Option<Duration>,
) -> Result<Gathered, GatherError> {
    let hubs = grants.into_iter().map(|grant| (grant.hub, grant.clip(range)));
    let hubs = hubs.filter(|(_, range)| !range.is_empty());
    let of_hub = |(hub, range)| of_hub(query, rollups, hub, range, detail, patience);
    let parts = try_join_all(hubs.map(of_hub)).await?;
    Ok(Gathered { parts: parts.into_iter().flatten().collect(), detail })
}

async fn of_hub(
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    hub: HubId,
    range: TimeRange,
    detail: Detail,
    patience: Option<Duration>,
) -> Result<Vec<Part>, GatherError> {
    let whole =
        TimeRange::new(range.start.ceil_to(QUARTER_HOUR_MILLIS), range.end.floor_to(QUARTER_HOUR_MILLIS));
    if whole.is_empty() {
        let sums = sum_quarter_hours(&query.ticks(hub, range).await?);
        return Ok(vec![Part::Sums { hub, sums }]);
    }
    // The watermark first: what is rolled up after it was read is in the days too, and not the other way round.
    let watermark = rollups.watermark(hub).await?;
    let days = match watermark {
        Some(until) if until > whole.start => rollups.days(hub, UtcDay::touching(whole), detail).await?,
        _ => Vec::new(),
    };
    let rolled_up = days.last().map(PackedDay::until).max(watermark).unwrap_or(whole.start);
    let mut parts: Vec<Part> = days.into_iter().map(|day| Part::Day { day, within: whole }).collect();

    let rest = TimeRange::new(whole.start.max(rolled_up), whole.end);
    if !rest.is_empty() {
        let sums = query.quarter_hours(hub, rest);
        let sums = match patience {
            Some(patience) => tokio::time::timeout(patience, sums)
                .await
                .map_err(|_| GatherError::NotRolledUp { hub, since: rest.start })??,
            None => sums.await?,
        };
        parts.push(Part::Sums { hub, sums });
    }
    // A hub may have changed hands inside a quarter hour: the parts at the edges are summed from ticks.
    for edge in [TimeRange::new(range.start, whole.start), TimeRange::new(whole.end, range.end)] {
        if !edge.is_empty() {
            parts.push(Part::Sums { hub, sums: sum_quarter_hours(&query.ticks(hub, edge).await?) });
        }
    }
    Ok(parts)
}

impl Gathered {
    /// What was asked for.
    pub const fn detail(&self) -> Detail {
        self.detail
    }

    /// Adds all of it. May be called for several builders.
    pub fn add_to(&self, builder: &mut UsageBuilder<'_>) -> Result<(), GatherError> {
        let wanted = builder.range();
        for part in &self.parts {
            match part {
                Part::Day { day, .. } if day.day.range().intersection(&wanted).is_empty() => {}
                Part::Day { day, within } => builder.add_day(&day.unpack(self.detail)?, *within),
                Part::Sums { hub, sums } => builder.add_sums(*hub, sums),
            }
        }
        Ok(())
    }

    /// Calls `each` with every quarter hour of every socket.
    pub fn for_each(&self, mut each: impl FnMut(&domain::measurement::BucketSum)) -> Result<(), GatherError> {
        for part in &self.parts {
            match part {
                Part::Day { day, within } => {
                    let day = day.unpack(self.detail)?;
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
