//! Usage tick by tick, as it was measured.

use domain::access::HubGrant;
use domain::measurement::{BucketSum, MeasurementQuery, SocketSums, StoreError, StoredTick};
use domain::registry::Succession;
use domain::{HubId, SocketNumber, TickLength, TimeRange, UtcMillis};

use super::only::Only;

/// Every tick length divides it.
const MINUTE_MILLIS: i64 = 60_000;
const MINUTE_SECS: u32 = 60;
/// More of them nobody can tell apart on a screen: half a day of ticks of 1 s.
const MAX_BUCKETS: i64 = 40_000;

/// Hubs with their ticks.
pub(crate) struct Ticks(Vec<(HubId, Vec<StoredTick>)>);

impl Ticks {
    /// Of what is asked for alone.
    pub(crate) async fn gather(
        query: &dyn MeasurementQuery,
        grants: impl IntoIterator<Item = &HubGrant>,
        only: Only,
        successions: &[Succession],
        range: TimeRange,
    ) -> Result<Self, StoreError> {
        // How long the ticks are shows only when they are there; the first bucket may begin before the range does.
        let minutes = TimeRange::new(range.start.floor_to(MINUTE_MILLIS), range.end.ceil_to(MINUTE_MILLIS));
        let mut all = Vec::new();
        for grant in grants {
            let range = grant.clip(minutes);
            if range.is_empty() {
                continue;
            }
            let ticks = match only.measured_by(grant.hub, successions) {
                0 => continue,
                u64::MAX => query.ticks(grant.hub, range).await?,
                mask => query.socket_ticks(grant.hub, mask, range).await?,
            };
            all.push((grant.hub, ticks));
        }
        Ok(Self(all))
    }

    /// The length of a bucket that holds whole ticks of every hub, so long that the range has not too many of them: a
    /// minute at most, which is what every tick length divides.
    pub(super) fn length(&self, range: TimeRange) -> TickLength {
        let common = common_length(&self.0);
        let fits = |length: &TickLength| whole_buckets(range, *length).1 <= MAX_BUCKETS;
        multiples(common).find(fits).unwrap_or(common)
    }

    /// The edges of the ticks in `range`, which is widened to whole ones; with hubs of different ticks, of buckets that
    /// hold whole ones of each.
    pub(crate) fn edges(&self, range: TimeRange) -> Vec<UtcMillis> {
        edges(range, common_length(&self.0))
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
    multiples(a).find(|length| length.secs().is_multiple_of(b.secs())).unwrap_or(a)
}

/// The tick lengths that are a multiple of this one, the shortest first.
fn multiples(length: TickLength) -> impl Iterator<Item = TickLength> {
    let secs = (1..=MINUTE_SECS).filter(move |secs| secs.is_multiple_of(length.secs()));
    secs.filter_map(|secs| TickLength::from_secs(secs).ok())
}

/// The edges of the buckets in `range`, which is widened to whole ones.
pub(super) fn edges(range: TimeRange, length: TickLength) -> Vec<UtcMillis> {
    let (start, count) = whole_buckets(range, length);
    (0..=count).map(|n| start.plus_millis(n * length.millis_i64())).collect()
}

/// Where the first one starts, and how many there are.
fn whole_buckets(range: TimeRange, length: TickLength) -> (UtcMillis, i64) {
    let length = length.millis_i64();
    let (start, end) = (range.start.floor_to(length), range.end.ceil_to(length));
    (start, end.millis_since(start) / length)
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
    use domain::SocketJoules;

    use super::*;

    #[test]
    fn hubs_of_different_ticks_share_the_shortest_bucket_that_fits_both() {
        let secs = |n| TickLength::from_secs(n).unwrap();
        assert_eq!(least_common_multiple(secs(4), secs(6)), secs(12));
        assert_eq!(least_common_multiple(secs(10), secs(60)), secs(60));
        assert_eq!(least_common_multiple(secs(12), secs(5)), secs(60));
    }

    #[test]
    fn two_days_of_any_tick_are_few_enough_buckets() {
        let hub = HubId::from_bytes([1; 16]);
        let days = |millis: i64| TimeRange::new(UtcMillis(0), UtcMillis(millis));
        for (secs, of_a_day, of_two) in
            [(1, 3, 5), (2, 4, 6), (3, 3, 6), (4, 4, 12), (5, 5, 5), (10, 10, 10), (60, 60, 60)]
        {
            let length = TickLength::from_secs(secs).unwrap();
            let tick = StoredTick { start: UtcMillis(0), length, energy: SocketJoules::default() };
            let ticks = Ticks(vec![(hub, vec![tick])]);
            for (range, bucket) in [(days(86_400_000), of_a_day), (days(172_800_000), of_two)] {
                assert_eq!(ticks.length(range).secs(), bucket, "{secs}");
                assert!(edges(range, ticks.length(range)).len() <= 40_001, "{secs}");
            }
            assert_eq!(ticks.length(days(3_600_000)), length);
        }
    }
}
