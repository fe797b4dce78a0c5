use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::{ContainerPublisher, PublishError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::packets::{presence_topic, topic};
use crate::task::{Obstacle, Reason, Request, Task};
use crate::{Config, Error};

/// How long a publisher waits for the connection before it hears that there is none.
const CONNECTION_WAIT: Duration = Duration::from_secs(1);

/// Transport out. A container is confirmed when the broker has acknowledged it, which RabbitMQ does when its queue has.
#[derive(Debug)]
pub struct Publisher {
    requests: mpsc::Sender<Request>,
    obstacle: watch::Receiver<Obstacle>,
    latest: watch::Sender<Option<Presence>>,
    patience: Duration,
    _stop: DropGuard,
}

impl Publisher {
    /// As this hub. Connects in the background, and again whenever the connection is lost; fails only on a URL that is
    /// none. Must be called within a tokio runtime. Dropping it ends the connection.
    pub fn connect(config: Config, hub: HubId) -> Result<Self, Error> {
        config.address().map_err(Error::Url)?;
        let (requests, inbox) = mpsc::channel(usize::from(config.window));
        let (announce, obstacle) = watch::channel(Some(Reason::Other("not connected yet".to_owned())));
        let (latest, presence) = watch::channel(None);
        let stop = CancellationToken::new();
        let patience = config.acknowledge_timeout();
        tokio::spawn(Task { config: Arc::new(config), hub, inbox, announce, presence }.run(stop.clone()));
        Ok(Self { requests, obstacle, latest, patience, _stop: stop.drop_guard() })
    }

    async fn send(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<(), PublishError>>) -> Request,
    ) -> Result<(), PublishError> {
        let deadline = Instant::now() + self.patience;
        self.connected().await?;
        let (answer, answered) = oneshot::channel();
        let timed_out = |_| PublishError::TimedOut(self.patience);
        timeout_at(deadline, self.requests.send(request(answer)))
            .await
            .map_err(timed_out)?
            .map_err(|_| stopped())?;
        let lost = |_| {
            Err(PublishError::Unavailable("the connection was lost before the acknowledgement".to_owned()))
        };
        timeout_at(deadline, answered).await.map_err(timed_out)?.unwrap_or_else(lost)
    }

    async fn connected(&self) -> Result<(), PublishError> {
        let mut obstacle = self.obstacle.clone();
        if let Ok(seen) = timeout(CONNECTION_WAIT, obstacle.wait_for(Option::is_none)).await {
            return seen.map(drop).map_err(|_| stopped());
        }
        let now = obstacle.borrow().clone();
        now.map_or(Ok(()), |reason| Err(reason.into()))
    }
}

fn stopped() -> PublishError {
    PublishError::Unavailable("the publisher was stopped".to_owned())
}

#[async_trait]
impl ContainerPublisher for Publisher {
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError> {
        self.send(|answer| Request::Container { topic: topic(hub), body, trace: None, answer }).await
    }

    async fn publish_traced(&self, hub: HubId, body: Bytes, trace: TraceContext) -> Result<(), PublishError> {
        self.send(|answer| Request::Container { topic: topic(hub), body, trace: Some(trace), answer }).await
    }

    async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
        self.latest.send_replace(Some(presence.clone()));
        let (topic, body) = (presence_topic(presence.hub), wire::encode_presence(presence));
        self.send(|answer| Request::Presence { topic, body, answer }).await
    }
}
