//! How a hub is, said on the connection of its containers but over a channel of its own: where the broker does not allow
//! it, it closes that channel only.

use std::sync::Arc;

use domain::presence::Presence;
use domain::transport::PublishError;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Connection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::connection::{answered, confirming_channel};
use crate::topology::{TELEMETRY, presence_key};
use crate::{Config, Error};

/// Nobody announces more often than it is said.
const WAITING: usize = 4;

type Answer = oneshot::Sender<Result<(), PublishError>>;
pub(crate) type Connections = watch::Receiver<Option<Arc<Connection>>>;

#[derive(Debug)]
pub(crate) struct Herald {
    requests: mpsc::Sender<(Presence, Answer)>,
    config: Arc<Config>,
    _stop: DropGuard,
}

impl Herald {
    pub(crate) fn open(config: Arc<Config>, connections: Connections) -> Self {
        let (requests, inbox) = mpsc::channel(WAITING);
        let stop = CancellationToken::new();
        let task = Task { config: Arc::clone(&config), connections, inbox, latest: None, channel: None };
        tokio::spawn(task.run(stop.clone()));
        Self { requests, config, _stop: stop.drop_guard() }
    }

    pub(crate) async fn announce(&self, presence: Presence) -> Result<(), PublishError> {
        let limit = self.config.confirm_timeout();
        let said = async {
            let (answer, answered) = oneshot::channel();
            self.requests.send((presence, answer)).await.ok()?;
            answered.await.ok()
        };
        timeout(limit, said)
            .await
            .map_err(|_| PublishError::TimedOut(limit))?
            .unwrap_or_else(|| Err(PublishError::Unavailable("the publisher was stopped".to_owned())))
    }
}

struct Task {
    config: Arc<Config>,
    connections: Connections,
    inbox: mpsc::Receiver<(Presence, Answer)>,
    /// To be said again on the next connection.
    latest: Option<Presence>,
    channel: Option<Channel>,
}

impl Task {
    async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                changed = self.connections.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.channel = None;
                    let Some(presence) = self.latest.clone() else { continue };
                    if let Err(error) = self.say(&presence).await {
                        tracing::debug!(%error, "not said how the hub is");
                    }
                }
                Some((presence, answer)) = self.inbox.recv() => {
                    let said = self.say(&presence).await;
                    self.latest = Some(presence);
                    answer.send(said.map_err(|error| PublishError::Unavailable(error.to_string()))).ok();
                }
            }
        }
    }

    async fn say(&mut self, presence: &Presence) -> Result<(), Error> {
        let kept = self.channel.take().filter(|channel| channel.status().connected());
        let channel = if let Some(channel) = kept {
            channel
        } else {
            let connection = self.connections.borrow_and_update().clone().ok_or(Error::Lost)?;
            confirming_channel(&self.config, &connection).await?
        };
        let body = wire::encode_presence(presence);
        let properties = BasicProperties::default().with_content_type(wire::PRESENCE_CONTENT_TYPE.into());
        let (key, options) = (presence_key(presence.hub).into(), BasicPublishOptions::default());
        let saying =
            async { channel.basic_publish(TELEMETRY.into(), key, options, &body, properties).await?.await };
        answered(&self.config, "saying how the hub is", saying).await?;
        self.channel = Some(channel);
        Ok(())
    }
}
