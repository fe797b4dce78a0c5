//! When to try again, and what to log: each change of state once.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Error;

#[derive(Debug, Default)]
pub(crate) struct Retry {
    attempts: u32,
    /// Since when there is a session; `None` when its end was seen.
    connected: Option<Instant>,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A refused log-in is one that somebody had to look up, and the next one seldom ends otherwise.
const FIRST_REFUSED_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_REFUSED_PAUSE: Duration = Duration::from_mins(1);

impl Retry {
    pub(crate) fn connected(&mut self) {
        tracing::info!("connected to the MQTT broker");
        self.connected = Some(Instant::now());
    }

    /// Waits longer each time, with jitter, so that a thousand hubs do not come back at once.
    pub(crate) async fn failed(&mut self, error: &Error) {
        if self.attempts == 0 || self.connected.is_some() {
            tracing::warn!(%error, "the MQTT broker is not available; trying again");
        } else {
            tracing::debug!(%error, attempt = self.attempts, "the MQTT broker is not available");
        }
        sleep(self.pause(error)).await;
    }

    fn pause(&mut self, error: &Error) -> Duration {
        let (first, longest) = match error {
            Error::LoginRefused => (FIRST_REFUSED_PAUSE, LONGEST_REFUSED_PAUSE),
            _ => (FIRST_PAUSE, LONGEST_PAUSE),
        };
        // A session that ends soon is no success: a broker may welcome whom it sends away at once, and two agents with the
        // id of one hub put each other out after each pause of the other.
        if self.connected.take().is_some_and(|since| since.elapsed() >= longest * 2) {
            self.attempts = 0;
        }
        let full = first.saturating_mul(1 << self.attempts.min(10)).min(longest);
        self.attempts = self.attempts.saturating_add(1);
        full.mul_f64(rand::random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_which_is_longer_for_who_is_refused() {
        for (error, first, longest) in [
            (Error::Lost, FIRST_PAUSE, LONGEST_PAUSE),
            (Error::LoginRefused, FIRST_REFUSED_PAUSE, LONGEST_REFUSED_PAUSE),
        ] {
            let mut retry = Retry::default();
            assert!(retry.pause(&error) <= first);
            for _ in 0..100 {
                assert!(retry.pause(&error) <= longest);
            }
            assert!(retry.pause(&error) >= longest / 2);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_as_well_when_each_connection_is_lost_soon_and_begin_anew_after_one_that_lasted() {
        for (error, first, longest) in [
            (Error::Lost, FIRST_PAUSE, LONGEST_PAUSE),
            (Error::LoginRefused, FIRST_REFUSED_PAUSE, LONGEST_REFUSED_PAUSE),
        ] {
            let mut retry = Retry::default();
            for _ in 0..20 {
                retry.connected();
                sleep(longest).await;
                retry.pause(&error);
            }
            assert!(retry.pause(&error) >= longest / 2);
            retry.connected();
            sleep(longest * 2).await;
            assert!(retry.pause(&error) <= first);
        }
    }
}
