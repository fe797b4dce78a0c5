//! What came late: a day that is rolled up already is to be rolled up again.

use std::collections::BTreeSet;

use domain::rollup::{Mark, UtcDay, late_before};
use domain::{TickBatch, UtcMillis};

use crate::storing::Outcome;

/// One mark for every day of a hub that has late ticks among those that the store took. `stored` is a moment after it
/// said so: what is on time by then is there when its hour is rolled up.
pub(crate) fn marks(ticks: &TickBatch, outcome: &Outcome, stored: UtcMillis) -> Vec<Mark> {
    let limit = late_before(stored);
    let mut days = BTreeSet::new();
    for container in 0..ticks.containers() {
        let of_container = ticks.of_container(container);
        // They are in order of time: for a live container this is all there is to look at.
        if of_container.first().is_none_or(|first| first.start >= limit) {
            continue;
        }
        let late = of_container.iter().take_while(|tick| tick.start < limit).enumerate();
        let taken = late.filter(|(place, _)| !outcome.has_rejected(container, *place));
        let mut latest = None;
        for (_, tick) in taken {
            let day = Some((tick.hub, UtcDay::of(tick.start)));
            if latest != day {
                latest = day;
                days.extend(day);
            }
        }
    }
    let nonce = || rand::random_range(0..Mark::NONCES);
    days.into_iter().map(|(hub, day)| Mark { hub, day, nonce: nonce() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::HubId;
    use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};

    const HOUR: i64 = 3_600_000;

    fn marked(ticks: &TickBatch, stored: UtcMillis) -> Vec<(HubId, UtcDay)> {
        let marks = marks(ticks, &Outcome::default(), stored);
        assert!(marks.iter().all(|mark| mark.nonce < Mark::NONCES));
        marks.into_iter().map(|mark| (mark.hub, mark.day)).collect()
    }

    #[test]
    fn only_ticks_of_an_hour_that_is_over_for_long_are_late() {
        // The last ticks of the day.
        let begin = RECORDED_DAY.plus_millis(24 * HOUR - 30_000);
        let ticks: TickBatch = [&ContainerBuilder::new(hub(1)).begin(begin).build()].into_iter().collect();
        let midnight = RECORDED_DAY.plus_millis(24 * HOUR);
        assert_eq!(marked(&ticks, midnight), []);
        assert_eq!(marked(&ticks, midnight.plus_millis(59_999)), []);
        assert_eq!(marked(&ticks, midnight.plus_millis(60_000)), [(hub(1), UtcDay::of(RECORDED_DAY))]);
    }

    #[test]
    fn a_day_of_a_hub_is_marked_once_and_the_hour_that_goes_on_is_not() {
        let today = UtcDay::of(RECORDED_DAY);
        // From ten minutes before midnight to ten minutes after, in two containers of each hub.
        let begin = RECORDED_DAY.plus_millis(-600_000);
        let containers: Vec<_> = [(1, 1), (2, 1), (1, 2), (2, 2)]
            .map(|(number, sequence)| {
                ContainerBuilder::new(hub(number)).sequence(sequence).begin(begin).ticks(60).build()
            })
            .into();
        let ticks: TickBatch = containers.iter().collect();
        let yesterday = UtcDay(today.0 - 1);
        let of_yesterday = [(hub(1), yesterday), (hub(2), yesterday)];
        assert_eq!(marked(&ticks, RECORDED_DAY.plus_millis(HOUR / 2)), of_yesterday);
        let of_both = [(hub(1), yesterday), (hub(1), today), (hub(2), yesterday), (hub(2), today)];
        assert_eq!(marked(&ticks, RECORDED_DAY.plus_millis(30 * HOUR)), of_both);
    }
}
