//! Letters on their way out.

use domain::alerts::{Channel, Letter};
use mail::{Mail, Mailer};

use crate::config::AlertConfig;
use crate::webhook::Webhook;

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("alerts.smtp")]
    Smtp(#[from] mail::BuildError),
    #[error("webhooks: {0}")]
    Webhook(#[from] reqwest::Error),
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("{0}")]
    Later(String),
    /// It would be refused again.
    #[error("{0}")]
    Never(String),
}

impl From<mail::SendError> for SendError {
    fn from(error: mail::SendError) -> Self {
        match error {
            mail::SendError::Later(why) => Self::Later(why),
            mail::SendError::Never(why) => Self::Never(why),
        }
    }
}

/// Where letters are posted.
#[derive(Debug)]
pub struct Post {
    mailer: Option<Mailer>,
    webhook: Webhook,
}

impl Post {
    /// Does no IO.
    pub fn new(config: &AlertConfig) -> Result<Self, BuildError> {
        Ok(Self {
            mailer: config.smtp.as_ref().map(Mailer::new).transpose()?,
            webhook: Webhook::new(config.allow_private_webhooks, &config.trusted)?,
        })
    }

    /// May be called again with the same letter: its id goes with it.
    pub(crate) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        match (letter.channel, &self.mailer) {
            (Channel::Email, Some(mailer)) => {
                let (to, subject, body) = (&letter.to, &letter.subject, &letter.body);
                mailer
                    .send(Mail { id: letter.id.as_uuid(), to, subject, body })
                    .await
                    .map_err(SendError::from)
            }
            (Channel::Email, None) => Err(SendError::Later("there is no mail server".to_owned())),
            (Channel::Webhook, _) => self.webhook.send(letter).await,
        }
    }
}
