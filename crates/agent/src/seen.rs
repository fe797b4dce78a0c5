//! What people want to see of a running agent beside its counts.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::sensor::Outlet;
use domain::{SocketNumber, TickEnergy, TickLength};
use tokio::time::Instant;

/// Shared with the [`Status`](crate::Status) it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    outlets: Vec<(Outlet, &'static str)>,
    latest: Option<(TickEnergy, TickLength)>,
    /// Since when the uplink is as it is, and why it is down.
    uplink: Option<(Instant, Option<String>)>,
    last_error: Option<(Instant, String)>,
}

impl Seen {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is measured, and with what kind of meter.
    pub(crate) fn set_outlets(&self, outlets: Vec<(Outlet, &'static str)>) {
        self.inner().outlets = outlets;
    }

    pub(crate) fn outlets(&self) -> Vec<(Outlet, &'static str)> {
        self.inner().outlets.clone()
    }

    pub(crate) fn set_latest(&self, tick: &TickEnergy, length: TickLength) {
        self.inner().latest = Some((tick.clone(), length));
    }

    /// Mean power in the latest tick, in watts.
    #[expect(clippy::cast_precision_loss, reason = "joules of a tick and milliseconds are far below 2^52")]
    pub(crate) fn watts(&self, socket: SocketNumber) -> Option<f64> {
        let inner = self.inner();
        let (tick, length) = inner.latest.as_ref()?;
        Some(tick.energy.get(socket)?.0 as f64 * 1e3 / length.millis_i64() as f64)
    }

    /// It is up, or down with a reason.
    pub(crate) fn set_uplink(&self, trouble: Option<String>) {
        let mut inner = self.inner();
        let since = match &inner.uplink {
            Some((since, before)) if before.is_some() == trouble.is_some() => *since,
            _ => Instant::now(),
        };
        inner.uplink = Some((since, trouble));
    }

    /// For how long the uplink has been as it is, and why it is down.
    pub(crate) fn uplink(&self) -> (Duration, Option<String>) {
        match &self.inner().uplink {
            Some((since, trouble)) => (since.elapsed(), trouble.clone()),
            None => (Duration::ZERO, None),
        }
    }

    pub(crate) fn set_error(&self, sentence: String) {
        self.inner().last_error = Some((Instant::now(), sentence));
    }

    /// How long ago it was.
    pub(crate) fn last_error(&self) -> Option<(Duration, String)> {
        self.inner().last_error.as_ref().map(|(at, sentence)| (at.elapsed(), sentence.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Joules, SocketJoules, UtcMillis};

    #[test]
    fn watts_are_the_mean_of_the_latest_tick() {
        let seen = Seen::default();
        let (lamp, none) = (SocketNumber::new(2).unwrap(), SocketNumber::new(3).unwrap());
        assert_eq!(seen.watts(lamp), None);
        let mut energy = SocketJoules::default();
        energy.set(lamp, Joules(-1_505));
        seen.set_latest(&TickEnergy { start: UtcMillis(0), energy }, TickLength::DEFAULT);
        assert_eq!((seen.watts(lamp), seen.watts(none)), (Some(-150.5), None));
    }

    #[tokio::test(start_paused = true)]
    async fn an_uplink_is_down_since_it_went_down_whatever_else_is_wrong_with_it_later() {
        let seen = Seen::default();
        seen.set_uplink(None);
        tokio::time::advance(Duration::from_secs(5)).await;
        seen.set_uplink(Some("no route".to_owned()));
        tokio::time::advance(Duration::from_secs(7)).await;
        seen.set_uplink(Some("refused".to_owned()));
        assert_eq!(seen.uplink(), (Duration::from_secs(7), Some("refused".to_owned())));
        seen.set_uplink(None);
        assert_eq!(seen.uplink(), (Duration::ZERO, None));
    }
}
