//! The HTTP API.

mod alerts;
mod archive;
mod audit;
mod checks;
mod current_person;
mod deletion;
mod error;
mod extract;
mod founding;
mod household_archive;
mod household_deletion;
mod households;
mod hubs;
mod identities;
mod invitations;
mod links;
mod members;
mod openapi;
mod origin;
mod pairings;
mod personal_tokens;
mod provider_answers;
mod provider_refusal;
mod providers;
mod reader;
mod refusals;
mod resets;
mod rights;
mod second_factor;
mod sessions;
mod settings;
mod sign_up;
mod tokens;
mod whom;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use domain::Clock;
use domain::accounts::Membership;
use domain::audit::{Action, Deed};
use domain::{HouseholdId, PersonId};
use http::header;
use service::health::Health;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::limits::Limits;
use crate::oidc::Providers;
use crate::passwords::{PasswordError, Passwords};
use crate::post::Post;
use crate::{Deps, PeopleConfig, SealingKey, SessionsConfig, SigningKeys, Stores};

use error::ApiError;
pub use openapi::json as openapi_json;

/// 64 sockets with the longest labels fit in.
const MAX_BODY_BYTES: usize = 48 * 1_024;
/// Two hundred tariffs with a price for the day and one for the night fit in; it is all that is ever read of a request.
const MAX_SETTINGS_BYTES: usize = 64 * 1_024;

/// What every request works with.
pub(crate) struct App {
    stores: Stores,
    clock: Arc<dyn Clock>,
    signing_keys: Arc<SigningKeys>,
    sealing_key: SealingKey,
    passwords: Passwords,
    sessions: SessionsConfig,
    people: PeopleConfig,
    post: Post,
    limits: Limits,
    providers: Providers,
}

impl App {
    pub(crate) fn new(deps: Deps, post: Post, providers: Providers) -> Result<Self, PasswordError> {
        let Deps { stores, clock, signing_keys, sealing_key, sessions, people, .. } = deps;
        let passwords = Passwords::new(sessions.concurrent_logins, sessions.login_patience())?;
        let (signing_keys, limits) = (Arc::new(signing_keys), Limits::new());
        Ok(Self {
            stores,
            clock,
            signing_keys,
            sealing_key,
            passwords,
            sessions,
            people,
            post,
            limits,
            providers,
        })
    }

    pub(crate) fn signing_keys(&self) -> Arc<SigningKeys> {
        Arc::clone(&self.signing_keys)
    }

    /// `None` also for a household that does not exist: strangers learn nothing.
    async fn membership(
        &self,
        person: PersonId,
        household: HouseholdId,
    ) -> Result<Option<Membership>, ApiError> {
        let memberships = self.stores.accounts.memberships(person, self.clock.now()).await?;
        Ok(memberships.into_iter().find(|membership| membership.household.id == household))
    }

    /// Says in the household who did what.
    async fn write_down(
        &self,
        household: HouseholdId,
        by: PersonId,
        action: Action,
        about: impl Into<String>,
    ) -> Result<(), ApiError> {
        let deed = Deed { household, at: self.clock.now(), by: Some(by), action, about: about.into() };
        Ok(self.stores.audit.write_down(&deed).await?)
    }
}

fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(sign_up::sign_up))
        .routes(routes!(sign_up::confirm))
        .routes(routes!(resets::ask))
        .routes(routes!(resets::set))
        .routes(routes!(current_person::show, current_person::rename))
        .routes(routes!(current_person::change_password))
        .routes(routes!(current_person::change_email))
        .routes(routes!(archive::permit, archive::show))
        .routes(routes!(archive::deeds))
        .routes(routes!(deletion::preview, deletion::delete))
        .routes(routes!(second_factor::begin, second_factor::confirm))
        .routes(routes!(second_factor::remove))
        .routes(routes!(identities::list, identities::connect))
        .routes(routes!(identities::remove))
        .routes(routes!(providers::list))
        .routes(routes!(providers::begin))
        .routes(routes!(provider_answers::answer))
        .routes(routes!(provider_answers::second_step))
        .routes(routes!(sessions::log_in, sessions::list, sessions::log_out_everywhere))
        .routes(routes!(sessions::current, sessions::log_out))
        .routes(routes!(sessions::close))
        .routes(routes!(tokens::issue))
        .routes(routes!(tokens::keys))
        .routes(routes!(personal_tokens::list, personal_tokens::create))
        .routes(routes!(personal_tokens::delete))
        .routes(routes!(founding::found))
        .routes(routes!(households::show))
        .routes(routes!(household_archive::show))
        .routes(routes!(household_deletion::preview, household_deletion::delete))
        .routes(routes!(members::list))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(invitations::invite))
        .routes(routes!(invitations::withdraw))
        .routes(routes!(invitations::look))
        .routes(routes!(invitations::accept))
        .routes(routes!(audit::list))
        .routes(routes!(households::put_hub, hubs::release))
        .routes(routes!(pairings::open))
        .routes(routes!(pairings::current))
        .routes(routes!(pairings::redeem))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::acknowledge))
        .routes(routes!(settings::show, settings::put).layer(DefaultBodyLimit::max(MAX_SETTINGS_BYTES)))
}

pub(crate) fn health(app: &App, shutdown: CancellationToken) -> Health {
    let accounts = Arc::clone(&app.stores.accounts);
    Health::new(shutdown, move || {
        let accounts = Arc::clone(&accounts);
        async move { accounts.ready().await.map_err(|_| "The accounts are not available.".to_owned()) }
    })
}

pub(crate) fn router(app: App) -> Router {
    let app = Arc::new(app);
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
}
