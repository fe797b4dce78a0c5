//! From the drivers to the [`Home`](crate::Home).

use domain::metering::Reading;
use tokio::sync::mpsc;

/// Letters that wait; then a driver does.
const CAPACITY: usize = 1_024;

/// What a driver has to say of one meter.
#[derive(Debug)]
pub(crate) struct Letter {
    /// The place of its entry in the configuration.
    pub(crate) meter: usize,
    pub(crate) news: News,
}

#[derive(Debug)]
pub(crate) enum News {
    Reading(Reading),
    /// A sentence for people: why nothing is read.
    Trouble(String),
}

/// Where drivers put their letters.
#[derive(Clone, Debug)]
pub(crate) struct Outbox(mpsc::Sender<Letter>);

pub(crate) type Inbox = mpsc::Receiver<Letter>;

/// Nobody measures any more.
#[derive(Debug)]
pub(crate) struct Closed;

impl Outbox {
    pub(crate) async fn put(&self, meter: usize, news: News) -> Result<(), Closed> {
        self.0.send(Letter { meter, news }).await.map_err(|_| Closed)
    }

    /// [`put`](Self::put), for threads.
    pub(crate) fn put_waiting(&self, meter: usize, news: News) -> Result<(), Closed> {
        self.0.blocking_send(Letter { meter, news }).map_err(|_| Closed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Returns when nobody measures any more.
    pub(crate) async fn closed(&self) {
        self.0.closed().await;
    }
}

pub(crate) fn channel() -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    (Outbox(sender), receiver)
}
