//! Who may ask: people log in here, and get short-lived tokens that say which hubs are theirs and since when.
//!
//! It must not know measurements, nor which database keeps the accounts, nor who reads its tokens.

pub mod arguments;
pub mod broker;
mod config;
pub mod enrolment;
mod http;
mod limit;
mod pairing_code;
mod passwords;
pub mod provision;
mod purge;
mod secret;
mod signing_key;

use std::sync::Arc;

use domain::Clock;
use domain::accounts::Accounts;
use domain::alerts::Alerts;
use domain::hubs::HubCredentials;
use domain::personal_tokens::PersonalTokens;
use domain::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use broker::Config as BrokerConfig;
pub use config::{AccountsConfig, Config, SessionsConfig, Store};
pub use http::openapi_json;
pub use passwords::PasswordError;
pub use provision::{provision, provision_missing, provision_secret};
pub use signing_key::{SigningKey, SigningKeyError};

/// What the service works with.
pub struct Deps {
    pub accounts: Arc<dyn Accounts>,
    pub registry: Arc<dyn Registry>,
    pub personal_tokens: Arc<dyn PersonalTokens>,
    pub alerts: Arc<dyn Alerts>,
    pub hub_credentials: Arc<dyn HubCredentials>,
    pub clock: Arc<dyn Clock>,
    pub signing_key: SigningKey,
    pub sessions: SessionsConfig,
}

/// Where things are kept.
#[derive(Clone)]
pub struct Stores {
    pub accounts: Arc<dyn Accounts>,
    pub registry: Arc<dyn Registry>,
    pub personal_tokens: Arc<dyn PersonalTokens>,
    pub alerts: Arc<dyn Alerts>,
    pub hub_credentials: Arc<dyn HubCredentials>,
}

/// All in one place.
impl<S: Accounts + Registry + PersonalTokens + Alerts + HubCredentials> From<Arc<S>> for Stores {
    fn from(store: Arc<S>) -> Self {
        Self {
            accounts: Arc::clone(&store) as _,
            registry: Arc::clone(&store) as _,
            personal_tokens: Arc::clone(&store) as _,
            alerts: Arc::clone(&store) as _,
            hub_credentials: store,
        }
    }
}

impl Deps {
    pub fn load(config: &Config, stores: Stores, clock: Arc<dyn Clock>) -> Result<Self, SigningKeyError> {
        let signing_key = SigningKey::load_or_create(&config.signing_key_file)?;
        let Stores { accounts, registry, personal_tokens, alerts, hub_credentials } = stores;
        let sessions = config.sessions.clone();
        Ok(Self {
            accounts,
            registry,
            personal_tokens,
            alerts,
            hub_credentials,
            clock,
            signing_key,
            sessions,
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("preparing to check passwords")]
    Passwords(#[source] PasswordError),
    #[error("serving HTTP")]
    Serve(#[source] std::io::Error),
}

/// Serves until `shutdown`.
pub async fn run(deps: Deps, listener: TcpListener, shutdown: CancellationToken) -> Result<(), RunError> {
    let interval = deps.sessions.purge_interval();
    let purge = tokio::spawn(purge::purge_what_expired(
        Arc::clone(&deps.accounts),
        Arc::clone(&deps.personal_tokens),
        Arc::clone(&deps.hub_credentials),
        Arc::clone(&deps.clock),
        interval,
        shutdown.clone(),
    ));
    let served = match http::App::new(deps) {
        Ok(app) => {
            service::http::serve(listener, http::router(app), shutdown.clone()).await.map_err(RunError::Serve)
        }
        Err(error) => Err(RunError::Passwords(error)),
    };
    purge.abort();
    served
}
