//! Closing the connections of hubs whose credentials were revoked.
//!
//! A channel of RabbitMQ keeps in mind what it may do for as long as it lives, and the broker's cache lets in for a while
//! whom it has let in before. So connections are closed at once, and again until that cache has forgotten. What is still
//! to be closed is in the store: a restart of ours, or an outage of RabbitMQ's, only puts it off.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::accounts::AccountsError;
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
/// So many credentials are asked of the store at once.
const PAGE: u32 = 500;
/// So many in one pass; then it is looked for those that were revoked meanwhile, which come first.
const AT_ONCE: usize = 500;
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

/// When what was tried and closed last, and what went wrong.
#[derive(Default)]
struct Progress {
    tried: HashMap<[u8; 32], UtcMillis>,
    closed: HashMap<[u8; 32], UtcMillis>,
    fails: bool,
}

impl Progress {
    /// What is to be closed now: first what was never tried, then what was tried longest ago.
    fn due(&mut self, mut revoked: Vec<Revocation>, now: UtcMillis, last_after: i64) -> Vec<Revocation> {
        let there: HashSet<[u8; 32]> = revoked.iter().map(|one| one.secret_hash).collect();
        self.tried.retain(|secret, _| there.contains(secret));
        self.closed.retain(|secret, _| there.contains(secret));
        revoked.retain(|one| {
            let last = self.closed.get(&one.secret_hash);
            let is_due = last.is_none_or(|last| now.millis_since(*last) >= AGAIN_MILLIS);
            is_due || now.millis_since(one.revoked) >= last_after
        });
        revoked.sort_by_key(|one| self.tried.get(&one.secret_hash).copied());
        revoked.truncate(AT_ONCE);
        revoked
    }
}

/// All of them, longest first.
async fn to_disconnect(credentials: &dyn HubCredentials) -> Result<Vec<Revocation>, AccountsError> {
    let mut all = Vec::new();
    loop {
        let page = credentials.to_disconnect(all.last(), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
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
            match to_disconnect(credentials).await {
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
        let (mut done, mut failed) = (Vec::new(), false);
        let due = progress.due(revoked, clock.now(), self.forgotten_after_millis);
        for Revocation { hub, secret_hash, revoked } in due {
            let now = clock.now();
            let age = now.millis_since(revoked);
            let is_last = age >= self.forgotten_after_millis;
            progress.tried.insert(secret_hash, now);
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
            progress.closed.insert(secret_hash, now);
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis(1_000_000);
    const LAST_AFTER: i64 = 40_000;

    /// Revoked so many milliseconds ago.
    fn revoked(number: u16, age: i64) -> Revocation {
        let mut secret_hash = [0; 32];
        secret_hash[..2].copy_from_slice(&number.to_be_bytes());
        Revocation { hub: HubId::from_bytes([1; 16]), secret_hash, revoked: NOW.plus_millis(-age) }
    }

    #[test]
    fn what_was_never_tried_comes_first_then_what_was_tried_longest_ago() {
        let (first, second, third) = (revoked(1, 30_000), revoked(2, 20_000), revoked(3, 10_000));
        let mut progress = Progress::default();
        progress.tried.insert(first.secret_hash, NOW.plus_millis(-1_000));
        progress.tried.insert(second.secret_hash, NOW.plus_millis(-2_000));
        let due = progress.due(vec![first, second, third], NOW, LAST_AFTER);
        assert_eq!(due, [third, second, first]);
    }

    #[test]
    fn those_that_fail_make_room_for_the_others() {
        let all: Vec<Revocation> = (0..600).map(|number| revoked(number, 1_000)).collect();
        let mut progress = Progress::default();
        let failing = progress.due(all.clone(), NOW, LAST_AFTER);
        assert_eq!(failing, all[..AT_ONCE]);
        progress.tried.extend(failing.iter().map(|one| (one.secret_hash, NOW)));
        assert_eq!(progress.due(all.clone(), NOW, LAST_AFTER)[..100], all[AT_ONCE..]);
    }

    #[test]
    fn what_was_closed_is_closed_again_later_and_once_more_at_the_end() {
        let (young, old) = (revoked(1, 5_000), revoked(2, LAST_AFTER));
        let mut progress = Progress::default();
        for one in [&young, &old] {
            progress.closed.insert(one.secret_hash, NOW.plus_millis(-AGAIN_MILLIS + 1));
        }
        assert_eq!(progress.due(vec![old, young], NOW, LAST_AFTER), [old]);
        let later = NOW.plus_millis(1);
        assert_eq!(progress.due(vec![old, young], later, LAST_AFTER), [old, young]);
        // What is out is forgotten.
        assert_eq!(progress.due(vec![young], later, LAST_AFTER), [young]);
        assert_eq!(progress.closed.len(), 1);
    }
}
