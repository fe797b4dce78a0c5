//! Who may ask: people log in here, and get short-lived tokens that say which hubs are theirs and since when.
//!
//! It must not know measurements, nor which database keeps the accounts, nor who reads its tokens.

pub mod arguments;
pub mod broker;
mod config;
pub mod enrolment;
mod http;
mod key_file;
mod limits;
mod names;
mod oidc;
mod pairing_code;
mod passwords;
mod post;
pub mod provision;
mod purge;
mod recovery;
mod sealing;
mod secret;
mod signing_key;
mod signing_keys;
mod totp;

use std::sync::Arc;

use domain::Clock;
use domain::accounts::Accounts;
use domain::alerts::Alerts;
use domain::audit::Audit;
use domain::erasure::{Deletions, Erasures};
use domain::hubs::HubCredentials;
use domain::identities::Identities;
use domain::members::Members;
use domain::personal_tokens::PersonalTokens;
use domain::registry::Registry;
use domain::second_factor::SecondFactors;
use domain::tickets::Tickets;
use service::Metrics;
use service::operations::{self, Listeners};
use tokio_util::sync::CancellationToken;

pub use broker::Config as BrokerConfig;
pub use config::{AccountsConfig, Config, PeopleConfig, SessionsConfig, Store};
pub use http::openapi_json;
pub use oidc::{ProviderConfig, ProviderSecrets};
pub use passwords::PasswordError;
use post::Post;
pub use provision::{provision, provision_missing, provision_secret};
pub use sealing::{SealingKey, SealingKeyError};
pub use signing_key::SigningKeyError;
pub use signing_keys::SigningKeys;

/// What the service works with.
pub struct Deps {
    pub stores: Stores,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    pub signing_keys: SigningKeys,
    /// For the secrets of second factors.
    pub sealing_key: SealingKey,
    pub sessions: SessionsConfig,
    pub people: PeopleConfig,
}

/// Where things are kept.
#[derive(Clone)]
pub struct Stores {
    pub accounts: Arc<dyn Accounts>,
    pub registry: Arc<dyn Registry>,
    pub personal_tokens: Arc<dyn PersonalTokens>,
    pub alerts: Arc<dyn Alerts>,
    pub tickets: Arc<dyn Tickets>,
    pub members: Arc<dyn Members>,
    pub second_factors: Arc<dyn SecondFactors>,
    pub audit: Arc<dyn Audit>,
    pub identities: Arc<dyn Identities>,
    pub hub_credentials: Arc<dyn HubCredentials>,
    pub deletions: Arc<dyn Deletions>,
    pub erasures: Arc<dyn Erasures>,
}

/// All in one place.
impl<S> From<Arc<S>> for Stores
where
    S: Accounts
        + Registry
        + PersonalTokens
        + Alerts
        + Tickets
        + Members
        + SecondFactors
        + Audit
        + Identities
        + HubCredentials
        + Deletions
        + Erasures,
{
    fn from(store: Arc<S>) -> Self {
        Self {
            accounts: Arc::clone(&store) as _,
            registry: Arc::clone(&store) as _,
            personal_tokens: Arc::clone(&store) as _,
            alerts: Arc::clone(&store) as _,
            tickets: Arc::clone(&store) as _,
            members: Arc::clone(&store) as _,
            second_factors: Arc::clone(&store) as _,
            audit: Arc::clone(&store) as _,
            identities: Arc::clone(&store) as _,
            hub_credentials: Arc::clone(&store) as _,
            deletions: Arc::clone(&store) as _,
            erasures: store,
        }
    }
}

impl Deps {
    pub fn load(
        config: &Config,
        stores: Stores,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self, KeyError> {
        let signing_keys = SigningKeys::open(&config.signing_key_file, clock.now())?;
        let sealing_key = SealingKey::open(&config.second_factor_key_file)?;
        let (sessions, people) = (config.sessions.clone(), config.people.clone());
        Ok(Self { stores, clock, metrics, signing_keys, sealing_key, sessions, people })
    }
}

/// A key that is not there and cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Signing(#[from] SigningKeyError),
    #[error("the key of second factors")]
    Sealing(#[from] SealingKeyError),
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("preparing to check passwords")]
    Passwords(#[source] PasswordError),
    #[error("preparing to send letters")]
    Post(#[source] mail::BuildError),
    #[error("preparing to ask providers of identities")]
    Providers(#[source] reqwest::Error),
    #[error("serving HTTP")]
    Serve(#[source] std::io::Error),
}

/// Serves on `listeners` until `shutdown`.
pub async fn run(
    deps: Deps,
    listeners: impl Into<Listeners>,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    let interval = deps.sessions.purge_interval();
    let metrics = deps.metrics.clone();
    let (stores, clock) = (deps.stores.clone(), Arc::clone(&deps.clock));
    let (post, courier) = Post::new(&deps.people).map_err(RunError::Post)?;
    let providers = oidc::Providers::new(&deps.people).map_err(RunError::Providers)?;
    let app = http::App::new(deps, post, providers).map_err(RunError::Passwords)?;
    let keys = tokio::spawn(app.signing_keys().keep_up(Arc::clone(&clock), shutdown.clone()));
    let purge = tokio::spawn(purge::purge_what_expired(stores, clock, interval, shutdown.clone()));
    let courier = courier.map(|courier| tokio::spawn(courier.run(shutdown.clone())));
    let Listeners { api, operations } = listeners.into();
    let health = http::health(&app, shutdown.clone());
    let router = http::router(app).merge(health.clone().routes());
    let operations =
        operations::serve_if_any(operations, "auth-service", metrics.clone(), health, shutdown.clone());
    let served = tokio::try_join!(service::http::serve_services(api, router, &metrics, shutdown), operations);
    purge.abort();
    keys.abort();
    if let Some(courier) = courier
        && let Err(error) = courier.await
    {
        tracing::error!(%error, "the courier failed");
    }
    served.map(drop).map_err(RunError::Serve)
}
