//! Letters on their way out.

use domain::alerts::{Channel, Letter};

use crate::config::AlertConfig;
use crate::mail::Mail;
use crate::webhook::Webhook;

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("the mail server: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("alerts.smtp.from: {0}")]
    From(#[from] lettre::address::AddressError),
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

/// Where letters are posted.
#[derive(Debug)]
pub struct Post {
    mail: Option<Mail>,
    webhook: Webhook,
}

impl Post {
    /// Does no IO.
    pub fn new(config: &AlertConfig) -> Result<Self, BuildError> {
        Ok(Self {
            mail: config.smtp.as_ref().map(Mail::new).transpose()?,
            webhook: Webhook::new(config.allow_private_webhooks)?,
        })
    }

    /// May be called again with the same letter: its id goes with it.
    pub(crate) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        match (letter.channel, &self.mail) {
            (Channel::Email, Some(mail)) => mail.send(letter).await,
            (Channel::Email, None) => Err(SendError::Later("there is no mail server".to_owned())),
            (Channel::Webhook, _) => self.webhook.send(letter).await,
        }
    }
}
