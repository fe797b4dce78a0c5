//! What happens thousands of times a minute is told a few times, and then as a number.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Told one by one in each minute.
const FEW: u32 = 5;
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(crate) struct Flood {
    /// Of the minute that began with the first one told.
    ends: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Flood {
    /// Whether this one is told by itself. If not, it is counted.
    pub(crate) fn is_told(&mut self, now: Instant) -> bool {
        if self.untold == 0 && self.ends.is_none_or(|ends| ends <= now) {
            self.ends = Some(now + MINUTE);
            self.told = 0;
        }
        if self.told < FEW {
            self.told += 1;
            return true;
        }
        self.untold += 1;
        false
    }

    /// Waits for the end of a minute in which some were not told; for ever while there are none.
    pub(crate) async fn summary_due(&self) {
        match self.ends {
            Some(ends) if self.untold > 0 => sleep_until(ends).await,
            _ => std::future::pending().await,
        }
    }

    /// How many were not told.
    pub(crate) const fn take_untold(&mut self) -> u64 {
        std::mem::replace(&mut self.untold, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_few_are_told_in_a_minute_and_the_rest_as_a_number() {
        let mut flood = Flood::default();
        for minute in 0..3 {
            let told = (0..10_000).filter(|_| flood.is_told(Instant::now())).count();
            assert_eq!(told, 5, "minute {minute}");
            let began = Instant::now();
            flood.summary_due().await;
            assert!(began.elapsed() >= MINUTE);
            assert_eq!(flood.take_untold(), 9_995);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_now_and_then_is_told_each_time() {
        let mut flood = Flood::default();
        for _ in 0..100 {
            assert!(flood.is_told(Instant::now()));
            advance(Duration::from_secs(20)).await;
        }
        let summary = tokio::time::timeout(Duration::from_hours(1), flood.summary_due()).await;
        assert!(summary.is_err(), "there is nothing to sum up");
    }
}
