//! Usage tick by tick, as it was measured.

use domain::access::HubGrant;
use domain::measurement::{BucketSum, MeasurementQuery, SocketSums, StoreError, StoredTick};
use domain::{HubId, SocketNumber, TickLength, TimeRange, UtcMillis};

/// Every tick length divides it.
const MINUTE_MILLIS: i64 = 60_000;

/// Hubs with their ticks.
pub(crate) struct Ticks(Vec<(HubId, Vec<StoredTick>)>);

impl Ticks {
    pub(crate) async fn gather(
        query: &dyn MeasurementQuery,
        grants: impl IntoIterator<Item = &HubGrant>,
        range: TimeRange,
    ) -> Result<Self, StoreError> {
        // How long the ticks are shows only when they are there; the first bucket may begin before the range does.
        let minutes = TimeRange::new(range.start.floor_to(MINUTE_MILLIS), range.end.ceil_to(MINUTE_MILLIS));
        let mut all = Vec::new();
        for grant in grants {
            let range = grant.clip(minutes);
            if !range.is_empty() {
                all.push((grant.hub, query.ticks(grant.hub, range).await?));
            }
        }
        Ok(Self(all))
    }

    /// The length of a bucket that holds whole ticks of every hub.
    pub(super) fn length(&self) -> TickLength {
        common_length(&self.0)
    }

    /// The edges of such buckets in `range`, which is widened to whole ones.
    pub(crate) fn edges(&self, range: TimeRange) -> Vec<UtcMillis> {
        let length = self.length().millis_i64();
        let (start, end) = (range.start.floor_to(length), range.end.ceil_to(length));
        (0..=end.millis_since(start) / length).map(|n| start.plus_millis(n * length)).collect()
    }

    pub(crate) fn sums(&self) -> impl Iterator<Item = (HubId, Vec<SocketSums>)> + '_ {
        self.0.iter().map(|(hub, ticks)| (*hub, tick_sums(ticks)))
    }
}

/// The shortest bucket that holds whole ticks of every hub: tick lengths divide a minute.
fn common_length(hubs: &[(HubId, Vec<StoredTick>)]) -> TickLength {
    hubs.iter()
        .flat_map(|(_, ticks)| ticks)
        .map(|tick| tick.length)
        .reduce(|a, b| if a == b { a } else { least_common_multiple(a, b) })
        .unwrap_or_default()
}

fn least_common_multiple(a: TickLength, b: TickLength) -> TickLength {
    (1..=60u32)
        .filter(|secs| secs.is_multiple_of(a.secs()) && secs.is_multiple_of(b.secs()))
        .find_map(|secs| TickLength::from_secs(secs).ok())
        .unwrap_or(a)
}

fn tick_sums(ticks: &[StoredTick]) -> Vec<SocketSums> {
    let mut sockets: Vec<Vec<BucketSum>> = vec![Vec::new(); domain::ids::MAX_SOCKETS];
    for tick in ticks {
        for (socket, energy) in tick.energy.iter() {
            sockets[socket.index()].push(BucketSum::of_tick(tick.start, tick.length, energy));
        }
    }
    SocketNumber::in_mask(u64::MAX)
        .zip(sockets)
        .filter(|(_, sums)| !sums.is_empty())
        .map(|(socket, sums)| SocketSums { socket, sums })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_of_different_ticks_share_the_shortest_bucket_that_fits_both() {
        let secs = |n| TickLength::from_secs(n).unwrap();
        assert_eq!(least_common_multiple(secs(4), secs(6)), secs(12));
        assert_eq!(least_common_multiple(secs(10), secs(60)), secs(60));
        assert_eq!(least_common_multiple(secs(12), secs(5)), secs(60));
    }
}
