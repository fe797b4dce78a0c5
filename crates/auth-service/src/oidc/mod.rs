//! Logging in through OpenID Connect providers: authorization code with PKCE.
//!
//! Nothing is asked of a provider before somebody wants to log in through it, so that one that is down stops nobody else.

mod cache;
mod config;
mod exchange;
mod fetch;
mod flow;
mod id_token;
mod keys;
mod metadata;

use std::sync::Arc;
use std::time::Duration;

use domain::UtcMillis;
use reqwest::{Client, Url};
use secrecy::SecretString;
use tokio::time::timeout;

use self::cache::Cache;
use self::flow::Part;
use self::keys::{KeySet, Keys};
use self::metadata::{Document, Metadata};
use crate::PeopleConfig;
use crate::secret::FlowSecret;

pub use config::{ProviderConfig, ProviderSecrets};
pub(crate) use config::{is_loopback, validate};
pub(crate) use exchange::Account;
pub(crate) use flow::is_state;
pub(crate) use id_token::IdTokenError;

/// All questions for one log-in together: the web-app waits ten seconds for us.
const PATIENCE: Duration = Duration::from_secs(8);

/// Why a provider does not lead to anybody.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("{what} of the provider cannot be had: {reason}")]
    Away { what: &'static str, reason: String },
    #[error("the description of the provider is not to be used: {0}")]
    Metadata(String),
    #[error("the provider does not take the code: {0}")]
    Code(String),
    #[error("the answer does not come from this provider")]
    Issuer,
    #[error("the ID token is not to be believed: {0}")]
    IdToken(#[from] IdTokenError),
    #[error("what the provider says of the account is about another one")]
    Userinfo,
}

pub(crate) struct Providers(Vec<Provider>);

pub(crate) struct Provider {
    config: ProviderConfig,
    client_secret: Option<SecretString>,
    redirect_uri: String,
    http: Client,
    metadata: Cache<Metadata>,
    keys: Cache<Keys>,
}

impl Providers {
    pub(crate) fn new(people: &PeopleConfig) -> Result<Self, reqwest::Error> {
        let http = fetch::client(&people.trusted)?;
        let page = people.page_url.trim_end_matches('/');
        let provider = |config: &ProviderConfig| Provider {
            client_secret: people.provider_secrets.get(&config.id).or(config.client_secret.as_ref()).cloned(),
            // One of its own for each: an answer cannot be taken to another provider than the one it is from.
            redirect_uri: format!("{page}/api/providers/{}/answer", config.id),
            config: config.clone(),
            http: http.clone(),
            metadata: Cache::new("the description"),
            keys: Cache::new("the key set"),
        };
        Ok(Self(people.providers.iter().map(provider).collect()))
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.config.id == id)
    }

    /// In the order of the configuration.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }
}

impl Provider {
    pub(crate) fn id(&self) -> &str {
        &self.config.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Where the browser goes to log in.
    pub(crate) async fn begin(
        &self,
        secret: &FlowSecret,
        language: &str,
        now: UtcMillis,
    ) -> Result<Url, ProviderError> {
        let metadata = in_time(self.metadata(now)).await?;
        let mut url = metadata.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.config.scopes.join(" "))
            .append_pair("state", &flow::part(secret, Part::State))
            .append_pair("nonce", &flow::part(secret, Part::Nonce))
            .append_pair("code_challenge", &flow::challenge(&flow::part(secret, Part::Verifier)))
            .append_pair("code_challenge_method", "S256")
            .append_pair("ui_locales", language);
        Ok(url)
    }

    /// Whether an answer with this `iss` is from this provider (RFC 9207): where one is due it has to be there, and
    /// one that is there has to be right.
    pub(crate) async fn check_iss(&self, iss: Option<&str>, now: UtcMillis) -> Result<(), ProviderError> {
        let is_ours = match iss {
            Some(iss) => iss == self.config.issuer,
            None => !in_time(self.metadata(now)).await?.says_iss,
        };
        if is_ours { Ok(()) } else { Err(ProviderError::Issuer) }
    }

    /// Exchanges a code for whose it is.
    pub(crate) async fn identify(
        &self,
        secret: &FlowSecret,
        code: &str,
        now: UtcMillis,
    ) -> Result<Account, ProviderError> {
        in_time(self.exchange(secret, code, now)).await
    }

    async fn metadata(&self, now: UtcMillis) -> Result<Arc<Metadata>, ProviderError> {
        let fetch = async || {
            let address = metadata::address(&self.config.issuer);
            let document: Document = fetch::found("the description", self.http.get(address)).await?;
            document.checked(&self.config.issuer)
        };
        self.metadata.get(now, fetch).await
    }

    async fn fetch_keys(&self, metadata: &Metadata) -> Result<Keys, ProviderError> {
        let request = self.http.get(metadata.jwks_uri.clone());
        Ok(fetch::found::<KeySet>("the key set", request).await?.into())
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, ProviderError>>) -> Result<T, ProviderError> {
    let late = || ProviderError::Away { what: "an answer", reason: "it takes too long".to_owned() };
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late()))
}
