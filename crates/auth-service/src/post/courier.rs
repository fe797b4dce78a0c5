//! Hands letters to the mail server.

use std::sync::Arc;
use std::time::Duration;

use mail::{Mail, Mailer, SendError};
use service::backoff::Backoff;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Outgoing;

/// Letters on their way at the same time.
const AT_ONCE: usize = 8;
/// Some five minutes in all: whoever waits for a letter asks again after that.
const TRIES: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// For letters that are on their way when the service is to stop.
const GRACE: Duration = Duration::from_secs(4);

pub(crate) struct Courier {
    mailer: Arc<Mailer>,
    inbox: mpsc::Receiver<Outgoing>,
}

impl Courier {
    pub(super) fn new(mailer: Mailer, inbox: mpsc::Receiver<Outgoing>) -> Self {
        Self { mailer: Arc::new(mailer), inbox }
    }

    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut under_way = JoinSet::new();
        while let Some(Some(outgoing)) = shutdown.run_until_cancelled(self.inbox.recv()).await {
            if under_way.len() >= AT_ONCE {
                under_way.join_next().await;
            }
            under_way.spawn(deliver(Arc::clone(&self.mailer), outgoing));
        }
        self.inbox.close();
        while let Ok(outgoing) = self.inbox.try_recv() {
            under_way.spawn(deliver(Arc::clone(&self.mailer), outgoing));
        }
        let all = async { while under_way.join_next().await.is_some() {} };
        if timeout(GRACE, all).await.is_err() {
            tracing::error!("letters are lost: the mail server did not take them in time");
        }
    }
}

async fn deliver(mailer: Arc<Mailer>, outgoing: Outgoing) {
    let Outgoing { to, letter } = outgoing;
    let id = Uuid::new_v4();
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        let mail = Mail { id, to: &to, subject: &letter.subject, body: &letter.body };
        match mailer.send(mail).await {
            Ok(()) => return tracing::info!(letter = %id, "letter sent"),
            Err(SendError::Later(error)) if backoff.tries() + 1 < TRIES => {
                tracing::warn!(letter = %id, error, "letter not sent yet");
                backoff.wait().await;
            }
            Err(error) => return tracing::error!(letter = %id, %error, "a letter is lost"),
        }
    }
}
