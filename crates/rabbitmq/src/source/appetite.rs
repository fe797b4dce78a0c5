//! How many deliveries to ask for, so that their bytes stay within bounds.
//!
//! AMQP's prefetch counts messages, and RabbitMQ knows no other. As long as containers are what hubs usually send,
//! that is enough. When large ones come in numbers, the connection is given up, and the next one asks for as few as
//! fit, until the large ones are over.

use std::time::Duration;

use lapin::message::Delivery;
use tokio::time::Instant;

use crate::{Config, Error};

/// How long without large containers before as many as ever are asked for.
const CALM: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Appetite {
    full: u16,
    queues: usize,
    max_bytes: usize,
    now: u16,
    /// When a container came last that would not fit `full` times.
    large: Option<Instant>,
    largest: usize,
}

impl Appetite {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            full: config.prefetch,
            queues: config.queues.into(),
            max_bytes: usize::try_from(config.max_unsettled_bytes).unwrap_or(usize::MAX),
            now: config.prefetch,
            large: None,
            largest: 0,
        }
    }

    /// Deliveries per queue to ask for.
    pub(super) const fn prefetch(&self) -> u16 {
        self.now
    }

    /// The most that can be unsettled at once.
    pub(super) fn deliveries(&self) -> usize {
        usize::from(self.now) * self.queues
    }

    pub(super) fn look_at(&mut self, deliveries: &[Delivery], now: Instant) {
        let largest = deliveries.iter().map(|delivery| delivery.data.len()).max().unwrap_or(0);
        self.see(largest, now);
    }

    fn see(&mut self, largest: usize, now: Instant) {
        if largest * usize::from(self.full) * self.queues > self.max_bytes {
            self.large = Some(now);
            self.largest = self.largest.max(largest);
        }
    }

    /// An error when the connection should be given up for one with another prefetch.
    pub(super) fn judge(&mut self, unsettled: usize, now: Instant) -> Result<(), Error> {
        if unsettled > self.max_bytes && self.now > 1 {
            let fit = self.max_bytes / self.largest.max(1) / self.queues;
            // Always fewer than now, for what came was too much.
            self.now = u16::try_from(fit).unwrap_or(u16::MAX).min(self.now / 2).max(1);
            return Err(Error::TooMuch { prefetch: self.now });
        }
        let is_calm = self.large.is_none_or(|large| now.duration_since(large) >= CALM);
        if is_calm && self.now < self.full {
            (self.now, self.largest) = (self.full, 0);
            return Err(Error::Calm { prefetch: self.now });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn appetite() -> Appetite {
        let limits =
            Config { queues: 4, prefetch: 2_000, max_unsettled_bytes: 64 << 20, ..Config::default() };
        Appetite::new(&limits)
    }

    #[test]
    fn what_hubs_usually_send_is_asked_for_in_full() {
        let mut appetite = appetite();
        for _ in 0..100 {
            appetite.see(470, Instant::now());
            assert!(appetite.judge(8_000 * 470, Instant::now()).is_ok());
        }
        assert_eq!(appetite.prefetch(), 2_000);
    }

    #[test]
    fn large_ones_are_asked_for_in_small_numbers_until_they_are_over() {
        let mut appetite = appetite();
        let began = Instant::now();
        appetite.see(MIB, began);
        assert!(appetite.judge(64 * MIB, began).is_ok());
        assert!(matches!(appetite.judge(65 * MIB, began), Err(Error::TooMuch { prefetch: 16 })));
        let later = began + CALM / 2;
        appetite.see(MIB, later);
        assert!(appetite.judge(64 * MIB, began + CALM).is_ok());
        assert_eq!(appetite.prefetch(), 16);
        appetite.see(470, later + CALM);
        assert!(matches!(appetite.judge(470, later + CALM), Err(Error::Calm { prefetch: 2_000 })));
    }

    #[test]
    fn at_the_least_one_per_queue_is_asked_for() {
        let mut appetite = Appetite { max_bytes: 1, ..appetite() };
        appetite.see(MIB, Instant::now());
        assert!(appetite.judge(4 * MIB, Instant::now()).is_err());
        assert_eq!(appetite.prefetch(), 1);
        assert!(appetite.judge(4 * MIB, Instant::now()).is_ok());
    }
}
