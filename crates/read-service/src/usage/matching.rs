//! What two periods can be compared by: the time that both have measured.

use std::collections::BTreeMap;

use domain::calendar::{Bucket, Zone};
use domain::usage::Usage;
use domain::{Joules, UtcMillis};
use jiff::Unit;
use jiff::civil::Date;

/// Where a bucket stands within its period.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Number(usize),
    /// On a day of 23 hours, eight o'clock still belongs to eight o'clock; `again` is the second time that it is two.
    Clock {
        day: i32,
        hour: i8,
        minute: i8,
        again: bool,
    },
}

/// Little is lost where one of them has a gap when it is looked for hour by hour in a month, and day by day in a year.
pub(super) const fn finer(bucket: Bucket) -> Bucket {
    match bucket {
        Bucket::Day => Bucket::Hour,
        Bucket::Week | Bucket::Month => Bucket::Day,
        Bucket::Year => Bucket::Month,
        Bucket::Tick | Bucket::QuarterHour | Bucket::Hour => bucket,
    }
}

/// The energy of both, over the buckets that are over and that both have measured. `None` when there are none.
///
/// What is under way would be compared with what is whole: it waits.
pub(super) fn both(here: &Usage, there: &Usage, bucket: Bucket, zone: &Zone) -> Option<(Joules, Joules)> {
    let then: BTreeMap<Place, Joules> = (0..there.bucket_count())
        .zip(places(there, bucket, zone)?)
        .filter_map(|(n, place)| Some((place, there.bucket_total(n)?)))
        .collect();
    (0..here.bucket_count())
        .zip(places(here, bucket, zone)?)
        .filter(|(n, _)| here.edges[n + 1] <= here.now)
        .filter_map(|(n, place)| Some((here.bucket_total(n)?, *then.get(&place)?)))
        .reduce(|sum, pair| (sum.0 + pair.0, sum.1 + pair.1))
}

fn places(usage: &Usage, bucket: Bucket, zone: &Zone) -> Option<Vec<Place>> {
    let starts = &usage.edges[..usage.bucket_count()];
    if matches!(bucket, Bucket::Month | Bucket::Year) {
        return Some((0..starts.len()).map(Place::Number).collect());
    }
    let first = zone.date_of(*starts.first()?)?;
    let mut last = None;
    let place = |&start: &UtcMillis| {
        let local = start.to_jiff()?.to_zoned(zone.tz().clone()).datetime();
        let again = last.is_some_and(|last| last >= local);
        last = last.max(Some(local));
        let day = days_between(first, local.date())?;
        Some(Place::Clock { day, hour: local.hour(), minute: local.minute(), again })
    };
    starts.iter().map(place).collect()
}

fn days_between(first: Date, date: Date) -> Option<i32> {
    Some(first.until((Unit::Day, date)).ok()?.get_days())
}

#[cfg(test)]
mod tests {
    use domain::calendar::bucket_edges;
    use domain::measurement::{StoredTick, sum_quarter_hours};
    use domain::usage::UsageBuilder;
    use domain::{HubId, SocketNumber, TickLength, TimeRange};

    use super::*;

    fn berlin() -> Zone {
        "Europe/Berlin".parse().unwrap()
    }

    /// Local days in which each hour of `measured` has one tick of the joules that `joules` says.
    fn usage(from: &str, to: &str, now: &str, joules: impl Fn(&jiff::Zoned) -> Option<i64>) -> Usage {
        let zone = berlin();
        let midnight = |date: &str| zone.midnight(date.parse().unwrap()).unwrap();
        let edges = bucket_edges(TimeRange::new(midnight(from), midnight(to)), Bucket::Hour, &zone).unwrap();
        let ticks: Vec<StoredTick> = edges[..edges.len() - 1]
            .iter()
            .filter_map(|&start| {
                let joules = joules(&start.to_jiff()?.to_zoned(zone.tz().clone()))?;
                let energy = [(SocketNumber::new(1).unwrap(), Joules(joules))].into_iter().collect();
                Some(StoredTick { start, length: TickLength::DEFAULT, energy })
            })
            .collect();
        let mut builder = UsageBuilder::new(edges, midnight(now));
        builder.add_sums(HubId::from_bytes([1; 16]), &sum_quarter_hours(&ticks));
        builder.finish()
    }

    #[test]
    fn only_what_both_have_measured_counts() {
        let here = usage("2026-11-23", "2026-11-25", "2026-12-01", |at| (at.hour() != 7).then_some(3));
        let there = usage("2026-11-21", "2026-11-23", "2026-12-01", |at| (at.hour() >= 6).then_some(2));
        assert_eq!(
            both(&here, &there, Bucket::Hour, &berlin()),
            Some((Joules(2 * 17 * 3), Joules(2 * 17 * 2)))
        );
        let nothing = usage("2026-11-21", "2026-11-23", "2026-12-01", |_| None);
        assert_eq!(both(&here, &nothing, Bucket::Hour, &berlin()), None);
    }

    #[test]
    fn what_is_not_over_waits() {
        let here = usage("2026-11-23", "2026-11-25", "2026-11-24", |_| Some(5));
        let there = usage("2026-11-21", "2026-11-23", "2026-11-24", |_| Some(1));
        assert_eq!(both(&here, &there, Bucket::Hour, &berlin()), Some((Joules(24 * 5), Joules(24))));
    }

    #[test]
    fn an_hour_that_one_day_has_twice_or_not_at_all_is_compared_with_none() {
        let by_hour = |at: &jiff::Zoned| Some(i64::from(at.hour()));
        let usual = usage("2026-10-24", "2026-10-25", "2026-12-01", by_hour);
        let autumn = usage("2026-10-25", "2026-10-26", "2026-12-01", by_hour);
        let spring = usage("2026-03-29", "2026-03-30", "2026-12-01", by_hour);
        let all = Joules((0..24).sum());
        assert_eq!((autumn.total().0, spring.total().0), (all.0 + 2, all.0 - 2));
        assert_eq!(both(&autumn, &usual, Bucket::Hour, &berlin()), Some((all, all)));
        let without = Joules(all.0 - 2);
        assert_eq!(both(&spring, &usual, Bucket::Hour, &berlin()), Some((without, without)));
    }

    #[test]
    fn months_go_by_their_number_and_days_by_how_many_came_before() {
        let place = |bucket, from: &str, to: &str| {
            let zone = berlin();
            let midnight = |date: &str| zone.midnight(date.parse().unwrap()).unwrap();
            let edges = bucket_edges(TimeRange::new(midnight(from), midnight(to)), bucket, &zone).unwrap();
            places(&UsageBuilder::new(edges, UtcMillis(0)).finish(), bucket, &zone).unwrap()
        };
        assert_eq!(
            place(Bucket::Month, "2026-01-01", "2027-01-01"),
            place(Bucket::Month, "2025-01-01", "2026-01-01")
        );
        let day = |day| Place::Clock { day, hour: 0, minute: 0, again: false };
        assert_eq!(place(Bucket::Day, "2026-03-28", "2026-03-31"), [day(0), day(1), day(2)]);
    }
}
