//! A counter that was not heard for so long that nobody may say when it counted what it did.

use std::fmt;
use std::time::Duration;

use domain::energy::{Microjoules, Milliwatts};
use domain::metering::{Kwh, LONGEST_GAP};

const DAY_SECS: u64 = 86_400;

/// Longer than [`LONGEST_GAP`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absence {
    pub(crate) gap: Duration,
    /// Where its counter stood before and stands now; `None` if either is not known.
    pub(crate) counted: Option<(Microjoules, Microjoules)>,
    pub(crate) max_power: Milliwatts,
}

impl Absence {
    /// What it counted meanwhile; `None` if it began anew, or counted more than the socket can have drawn.
    pub(crate) fn energy(&self) -> Option<Microjoules> {
        let (before, now) = self.counted?;
        let counted = now.0.saturating_sub(before.0);
        let millis = i64::try_from(self.gap.as_millis()).unwrap_or(i64::MAX);
        (0..=self.max_power.over_millis(millis).0).contains(&counted).then_some(Microjoules(counted))
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.gap.as_secs() / DAY_SECS;
        match (self.energy(), self.counted) {
            (Some(energy), Some((before, now))) => write!(
                f,
                "it was not heard for {days} days, in which its counter went from {} to {}; on which of them is not known \
                 after more than {}, so {} are not booked",
                Kwh(before),
                Kwh(now),
                LONGEST_GAP.as_secs() / DAY_SECS,
                Kwh(energy)
            ),
            _ => write!(f, "it was not heard for {days} days; what it used meanwhile is not booked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KWH: i64 = 3_600_000_000_000;

    fn absence(before: i64, now: i64) -> Absence {
        let counted = Some((Microjoules(before * KWH), Microjoules(now * KWH)));
        Absence { gap: Duration::from_hours(8 * 24), counted, max_power: Milliwatts::from_watts(3_680) }
    }

    #[test]
    fn what_a_counter_counted_meanwhile_is_said() {
        let absence = absence(100, 120);
        assert_eq!(absence.energy(), Some(Microjoules(20 * KWH)));
        assert_eq!(
            absence.to_string(),
            "it was not heard for 8 days, in which its counter went from 100.000 kWh to 120.000 kWh; on which of them is \
             not known after more than 7, so 20.000 kWh are not booked"
        );
    }

    #[test]
    fn a_counter_that_began_anew_or_leapt_meanwhile_says_nothing_of_what_was_used() {
        // 8 days of 3,680 W are 706 kWh.
        for absence in [absence(100, 2), absence(100, 900), Absence { counted: None, ..absence(0, 0) }] {
            assert_eq!(absence.energy(), None);
            assert_eq!(
                absence.to_string(),
                "it was not heard for 8 days; what it used meanwhile is not booked"
            );
        }
    }
}
