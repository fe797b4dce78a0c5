//! Access tokens: EdDSA JWTs, verified with the public keys of the auth-service.

mod remembered;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::access::{AUDIENCE, AccessClaims, ISSUER};
use domain::{Clock, UtcMillis};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use remembered::Remembered;
use service::problem::chain;
use service::tls::Trusted;

/// Clocks of two machines may differ by this much.
const LEEWAY_SECS: i64 = 30;
/// An unknown key id asks for the keys again, but not more often than this.
const REFRESH_MILLIS: i64 = 5_000;
/// After keys could not be had, whoever asks within this time is told so at once.
const RETRY_MILLIS: i64 = 1_000;
/// Keys this old are fetched again before anybody is believed: a key that was withdrawn is refused from then on. The
/// auth-service counts on it, and says it with its `max-age`.
const FRESH_MILLIS: i64 = 5 * 60_000;
/// Where that fails, those there are do for as long, so that nobody waits for a fetch more often than this.
const AGED_RETRY_MILLIS: i64 = 15_000;
/// Where it keeps failing, they do until they are this old. Then nobody is believed: they may have been withdrawn long ago.
const MAX_AGE_MILLIS: i64 = 60 * 60_000;
/// The longest that the auth-service can be set to issue tokens for. Whoever has got hold of a key gets no further with one
/// that never ends.
const MAX_LIFE_SECS: i64 = 3_600;
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// A key set is a few hundred bytes.
const MAX_KEYS: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not valid: {0}")]
    Invalid(String),
    #[error("the token has expired")]
    Expired,
    #[error("the keys for checking tokens cannot be had: {0}")]
    NoKeys(String),
}

/// Where the public keys are.
#[derive(Clone, Debug)]
pub struct KeySource {
    url: String,
    client: reqwest::Client,
}

impl KeySource {
    /// `url` is that of a JSON Web Key Set.
    pub fn new(url: String) -> Result<Self, reqwest::Error> {
        Self::trusting(url, &Trusted::default())
    }

    /// Who answers there may have a certificate of one of those who are `trusted`.
    pub fn trusting(url: String, trusted: &Trusted) -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder().timeout(FETCH_TIMEOUT).no_proxy();
        Ok(Self { url, client: trusted.put_into(builder).build()? })
    }

    async fn fetch(&self) -> Result<JwkSet, reqwest::Error> {
        self.client.get(&self.url).send().await?.error_for_status()?.json().await
    }
}

/// The last time the keys were asked for.
struct Fetched {
    at: UtcMillis,
    /// Why they were not had.
    failure: Option<String>,
}

/// A key that is published.
struct Published {
    jwk: Jwk,
    key: DecodingKey,
    /// No other key ever has it, not even another one under the same name.
    serial: u64,
}

/// What tokens are held against.
#[derive(Default)]
struct Known {
    keys: HashMap<String, Published>,
    /// When these keys were fetched; nothing before the first time.
    had: Option<UtcMillis>,
    /// Of the key that was seen last.
    serial: u64,
    tokens: Remembered,
}

impl Known {
    /// How old the keys are, in ms. Before the first there is nothing that could be old.
    fn age(&self, now: UtcMillis) -> i64 {
        self.had.map_or(0, |had| now.millis_since(had).abs())
    }

    /// Nothing is remembered of a key that is gone; of one that is still there everything is, so that nobody gets work
    /// done over again by naming a key that never was.
    fn replace(&mut self, set: &JwkSet, now: UtcMillis) {
        let mut before = std::mem::take(&mut self.keys);
        for jwk in set.keys.iter().take(MAX_KEYS) {
            let Some(id) = jwk.common.key_id.clone() else { continue };
            let published = match before.remove(&id) {
                Some(same) if same.jwk == *jwk => same,
                _ => {
                    let Ok(key) = DecodingKey::from_jwk(jwk) else { continue };
                    self.serial += 1;
                    Published { jwk: jwk.clone(), key, serial: self.serial }
                }
            };
            self.keys.insert(id, published);
        }
        let keys = &self.keys;
        self.tokens.retain(|serial| keys.values().any(|key| key.serial == serial));
        self.had = Some(now);
    }
}

/// Verifies tokens with keys that are fetched when they are first needed, and again when they get old. A token that was
/// verified is remembered until it is not asked with for a while, or its key is gone.
pub struct TokenVerifier {
    source: KeySource,
    clock: Arc<dyn Clock>,
    validation: Validation,
    known: Mutex<Known>,
    fetched: tokio::sync::Mutex<Option<Fetched>>,
}

impl TokenVerifier {
    pub fn new(source: KeySource, clock: Arc<dyn Clock>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked below, against the clock that was passed in.
        validation.validate_exp = false;
        Self { source, clock, validation, known: Mutex::default(), fetched: tokio::sync::Mutex::default() }
    }

    /// What the token says, if it is genuine and valid now.
    pub async fn verify(&self, token: &str) -> Result<Arc<AccessClaims>, TokenError> {
        let now = self.clock.now();
        let is_old = self.known().age(now) >= FRESH_MILLIS;
        if is_old {
            self.renew(now).await?;
        }
        // Not in the condition: the lock would be held throughout.
        let remembered = self.known().tokens.get(token);
        let claims = match remembered {
            Some(claims) => claims,
            None => self.verify_signature(token).await?,
        };
        let left = claims.exp - now.secs();
        if left < -LEEWAY_SECS {
            return Err(TokenError::Expired);
        }
        if left > MAX_LIFE_SECS + LEEWAY_SECS {
            return Err(TokenError::Invalid("it is for longer than any that is issued".to_owned()));
        }
        Ok(claims)
    }

    /// What the token says, if it is genuine, whatever is remembered. Whether it has expired is not looked at.
    pub async fn verify_signature(&self, token: &str) -> Result<Arc<AccessClaims>, TokenError> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|error| TokenError::Invalid(error.to_string()))?;
        let id = header.kid.ok_or_else(|| TokenError::Invalid("it names no key".to_owned()))?;
        let mut key = self.key(&id);
        if key.is_none() {
            self.refresh(RETRY_MILLIS).await?;
            key = self.key(&id);
        }
        let (key, serial) =
            key.ok_or_else(|| TokenError::Invalid("it is signed by an unknown key".to_owned()))?;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key, &self.validation)
            .map_err(|error| TokenError::Invalid(error.to_string()))?
            .claims;
        let claims = Arc::new(claims);
        let mut known = self.known();
        // It may have been replaced meanwhile.
        if known.keys.get(&id).is_some_and(|key| key.serial == serial) {
            known.tokens.put(token, claims.clone(), serial);
        }
        Ok(claims)
    }

    /// Whether there are keys that may be believed, fetched now if need be.
    pub async fn ready(&self) -> Result<(), TokenError> {
        let now = self.clock.now();
        let (is_empty, is_old) = {
            let known = self.known();
            (known.keys.is_empty(), known.age(now) >= FRESH_MILLIS)
        };
        match (is_empty, is_old) {
            (true, _) => self.refresh(RETRY_MILLIS).await,
            (false, true) => self.renew(now).await,
            (false, false) => Ok(()),
        }
    }

    /// Has old keys fetched again. Where that fails, those there are do for a while.
    async fn renew(&self, now: UtcMillis) -> Result<(), TokenError> {
        let Err(error) = self.refresh(AGED_RETRY_MILLIS).await else { return Ok(()) };
        if self.known().age(now) < MAX_AGE_MILLIS { Ok(()) } else { Err(error) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key, and its serial number.
    fn key(&self, id: &str) -> Option<(DecodingKey, u64)> {
        self.known().keys.get(id).map(|published| (published.key.clone(), published.serial))
    }

    /// Fetches the keys, unless that was done just now, or failed less than `retry_millis` ago.
    async fn refresh(&self, retry_millis: i64) -> Result<(), TokenError> {
        // Whoever comes while another fetches waits for that answer.
        let mut fetched = self.fetched.lock().await;
        let now = self.clock.now();
        if let Some(Fetched { at, failure }) = &*fetched {
            let pause = if failure.is_some() { retry_millis } else { REFRESH_MILLIS };
            if now.millis_since(*at).abs() < pause {
                return failure.clone().map_or(Ok(()), |failure| Err(TokenError::NoKeys(failure)));
            }
        }
        let outcome = self.source.fetch().await.map_err(|error| chain(&error));
        let now = self.clock.now();
        *fetched = Some(Fetched { at: now, failure: outcome.as_ref().err().cloned() });
        match outcome {
            Ok(set) => {
                self.known().replace(&set, now);
                Ok(())
            }
            Err(failure) => {
                let age_secs = self.known().had.map(|had| now.millis_since(had) / 1_000);
                tracing::warn!(failure, age_secs, "the signing keys cannot be fetched");
                Err(TokenError::NoKeys(failure))
            }
        }
    }
}
