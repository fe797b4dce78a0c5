//! The HTTP API.

mod alerts;
mod error;
mod extract;
mod households;
mod hubs;
mod openapi;
mod pairings;
mod personal_tokens;
mod sessions;
mod settings;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use domain::Clock;
use domain::accounts::{Accounts, Membership};
use domain::alerts::Alerts;
use domain::hubs::HubCredentials;
use domain::personal_tokens::PersonalTokens;
use domain::registry::Registry;
use domain::{HouseholdId, PersonId};
use http::header;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::passwords::{PasswordError, Passwords};
use crate::{Deps, SessionsConfig, SigningKey};

use error::ApiError;
pub use openapi::json as openapi_json;

/// 64 sockets with the longest labels fit in.
const MAX_BODY_BYTES: usize = 48 * 1_024;
/// Two hundred tariffs with a price for the day and one for the night fit in; it is all that is ever read of a request.
const MAX_SETTINGS_BYTES: usize = 64 * 1_024;

/// What every request works with.
pub(crate) struct App {
    accounts: Arc<dyn Accounts>,
    registry: Arc<dyn Registry>,
    personal_tokens: Arc<dyn PersonalTokens>,
    alerts: Arc<dyn Alerts>,
    hub_credentials: Arc<dyn HubCredentials>,
    pairing_limits: pairings::Limits,
    clock: Arc<dyn Clock>,
    signing_key: SigningKey,
    passwords: Passwords,
    sessions: SessionsConfig,
}

impl App {
    pub(crate) fn new(deps: Deps) -> Result<Self, PasswordError> {
        let Deps {
            accounts,
            registry,
            personal_tokens,
            alerts,
            hub_credentials,
            clock,
            signing_key,
            sessions,
        } = deps;
        let passwords = Passwords::new(sessions.concurrent_logins, sessions.login_patience())?;
        Ok(Self {
            accounts,
            registry,
            personal_tokens,
            alerts,
            hub_credentials,
            pairing_limits: pairings::Limits::default(),
            clock,
            signing_key,
            passwords,
            sessions,
        })
    }

    /// `None` also for a household that does not exist: strangers learn nothing.
    async fn membership(
        &self,
        person: PersonId,
        household: HouseholdId,
    ) -> Result<Option<Membership>, ApiError> {
        let memberships = self.accounts.memberships(person).await?;
        Ok(memberships.into_iter().find(|membership| membership.household.id == household))
    }
}

fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(sessions::log_in))
        .routes(routes!(sessions::current, sessions::log_out))
        .routes(routes!(tokens::issue))
        .routes(routes!(tokens::keys))
        .routes(routes!(personal_tokens::list, personal_tokens::create))
        .routes(routes!(personal_tokens::delete))
        .routes(routes!(households::show))
        .routes(routes!(households::put_hub, hubs::release))
        .routes(routes!(pairings::open))
        .routes(routes!(pairings::current))
        .routes(routes!(pairings::redeem))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::acknowledge))
        .routes(routes!(settings::show, settings::put).layer(DefaultBodyLimit::max(MAX_SETTINGS_BYTES)))
}

pub(crate) fn router(app: App) -> Router {
    let app = Arc::new(app);
    let accounts = Arc::clone(&app.accounts);
    let health = service::health::routes(move || {
        let accounts = Arc::clone(&accounts);
        async move { accounts.ready().await.map_err(|_| "The accounts are not available.".to_owned()) }
    });
    let (routes, _) = documented().split_for_parts();
    let description = openapi_json();
    routes
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
        .route(
            "/openapi.json",
            get(|| async move { ([(header::CONTENT_TYPE, "application/json")], description) }),
        )
        .merge(health)
}
