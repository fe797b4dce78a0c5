//! How short ticks may be kept: what is not rolled up yet must not go.

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

#[cfg(test)]
mod tests {
    use super::*;

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
