//! Says how this hub is, now and then, and when it leaves.

use std::sync::Arc;
use std::time::Duration;

use domain::presence::{About, EVERY, Presence};
use domain::transport::ContainerPublisher;
use tokio::time::{Instant, sleep, timeout};

use crate::spool::Spool;
use crate::time::HubClock;

/// So long a stopping agent goes on to say that it leaves.
const GOODBYE: Duration = Duration::from_secs(2);

pub(crate) struct Herald {
    spool: Spool,
    publisher: Arc<dyn ContainerPublisher>,
    /// The clock, where it may not know the time yet.
    time: Option<Arc<HubClock>>,
    started: Instant,
}

impl Herald {
    pub(crate) fn new(
        spool: &Spool,
        publisher: Arc<dyn ContainerPublisher>,
        time: Option<Arc<HubClock>>,
    ) -> Self {
        Self { spool: spool.clone(), publisher, time, started: Instant::now() }
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
        let oldest_waiting = if waiting > 0 { self.spool.oldest().await.ok().flatten() } else { None };
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            running_secs: self.started.elapsed().as_secs(),
            waiting,
            oldest_waiting,
            clock_synchronised: self.time.as_ref().map(|time| time.is_dated()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use bytes::Bytes;
    use domain::ticker::Checkpoint;
    use domain::transport::PublishError;
    use domain::{HubId, SocketJoules, TickEnergy, TickLength, UtcMillis};

    use super::*;
    use crate::config::SpoolConfig;
    use crate::spool::{Identity, Manner, Sealed};

    const HUB: HubId = HubId::from_bytes([1; 16]);

    /// Notes what is said, and when; or hears nothing at all.
    struct Listener {
        heard: Mutex<Vec<(Duration, Presence)>>,
        began: Instant,
        deaf: bool,
    }

    impl Listener {
        fn new(deaf: bool) -> Arc<Self> {
            Arc::new(Self { heard: Mutex::default(), began: Instant::now(), deaf })
        }

        fn heard(&self) -> Vec<(Duration, Presence)> {
            self.heard.lock().unwrap().clone()
        }
    }

    #[async_trait]
    impl ContainerPublisher for Listener {
        async fn publish(&self, _hub: HubId, _body: Bytes) -> Result<(), PublishError> {
            Ok(())
        }

        async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
            if self.deaf {
                std::future::pending::<()>().await;
            }
            self.heard.lock().unwrap().push((self.began.elapsed(), presence.clone()));
            // What fails is said again like everything else.
            Err(PublishError::Unavailable("nobody knows whether it arrived".to_owned()))
        }
    }

    async fn spool(folder: &tempfile::TempDir) -> Spool {
        let config = SpoolConfig { path: folder.path().join("spool.db"), ..SpoolConfig::default() };
        let identity = Identity { configured: None, fresh: HUB, now: UtcMillis(0) };
        Spool::open(&config, identity).await.unwrap()
    }

    #[tokio::test]
    async fn a_hub_greets_at_once_says_so_again_in_time_and_says_goodbye() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder).await;
        // Nothing waits, so the disk is left alone: from here on all that happens happens on this clock.
        tokio::time::pause();
        let listener = Listener::new(false);
        let herald = Herald::new(&spool, listener.clone(), None);
        let work = async {
            sleep(Duration::from_millis(1)).await;
            assert_eq!(listener.heard().len(), 1, "it greets at once");
            sleep(Duration::from_hours(1)).await;
            "done"
        };
        assert_eq!(herald.beside(work).await, "done");

        let mut heard = listener.heard();
        let (left, goodbye) = heard.pop().unwrap();
        assert!(!goodbye.online && left >= Duration::from_hours(1), "{left:?} {goodbye:?}");
        assert!(heard.iter().all(|(_, presence)| presence.online && presence.hub == HUB));
        assert!((30..=41).contains(&heard.len()), "{}", heard.len());
        for pair in heard.windows(2) {
            let apart = pair[1].0.saturating_sub(pair[0].0);
            assert!(apart >= EVERY.mul_f64(0.74) && apart <= EVERY + Duration::from_millis(2), "{apart:?}");
        }
        let about = goodbye.about.unwrap();
        assert_eq!((about.running_secs, about.waiting, about.oldest_waiting), (3_600, 0, None));
        assert_eq!(about.clock_synchronised, None, "nobody asked it");
    }

    #[tokio::test]
    async fn a_hub_that_nobody_hears_goes_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder).await;
        tokio::time::pause();
        let listener = Listener::new(true);
        let herald = Herald::new(&spool, listener.clone(), None);
        herald.beside(sleep(Duration::from_secs(10))).await;
        let took = listener.began.elapsed();
        assert!(took <= Duration::from_secs(10) + GOODBYE + Duration::from_millis(2), "{took:?}");
    }

    #[tokio::test]
    async fn a_hub_says_since_when_something_waits() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder).await;
        let ticks = vec![TickEnergy { start: UtcMillis::from_secs(50), energy: SocketJoules::default() }];
        let checkpoint =
            Checkpoint { booked_until: UtcMillis::from_secs(60), carry: Vec::new(), counted: Vec::new() };
        spool
            .append(TickLength::DEFAULT, &[Sealed { ticks, checkpoint, late: false }], Manner::default())
            .await
            .unwrap();
        let listener = Listener::new(false);
        Herald::new(&spool, listener.clone(), None).beside(std::future::ready(())).await;
        let (_, goodbye) = listener.heard().pop().unwrap();
        let about = goodbye.about.unwrap();
        assert_eq!((about.waiting, about.oldest_waiting), (1, Some(UtcMillis::from_secs(50))));
    }
}
