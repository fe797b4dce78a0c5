//! Access tokens: EdDSA JWTs, verified with the public keys of the auth-service.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::access::{AUDIENCE, AccessClaims, ISSUER};
use domain::{Clock, UtcMillis};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use service::tls::Trusted;
use tokio::sync::Mutex;

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

/// Verifies tokens with keys that are fetched when they are first needed and kept.
pub struct TokenVerifier {
    source: KeySource,
    clock: Arc<dyn Clock>,
    validation: Validation,
    keys: RwLock<HashMap<String, DecodingKey>>,
    fetched: Mutex<Option<Fetched>>,
}

impl TokenVerifier {
    pub fn new(source: KeySource, clock: Arc<dyn Clock>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked below, against the clock that was passed in.
        validation.validate_exp = false;
        Self { source, clock, validation, keys: RwLock::default(), fetched: Mutex::default() }
    }

    /// What the token says, if it is genuine and valid now.
    pub async fn verify(&self, token: &str) -> Result<AccessClaims, TokenError> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|error| TokenError::Invalid(error.to_string()))?;
        let id = header.kid.ok_or_else(|| TokenError::Invalid("it names no key".to_owned()))?;
        let mut key = self.known(&id);
        if key.is_none() {
            self.refresh().await?;
            key = self.known(&id);
        }
        let key = key.ok_or_else(|| TokenError::Invalid("it is signed by an unknown key".to_owned()))?;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key, &self.validation)
            .map_err(|error| TokenError::Invalid(error.to_string()))?
            .claims;
        if self.clock.now().secs() > claims.exp + LEEWAY_SECS {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    /// Whether there are keys, fetched now if need be.
    pub async fn ready(&self) -> Result<(), TokenError> {
        if self.keys.read().unwrap_or_else(PoisonError::into_inner).is_empty() {
            self.refresh().await
        } else {
            Ok(())
        }
    }

    fn known(&self, id: &str) -> Option<DecodingKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
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
        let outcome = self.source.fetch().await.map_err(|error| reason(&error));
        *fetched = Some(Fetched { at: self.clock.now(), failure: outcome.as_ref().err().cloned() });
        let keys: HashMap<String, DecodingKey> = outcome
            .map_err(TokenError::NoKeys)?
            .keys
            .iter()
            .take(MAX_KEYS)
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
            .collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

/// With its causes, without which it says little.
fn reason(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}
