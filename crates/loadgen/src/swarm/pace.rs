//! When a slot is due, since the swarm's begin.

use std::time::Duration;

use crate::chance::mixed;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// As fast as the broker confirms.
    Free,
    /// Evenly; from nothing to all within the ramp.
    Rate { per_second: f64, ramp: Duration, jitter: f64 },
    /// A tick is sent when it is over, by each hub at its own moment of the next one.
    Live {
        tick: Duration,
        /// How much of time had gone by since the first tick's start when the swarm began.
        lead: Duration,
        hubs: u32,
        /// The share of a tick over which the hubs are spread.
        jitter: f64,
    },
}

impl Pace {
    #[expect(clippy::cast_precision_loss, reason = "a slot more or less in 2^53 does not matter")]
    pub(crate) fn due(self, slot: u64, place: u32, tick_number: u32) -> Duration {
        match self {
            Self::Free => Duration::ZERO,
            Self::Rate { per_second, ramp, jitter } => {
                let late = jitter * mixed([slot]) as f64 / u64::MAX as f64;
                let slot = slot as f64 + late;
                let ramp = ramp.as_secs_f64();
                let within = per_second * ramp / 2.0;
                Duration::from_secs_f64(if slot < within {
                    (2.0 * slot * ramp / per_second).sqrt()
                } else {
                    ramp / 2.0 + slot / per_second
                })
            }
            Self::Live { tick, lead, hubs, jitter } => {
                let moment = tick.mul_f64(jitter * f64::from(place) / f64::from(hubs.max(1)));
                (tick * tick_number.saturating_add(1) + moment).saturating_sub(lead)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(ramp: u64) -> Pace {
        Pace::Rate { per_second: 100.0, ramp: Duration::from_secs(ramp), jitter: 0.0 }
    }

    #[test]
    fn a_rate_is_even() {
        assert_eq!(rate(0).due(250, 0, 0), Duration::from_millis(2_500));
        assert_eq!(rate(0).due(0, 0, 0), Duration::ZERO);
    }

    #[test]
    fn a_ramp_begins_slowly_and_meets_the_rate() {
        // Half as many as at the full rate.
        assert_eq!(rate(10).due(500, 0, 0), Duration::from_secs(10));
        assert_eq!(rate(10).due(600, 0, 0), Duration::from_secs(11));
        assert!(rate(10).due(5, 0, 0) >= Duration::from_millis(990));
    }

    #[test]
    fn jitter_keeps_the_order() {
        let pace = Pace::Rate { per_second: 1_000.0, ramp: Duration::from_secs(1), jitter: 1.0 };
        let due: Vec<Duration> = (0..3_000).map(|slot| pace.due(slot, 0, 0)).collect();
        assert!(due.is_sorted());
    }

    #[test]
    fn live_ticks_are_sent_when_they_are_over() {
        let pace = Pace::Live {
            tick: Duration::from_secs(10),
            lead: Duration::from_secs(4),
            hubs: 100,
            jitter: 0.5,
        };
        assert_eq!(pace.due(0, 0, 0), Duration::from_secs(6));
        assert_eq!(pace.due(50, 50, 0), Duration::from_millis(8_500));
        assert_eq!(pace.due(100, 0, 1), Duration::from_secs(16));
    }

    #[test]
    fn a_backlog_is_due_at_once() {
        let pace =
            Pace::Live { tick: Duration::from_secs(10), lead: Duration::from_mins(10), hubs: 1, jitter: 0.0 };
        assert_eq!(pace.due(0, 0, 0), Duration::ZERO);
        assert_eq!(pace.due(60, 0, 60), Duration::from_secs(10));
    }
}
