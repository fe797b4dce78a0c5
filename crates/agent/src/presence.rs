//! Says how this hub is, now and then, and when it leaves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::presence::{About, EVERY, Presence};
use domain::transport::ContainerPublisher;
use tokio::time::{Instant, sleep, timeout};

use crate::spool::{self, Spool};
use crate::time::HubClock;

/// So long a stopping agent goes on to say that it leaves.
const GOODBYE: Duration = Duration::from_secs(2);

pub(crate) struct Herald {
    spool: Spool,
    path: PathBuf,
    publisher: Arc<dyn ContainerPublisher>,
    /// The clock, where it may not know the time yet.
    time: Option<Arc<HubClock>>,
    started: Instant,
}

impl Herald {
    pub(crate) fn new(
        spool: &Spool,
        path: PathBuf,
        publisher: Arc<dyn ContainerPublisher>,
        time: Option<Arc<HubClock>>,
    ) -> Self {
        Self { spool: spool.clone(), path, publisher, time, started: Instant::now() }
    }

    /// While this goes on the hub is there, and when it has ended the hub is not.
    pub(crate) async fn beside<T>(self, work: impl Future<Output = T>) -> T {
        let outcome = tokio::select! {
            outcome = work => outcome,
            never = self.say_now_and_then() => match never {},
        };
        if timeout(GOODBYE, self.say(false)).await.is_err() {
            tracing::debug!("nobody has heard that this hub leaves");
        }
        outcome
    }

    async fn say_now_and_then(&self) -> std::convert::Infallible {
        loop {
            self.say(true).await;
            // A thousand hubs whose power came back together must not go on together. Never later than promised.
            sleep(EVERY.mul_f64(rand::random_range(0.75..=1.0))).await;
        }
    }

    async fn say(&self, online: bool) {
        let presence = Presence { hub: self.spool.hub(), online, about: Some(self.about().await) };
        // What got lost is said again before long.
        if let Err(error) = self.publisher.announce(&presence).await {
            tracing::debug!(%error, "not said how this hub is");
        }
    }

    async fn about(&self) -> About {
        let waiting = self.spool.depth();
        let report = if waiting > 0 { spool::report(&self.path).await.ok() } else { None };
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            running_secs: self.started.elapsed().as_secs(),
            waiting,
            oldest_waiting: report.and_then(|report| report.oldest).map(|(_, start)| start),
            clock_synchronised: self.time.as_ref().map(|time| time.is_dated()),
        }
    }
}
