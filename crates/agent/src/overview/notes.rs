use domain::UtcMillis;
use domain::metering::LONGEST_GAP;

use super::ago::{Span, since};
use super::{SocketView, Unbooked};

/// Beside watts that are an estimate.
pub const APPARENT: &str = "estimated: apparent power, as the voltage is not measured";

impl SocketView {
    /// What is to be known of its energy, one sentence each.
    pub(super) fn notes(&self, now: UtcMillis) -> Vec<String> {
        let spread = self.spread.map(|range| {
            format!(
                "estimated: what its counter told last was spread evenly over {}, until {} ago",
                Span(range.end.millis_since(range.start)),
                since(range.end, now)
            )
        });
        let days = LONGEST_GAP.as_secs() / 86_400;
        let unbooked = self.unbooked.map(|Unbooked { times, kwh }| {
            format!("{times} absences of more than {days} days, in which it counted {kwh:.3} kWh that are not booked")
        });
        spread.into_iter().chain(unbooked).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::TimeRange;

    use super::*;

    #[test]
    fn what_was_spread_and_what_is_not_booked_is_said() {
        let now = UtcMillis::from_secs(100_000);
        let spread = TimeRange::new(now.plus_millis(-7_500_000), now.plus_millis(-300_000));
        let view = SocketView {
            socket: 3,
            name: "Fridge".to_owned(),
            kind: "shelly2".to_owned(),
            watts: Some(41.0),
            estimated: false,
            spread: None,
            unbooked: None,
            heard: Some(now),
            trouble: None,
            remark: None,
        };
        assert!(view.notes(now).is_empty());
        let unbooked = Some(Unbooked { times: 2, kwh: 12.5 });
        assert_eq!(
            SocketView { spread: Some(spread), unbooked, ..view }.notes(now),
            [
                "estimated: what its counter told last was spread evenly over 2 h 0 min, until 5 min 0 s ago",
                "2 absences of more than 7 days, in which it counted 12.500 kWh that are not booked"
            ]
        );
    }
}
