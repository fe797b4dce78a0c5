//! How long to wait before the next try.

use std::time::Duration;

/// Exponential, with full jitter on the upper half, so that many who failed together do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    tries: u32,
}

impl Backoff {
    pub const fn new(base: Duration, max: Duration) -> Self {
        Self { base, max, tries: 0 }
    }

    /// It worked: start over.
    pub const fn reset(&mut self) {
        self.tries = 0;
    }

    /// How many waits have been given out since the last success.
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let full = self.base.saturating_mul(2u32.saturating_pow(self.tries.min(30))).min(self.max);
        self.tries = self.tries.saturating_add(1);
        full.mul_f64(0.5 + 0.5 * rand::random::<f64>())
    }

    pub async fn wait(&mut self) {
        let wait = self.next_wait();
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_maximum_and_start_over() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for expected in [100, 200, 400, 800, 1_000, 1_000] {
            let wait = backoff.next_wait();
            let full = Duration::from_millis(expected);
            assert!(full / 2 <= wait && wait <= full, "{wait:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(100));
    }
}
