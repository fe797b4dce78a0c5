//! When an hour of a socket is unusual.

use crate::energy::Joules;

/// Hours that must be known: two weeks of the same time of day.
const ENOUGH_HOURS: usize = 14;
/// A modified z-score beyond 3.5 is an outlier: Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993).
const OUTLIER: i64 = 35;
/// Makes the median of absolute deviations of a normal distribution its standard deviation, in 1/10,000.
const TO_SIGMA: i64 = 14_826;
/// The least difference that is worth telling when it is more: 0.25 kWh in the hour.
const WORTH_MORE: i64 = 900_000;
/// The least that must be missing when it is less: 20 Wh, about what a fridge takes in an hour.
const WORTH_LESS: i64 = 72_000;

/// What a socket uses at a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    pub median: Joules,
    /// The median of the absolute deviations from the median.
    pub deviation: Joules,
    pub lowest: Joules,
    pub highest: Joules,
}

impl Usual {
    /// `None` of fewer than 14 hours.
    pub fn of(hours: &[Joules]) -> Option<Self> {
        if hours.len() < ENOUGH_HOURS {
            return None;
        }
        let median_of = |mut values: Vec<i64>| {
            values.sort_unstable();
            let middle = values.len() / 2;
            if values.len() % 2 == 1 {
                values[middle]
            } else {
                i64::midpoint(values[middle - 1], values[middle])
            }
        };
        let all: Vec<i64> = hours.iter().map(|joules| joules.0).collect();
        let (lowest, highest) = (all.iter().copied().min()?, all.iter().copied().max()?);
        let median = median_of(all.clone());
        let deviation = median_of(all.into_iter().map(|joules| (joules - median).abs()).collect());
        let [median, deviation, lowest, highest] = [median, deviation, lowest, highest].map(Joules);
        Some(Self { median, deviation, lowest, highest })
    }

    /// More than 3.5 deviations away, 3.5 × 1.4826 × the median absolute deviation.
    fn is_outlier(&self, hour: Joules) -> bool {
        let far = i128::from((hour.0 - self.median.0).abs()) * 100_000;
        far > i128::from(OUTLIER) * i128::from(TO_SIGMA) * i128::from(self.deviation.0)
    }
}

/// Whether `hour` is unusual beside `same`, the same hour of the past weeks, and `around`, the hours before and after
/// that one, for what is done a little earlier or later than else is not unusual. Gives what is usual.
///
/// More is unusual when it is an outlier, a quarter more than the most of all those hours, and more than the median by
/// at least 0.25 kWh. Less is unusual when it is an outlier, less than half of the least, and 20 Wh are missing.
pub fn judge_unusual(hour: Joules, same: &[Joules], around: &[Joules]) -> Option<Usual> {
    let usual = Usual::of(same)?;
    if !usual.is_outlier(hour) {
        return None;
    }
    let lowest = around.iter().fold(usual.lowest, |lowest, joules| lowest.min(*joules));
    let highest = around.iter().fold(usual.highest, |highest, joules| highest.max(*joules));
    let difference = hour.0 - usual.median.0;
    let is_more = difference >= WORTH_MORE && hour.0 > highest.0.max(0) / 4 * 5;
    let is_less = -difference >= WORTH_LESS && lowest.0 > 0 && hour.0 < lowest.0 / 2;
    (is_more || is_less).then_some(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KWH: i64 = 3_600_000;

    fn hours(values: &[i64]) -> Vec<Joules> {
        values.iter().cycle().take(28).copied().map(Joules).collect()
    }

    #[test]
    fn the_median_stands_although_one_day_was_wild() {
        let mut values = hours(&[100, 110, 90, 105]);
        values[3] = Joules(1_000_000);
        let usual = Usual::of(&values).unwrap();
        assert_eq!((usual.median, usual.highest), (Joules(102), Joules(1_000_000)));
        assert!(usual.deviation.0 <= 10);
    }

    #[test]
    fn two_weeks_have_to_be_known() {
        assert_eq!(Usual::of(&hours(&[5])[..13]), None);
        assert_eq!(judge_unusual(Joules(9 * KWH), &hours(&[5])[..13], &[]), None);
        assert!(judge_unusual(Joules(9 * KWH), &hours(&[5])[..14], &[]).is_some());
    }

    #[test]
    fn a_heater_that_nobody_ever_used_at_night_is_unusual() {
        let nights = hours(&[0, 0, 3_600, 0]);
        assert!(judge_unusual(Joules(2 * KWH), &nights, &nights).is_some());
        // A lamp that was forgotten is not worth a message.
        assert_eq!(judge_unusual(Joules(KWH / 10), &nights, &nights), None);
    }

    #[test]
    fn the_wash_an_hour_earlier_than_else_is_not() {
        let (same, around) = (hours(&[0]), hours(&[0, 0, KWH, 0]));
        assert!(judge_unusual(Joules(KWH), &same, &same).is_some());
        assert_eq!(judge_unusual(Joules(KWH), &same, &around), None);
        assert!(judge_unusual(Joules(2 * KWH), &same, &around).is_some());
    }

    #[test]
    fn what_varies_much_is_given_room() {
        let values = hours(&[KWH / 2, KWH, 3 * KWH / 2, 2 * KWH]);
        assert_eq!(judge_unusual(Joules(2 * KWH + KWH / 5), &values, &values), None);
        assert!(judge_unusual(Joules(6 * KWH), &values, &values).is_some());
    }

    #[test]
    fn a_freezer_that_stopped_is_unusual_and_a_lamp_that_is_off_is_not() {
        let freezer = hours(&[140_000, 150_000, 160_000]);
        assert!(judge_unusual(Joules(0), &freezer, &freezer).is_some());
        assert_eq!(judge_unusual(Joules(120_000), &freezer, &freezer), None);
        let lamp = hours(&[140_000, 150_000, 0]);
        assert_eq!(judge_unusual(Joules(0), &lamp, &lamp), None);
    }

    #[test]
    fn what_is_fed_in_is_no_use() {
        let roof = hours(&[-2 * KWH, -KWH, -KWH / 2]);
        assert_eq!(judge_unusual(Joules(-3 * KWH), &roof, &roof), None);
    }
}
