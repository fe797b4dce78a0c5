//! The task behind a publisher: connects, has its session, and does so again.

use std::sync::Arc;

use bytes::Bytes;
use domain::HubId;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::PublishError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::retry::Retry;
use crate::session::Session;
use crate::{Config, Error, connection};

pub(crate) type Answer = oneshot::Sender<Result<(), PublishError>>;

#[derive(Debug)]
pub(crate) enum Request {
    /// Answered when the broker has acknowledged it.
    Container { topic: String, body: Bytes, trace: Option<TraceContext>, answer: Answer },
    /// Answered when it is on its way.
    Presence { topic: String, body: Bytes, answer: Answer },
}

impl Request {
    fn answer(self) -> Answer {
        match self {
            Self::Container { answer, .. } | Self::Presence { answer, .. } => answer,
        }
    }
}

/// Why nothing can be sent now, if so.
pub(crate) type Obstacle = Option<Reason>;

#[derive(Clone, Debug)]
pub(crate) enum Reason {
    LoginRefused,
    Other(String),
}

impl From<Reason> for PublishError {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::LoginRefused => Self::LoginRefused,
            Reason::Other(text) => Self::Unavailable(text),
        }
    }
}

pub(crate) struct Task {
    pub(crate) config: Arc<Config>,
    pub(crate) hub: HubId,
    pub(crate) inbox: mpsc::Receiver<Request>,
    pub(crate) announce: watch::Sender<Obstacle>,
    /// What was announced last.
    pub(crate) presence: watch::Receiver<Option<Presence>>,
}

impl Task {
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut retry = Retry::default();
        while let Err(error) = self.session(&mut retry, &stop).await {
            self.lost(&error);
            if stop.run_until_cancelled(retry.failed(&error)).await.is_none() {
                return;
            }
        }
    }

    /// Until the connection is lost, or `Ok` when it is time to stop.
    async fn session(&mut self, retry: &mut Retry, stop: &CancellationToken) -> Result<(), Error> {
        let Some(opened) = stop.run_until_cancelled(connection::open(&self.config, self.hub)).await else {
            return Ok(());
        };
        let mut session = Session::new(opened?, self.config.acknowledge_timeout());
        retry.connected();
        self.announce.send_replace(None);
        if let Some(presence) = self.presence.borrow_and_update().as_ref() {
            session.tell(presence)?;
        }
        session.carry(&mut self.inbox, stop).await?;
        // Without a word of ours before, the broker is to tell that we are gone.
        let said = self.presence.borrow().as_ref().is_some_and(|presence| !presence.online);
        session.end(said).await;
        Ok(())
    }

    /// Nothing that was sent will be acknowledged, and what waits should not wait for the next connection.
    fn lost(&mut self, error: &Error) {
        let reason = match error {
            Error::LoginRefused => Reason::LoginRefused,
            other => Reason::Other(other.to_string()),
        };
        self.announce.send_replace(Some(reason.clone()));
        while let Ok(request) = self.inbox.try_recv() {
            // Whoever gave up waiting keeps the container and sends it again.
            request.answer().send(Err(reason.clone().into())).ok();
        }
    }
}
