//! Closing the connections of hubs whose credentials were revoked.
//!
//! A channel of RabbitMQ keeps in mind what it may do for as long as it lives, and the broker's cache lets in for a while
//! whom it has let in before. So connections are closed at once, and again until that cache has forgotten. What is still
//! to be closed is in the store: a restart of ours, or an outage of RabbitMQ's, only puts it off.

use std::collections::HashMap;
use std::time::Duration;

use domain::hubs::{HubCredentials, Revocation};
use domain::{Clock, HubId, UtcMillis};
use reqwest::{Client, redirect};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

use super::Config;

/// How often the store is asked; an index without entries says no.
const PASS: Duration = Duration::from_secs(1);
const AGAIN_MILLIS: i64 = 10_000;
/// An answer of ours may still have been on its way into the broker's cache.
const SLACK_MILLIS: i64 = 10_000;
/// So many credentials in one pass.
const AT_ONCE: u32 = 500;
const TIMEOUT: Duration = Duration::from_secs(5);
/// Later than this is later than we promise.
const ALARM_MILLIS: i64 = 60_000;

pub(super) struct Closer {
    http: Client,
    url: String,
    user: String,
    password: SecretString,
    forgotten_after_millis: i64,
}

#[derive(Debug, thiserror::Error)]
enum CloseError {
    #[error("asking RabbitMQ's management: {0}")]
    Ask(reqwest::Error),
    #[error("RabbitMQ's management answers {0}")]
    Answer(reqwest::StatusCode),
}

/// When what was closed last, and what went wrong.
#[derive(Default)]
struct Progress {
    closed: HashMap<[u8; 32], UtcMillis>,
    fails: bool,
}

impl Closer {
    /// `None` when no management is configured.
    pub(super) fn new(config: &Config) -> Result<Option<Self>, reqwest::Error> {
        let Some(url) = config.management_url.as_deref() else { return Ok(None) };
        let builder = Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .user_agent("wattline");
        let http = config.trusted.put_into(builder).build()?;
        Ok(Some(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            user: config.management_user.clone(),
            password: config.management_password.clone(),
            forgotten_after_millis: config.cache_ttl_millis() + SLACK_MILLIS,
        }))
    }

    pub(super) async fn run(
        &self,
        credentials: &dyn HubCredentials,
        clock: &dyn Clock,
        shutdown: &CancellationToken,
    ) {
        let mut progress = Progress::default();
        loop {
            // Replicas that started together must not ask together.
            let wait = PASS.mul_f64(0.5 + rand::random::<f64>());
            if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
            match credentials.to_disconnect(AT_ONCE).await {
                Ok(revoked) => {
                    let pass = self.pass(credentials, clock, revoked, &mut progress);
                    if shutdown.run_until_cancelled(pass).await.is_none() {
                        return;
                    }
                }
                // Whoever releases a hub now is told so.
                Err(error) => tracing::debug!(%error, "cannot see which connections are to be closed"),
            }
        }
    }

    async fn pass(
        &self,
        credentials: &dyn HubCredentials,
        clock: &dyn Clock,
        revoked: Vec<Revocation>,
        progress: &mut Progress,
    ) {
        let closed = &mut progress.closed;
        closed.retain(|secret, _| revoked.iter().any(|one| one.secret_hash == *secret));
        let (mut done, mut failed) = (Vec::new(), false);
        for Revocation { hub, secret_hash, revoked } in revoked {
            let now = clock.now();
            let age = now.millis_since(revoked);
            let is_last = age >= self.forgotten_after_millis;
            let is_due = closed.get(&secret_hash).is_none_or(|last| now.millis_since(*last) >= AGAIN_MILLIS);
            if !is_due && !is_last {
                continue;
            }
            if let Err(error) = self.close(hub).await {
                if age > ALARM_MILLIS {
                    tracing::error!(%hub, %error, seconds = age / 1_000, "a released hub may still be connected");
                } else if !progress.fails {
                    tracing::warn!(%hub, %error, "cannot close a released hub's connections; trying again");
                }
                progress.fails = true;
                failed = true;
                if matches!(error, CloseError::Ask(_)) {
                    // The others would not fare better.
                    break;
                }
                continue;
            }
            progress.fails = false;
            closed.insert(secret_hash, now);
            if is_last {
                tracing::info!(%hub, "the released hub is out");
                done.push(secret_hash);
            }
        }
        if !done.is_empty()
            && let Err(error) = credentials.disconnected(&done).await
        {
            tracing::warn!(%error, "closed connections are closed once more");
        }
        if failed {
            tokio::time::sleep(TIMEOUT).await;
        }
    }

    async fn close(&self, hub: HubId) -> Result<(), CloseError> {
        let answer = self
            .http
            .delete(format!("{}/api/connections/username/{hub}", self.url))
            .basic_auth(&self.user, Some(self.password.expose_secret()))
            .header("x-reason", "this hub's credentials were revoked")
            .send()
            .await
            .map_err(|error| CloseError::Ask(error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(CloseError::Answer(answer.status())) }
    }
}
