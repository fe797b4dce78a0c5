//! Access tokens: EdDSA JWTs, verified with the public keys of the auth-service.

mod remembered;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::access::{AUDIENCE, AccessClaims, ISSUER};
use domain::{Clock, UtcMillis};
use jsonwebtoken::jwk::JwkSet;
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

/// What tokens are held against. Replaced as a whole, so that nothing is remembered of a key that is gone.
#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    /// Counts the replacements.
    epoch: u64,
    tokens: Remembered,
}

/// Verifies tokens with keys that are fetched when they are first needed and kept. A token that was verified is remembered
/// until it is not asked with for a while, or the keys are fetched again.
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
        // Not in the condition: the lock would be held throughout.
        let remembered = self.known().tokens.get(token);
        let claims = match remembered {
            Some(claims) => claims,
            None => self.verify_signature(token).await?,
        };
        if self.clock.now().secs() > claims.exp + LEEWAY_SECS {
            return Err(TokenError::Expired);
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
            self.refresh().await?;
            key = self.key(&id);
        }
        let (key, epoch) =
            key.ok_or_else(|| TokenError::Invalid("it is signed by an unknown key".to_owned()))?;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key, &self.validation)
            .map_err(|error| TokenError::Invalid(error.to_string()))?
            .claims;
        let claims = Arc::new(claims);
        let mut known = self.known();
        // The keys may have been replaced meanwhile.
        if known.epoch == epoch {
            known.tokens.put(token, claims.clone());
        }
        Ok(claims)
    }

    /// Whether there are keys, fetched now if need be.
    pub async fn ready(&self) -> Result<(), TokenError> {
        let is_empty = self.known().keys.is_empty();
        if is_empty { self.refresh().await } else { Ok(()) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key, and the epoch it is of.
    fn key(&self, id: &str) -> Option<(DecodingKey, u64)> {
        let known = self.known();
        known.keys.get(id).map(|key| (key.clone(), known.epoch))
    }

    async fn refresh(&self) -> Result<(), TokenError> {
        // Whoever comes while another fetches waits for that answer.
        let mut fetched = self.fetched.lock().await;
        let now = self.clock.now();
        if let Some(Fetched { at, failure }) = &*fetched {
            let pause = if failure.is_some() { RETRY_MILLIS } else { REFRESH_MILLIS };
            if now.millis_since(*at).abs() < pause {
                return failure.clone().map_or(Ok(()), |failure| Err(TokenError::NoKeys(failure)));
            }
        }
        let outcome = self.source.fetch().await.map_err(|error| chain(&error));
        *fetched = Some(Fetched { at: self.clock.now(), failure: outcome.as_ref().err().cloned() });
        let keys: HashMap<String, DecodingKey> = outcome
            .map_err(TokenError::NoKeys)?
            .keys
            .iter()
            .take(MAX_KEYS)
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
            .collect();
        let mut known = self.known();
        *known = Known { keys, epoch: known.epoch + 1, tokens: Remembered::default() };
        Ok(())
    }
}
