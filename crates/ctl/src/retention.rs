//! How short ticks may be kept, since what is not rolled up yet must not go, and what services have to know of it.

use domain::UtcMillis;

const DAY_MILLIS: i64 = 86_400_000;
/// With less, a hub that was offline for a night would lose what it brings in late.
const LEAST_DAYS: i64 = 2;

/// The least number of days, when at `now` no rollup tells of ticks from `not_rolled_up_from` on.
///
/// The rollup-worker leaves alone what may be forgotten within a day, so that is one day more than the ticks are old.
pub fn least_days(not_rolled_up_from: Option<UtcMillis>, now: UtcMillis) -> i64 {
    let age = not_rolled_up_from.map_or(0, |from| now.millis_since(from).max(0));
    let days = age.div_euclid(DAY_MILLIS) + i64::from(age.rem_euclid(DAY_MILLIS) > 0) + 1;
    days.max(LEAST_DAYS)
}

/// What `influxdb.retention_days` of the services has to be, now that the stores keep ticks for `days` (`None`: for ever).
/// `kept`: for how many all of them did until `now`.
///
/// A setting that goes up faster than time passes lets ticks in of days whose others are forgotten: the rollup of such a day
/// keeps what it has where that was measured for longer.
pub fn advice(kept: Option<u32>, days: Option<u32>, now: UtcMillis) -> String {
    let Some(kept) = kept.filter(|kept| days.is_none_or(|days| days > *kept)) else {
        return match days {
            Some(days) => format!(
                "Set influxdb.retention_days = {days} for the write-service and the rollup-worker too; where it is less, leave it."
            ),
            None => {
                "Where influxdb.retention_days is set for the write-service and the rollup-worker, leave it."
                    .to_owned()
            }
        };
    };
    let slowly = match days {
        Some(days) => {
            let more = days - kept;
            let then = now.plus_millis(i64::from(more) * DAY_MILLIS);
            format!(
                "It may go up by 1 for each day that passes: from {kept} now to {days} after {more} days, on {then}."
            )
        }
        None => format!(
            "It is never to be taken away. It may go up by 1 for each day that passes, from {kept} now."
        ),
    };
    format!(
        "Leave influxdb.retention_days = {kept} for the write-service and the rollup-worker; where it is less, leave that. {slowly} \
         With more they would take late ticks of days whose others are forgotten, and what came late of such a day may be missing \
         from its rollup, which keeps what it has."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_follow_at_once_when_it_is_shorter_and_as_time_passes_when_it_is_longer() {
        let now = UtcMillis(0);
        for kept in [None, Some(400), Some(30)] {
            let shorter = advice(kept, Some(30), now);
            assert!(shorter.starts_with("Set influxdb.retention_days = 30 "), "{shorter}");
        }
        let longer = advice(Some(30), Some(90), now);
        assert!(longer.starts_with("Leave influxdb.retention_days = 30 "), "{longer}");
        assert!(longer.contains("to 90 after 60 days, on 1970-03-02T00:00:00Z"), "{longer}");
        let for_ever = advice(Some(30), None, now);
        assert!(for_ever.starts_with("Leave influxdb.retention_days = 30 "), "{for_ever}");
        assert!(for_ever.contains("never to be taken away"), "{for_ever}");
        let as_ever = advice(None, None, now);
        assert!(!as_ever.contains("Set") && as_ever.ends_with("leave it."), "{as_ever}");
    }

    #[test]
    fn it_is_a_day_more_than_what_waits_is_old() {
        let now = UtcMillis(100 * DAY_MILLIS + 5);
        let least = |from: i64| least_days(Some(UtcMillis(from)), now);
        assert_eq!(least(100 * DAY_MILLIS), 2);
        assert_eq!(least(90 * DAY_MILLIS + 5), 11);
        assert_eq!(least(90 * DAY_MILLIS + 4), 12);
        // A clock that is ahead of ours.
        assert_eq!(least(200 * DAY_MILLIS), 2);
        assert_eq!(least_days(None, now), 2);
    }
}
