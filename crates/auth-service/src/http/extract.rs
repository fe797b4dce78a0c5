//! From requests to what the handlers want, with our own answers where they do not fit.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use domain::accounts::Session;
use http::request::Parts;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::App;
use super::error::ApiError;
use crate::secret::SessionSecret;

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
        let detail = error.inner().to_string();
        ApiError::Invalid { field: (field != "." && field != "?").then_some(field), detail }
    })?;
    json.end().map_err(|error| ApiError::Invalid { field: None, detail: error.to_string() })?;
    Ok(value)
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

/// The session whose secret the request bears.
pub(super) struct LoggedIn(pub(super) Session);

impl FromRequestParts<Arc<App>> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let secret = bearer(parts).and_then(SessionSecret::parse).ok_or(ApiError::NotLoggedIn)?;
        let session = app.accounts.session(&secret.hash(), app.clock.now()).await?;
        session.map(Self).ok_or(ApiError::NotLoggedIn)
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, credentials) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}
