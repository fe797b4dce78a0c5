//! What may change while the agent measures, without a tick being lost.

use tokio::sync::{mpsc, oneshot};

use crate::AgentError;
use crate::config::Config;

/// A wish to the one who measures.
pub(crate) enum Change {
    /// Another configuration.
    Config(Box<Config>, oneshot::Sender<Result<Vec<&'static str>, AgentError>>),
    /// The time is known.
    Dated(oneshot::Sender<Result<(), AgentError>>),
}

/// Who measures has ended.
#[derive(Debug, thiserror::Error)]
#[error("nothing is measured any more")]
pub struct Ended;

/// Changes an agent that runs. All of them change the same one.
#[derive(Clone)]
pub struct Control(mpsc::Sender<Change>);

pub(crate) type Changes = mpsc::Receiver<Change>;

pub(crate) fn channel() -> (Control, Changes) {
    let (sender, receiver) = mpsc::channel(1);
    (Control(sender), receiver)
}

impl Control {
    /// Goes on with another configuration, and gives the keys whose change takes a new start. Where the new sensor cannot
    /// be opened, the former one measures on.
    pub async fn configure(&self, config: Config) -> Result<Result<Vec<&'static str>, AgentError>, Ended> {
        let (answer, told) = oneshot::channel();
        self.0.send(Change::Config(Box::new(config), answer)).await.map_err(|_| Ended)?;
        told.await.map_err(|_| Ended)
    }

    /// Gives everything that was measured before the time was known its time.
    pub async fn date(&self) -> Result<Result<(), AgentError>, Ended> {
        let (answer, told) = oneshot::channel();
        self.0.send(Change::Dated(answer)).await.map_err(|_| Ended)?;
        told.await.map_err(|_| Ended)
    }
}
