//! From requests to what the handlers want, with our own answers where they do not fit.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use domain::access::Role;
use domain::accounts::{Membership, Session};
use domain::personal_tokens::PersonalToken;
use domain::{HouseholdId, PersonId};
use http::request::Parts;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::App;
use super::error::ApiError;
use super::rights::Right;
use crate::secret::{HubSecret, PersonalSecret, SessionSecret};

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        if !is_json(&request) {
            return Err(ApiError::NotJson);
        }
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::TooLarge
            } else {
                ApiError::Unreadable
            }
        })?;
        parse(&bytes).map(Self)
    }
}

/// A page of another site can send a form without asking first, but not JSON.
fn is_json(request: &Request) -> bool {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type
        .and_then(|text| text.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        // What is no field of a list or an object has no name there.
        let field = field.trim_end_matches(['.', '?']);
        let field = (!field.is_empty()).then(|| field.to_owned());
        ApiError::Invalid { field, detail: sentence(error.inner()) }
    })?;
    json.end().map_err(|error| ApiError::Invalid { field: None, detail: sentence(&error) })?;
    Ok(value)
}

/// Where a value is, the field says; the place in the text helps only where the text is no JSON.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = match error.classify() {
        Category::Data => text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what),
        _ => text.as_str(),
    };
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Ids in the path; what is no id is nowhere to be found.
pub(super) struct Address<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Address<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Path(ids) = Path::from_request_parts(parts, app).await.map_err(|_| ApiError::NotFound)?;
        Ok(Self(ids))
    }
}

/// Somebody who is logged in. A personal token is not enough.
pub(super) struct LoggedIn(pub(super) Session);

impl FromRequestParts<Arc<App>> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match Caller::from_request_parts(parts, app).await? {
            Caller::Person(session) => Ok(Self(session)),
            Caller::Program(_) => Err(ApiError::SessionOnly),
        }
    }
}

/// Somebody who may be logged in. Without credentials that is nobody; a personal token is not enough.
pub(super) struct MaybeLoggedIn(pub(super) Option<Session>);

impl FromRequestParts<Arc<App>> for MaybeLoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        let LoggedIn(session) = LoggedIn::from_request_parts(parts, app).await?;
        Ok(Self(Some(session)))
    }
}

/// Somebody who is logged in, or a program with a personal token of theirs.
pub(super) enum Caller {
    Person(Session),
    Program(PersonalToken),
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let (bearer, now) = (bearer(parts).ok_or(ApiError::NotLoggedIn)?, app.clock.now());
        let caller = if let Some(secret) = SessionSecret::parse(bearer) {
            app.stores.accounts.session(&secret.hash(), now).await?.map(Self::Person)
        } else if let Some(secret) = PersonalSecret::parse(bearer) {
            app.stores.personal_tokens.use_token(&secret.hash(), now).await?.map(Self::Program)
        } else {
            None
        };
        caller.ok_or(ApiError::NotLoggedIn)
    }
}

impl Caller {
    pub(super) const fn person(&self) -> PersonId {
        match self {
            Self::Person(session) => session.person,
            Self::Program(token) => token.person,
        }
    }

    /// The membership by which this may be done, if the token is for it too.
    pub(super) async fn may(
        &self,
        app: &App,
        household: HouseholdId,
        right: Right,
    ) -> Result<Membership, ApiError> {
        if let Self::Program(token) = self {
            if token.household != household {
                return Err(ApiError::NotFound);
            }
            let scope = right.scope().ok_or(ApiError::SessionOnly)?;
            if !token.scopes.contains(&scope) {
                return Err(ApiError::OutOfScope(scope));
            }
        }
        let membership = app.membership(self.person(), household).await?.ok_or(ApiError::NotFound)?;
        match membership.role {
            role if right.is_of(role) => Ok(membership),
            Role::Guest => Err(ApiError::Guest),
            Role::Owner | Role::Member => Err(ApiError::NotOwner),
        }
    }

    /// Whether somebody with this membership may do it too.
    pub(super) fn may_also(&self, membership: &Membership, right: Right) -> bool {
        let is_in_scope = match self {
            Self::Person(_) => true,
            Self::Program(token) => right.scope().is_some_and(|scope| token.scopes.contains(&scope)),
        };
        is_in_scope && right.is_of(membership.role)
    }
}

/// The hash of the secret by which a hub asks.
pub(super) struct HubBearer(pub(super) [u8; 32]);

impl FromRequestParts<Arc<App>> for HubBearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        let secret = bearer(parts).and_then(HubSecret::parse).ok_or(ApiError::UnknownHub)?;
        Ok(Self(secret.hash()))
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, credentials) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}
