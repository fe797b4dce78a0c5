//! The HTTP API.

mod error;
mod extract;
mod households;
mod openapi;
mod sessions;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use domain::Clock;
use domain::accounts::{Accounts, Membership};
use domain::{HouseholdId, PersonId};
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::passwords::{PasswordError, Passwords};
use crate::{Deps, SessionsConfig, SigningKey};

use error::ApiError;
pub use openapi::json as openapi_json;

/// 64 sockets with the longest labels fit in.
const MAX_BODY_BYTES: usize = 48 * 1_024;

/// What every request works with.
pub(crate) struct App {
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    signing_key: SigningKey,
    passwords: Passwords,
    sessions: SessionsConfig,
}

impl App {
    pub(crate) fn new(deps: Deps) -> Result<Self, PasswordError> {
        let Deps { accounts, clock, signing_key, sessions } = deps;
        let passwords = Passwords::new(sessions.concurrent_logins, sessions.login_patience())?;
        Ok(Self { accounts, clock, signing_key, passwords, sessions })
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
        .routes(routes!(households::show))
        .routes(routes!(households::put_hub))
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
