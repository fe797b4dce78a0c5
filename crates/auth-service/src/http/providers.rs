//! Providers through whom people may log in, and the way to them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::identities::{Aim, Flow};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::error::ApiError;
use super::extract::{Address, Body};
use super::origin::Origin;
use super::provider_refusal::ProviderRefusal;
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit};
use crate::oidc::{Provider, ProviderError};
use crate::post::Language;
use crate::secret::FlowSecret;

/// So long somebody may take at the provider, or to find the app with the code.
pub(super) const FLOW_MILLIS: i64 = 600_000;

/// A provider of identities.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
struct ProviderBody {
    id: String,
    /// For people to read.
    name: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ProviderList {
    providers: Vec<ProviderBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Departure {
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

/// A log-in that has begun.
#[derive(Serialize, ToSchema)]
pub(super) struct Begun {
    /// What the browser keeps to itself until it comes back. It is not shown again.
    secret: String,
    /// Where the browser goes.
    url: String,
    /// In seconds.
    expires_in: i64,
}

/// Through whom people may log in; nobody, where none is set up.
#[utoipa::path(
    get,
    operation_id = "list_providers",
    path = "/v1/providers",
    tag = "providers",
    responses((status = 200, body = ProviderList)),
)]
pub(super) async fn list(State(app): State<Arc<App>>) -> Json<ProviderList> {
    let body =
        |provider: &Provider| ProviderBody { id: provider.id().to_owned(), name: provider.name().to_owned() };
    Json(ProviderList { providers: app.providers.iter().map(body).collect() })
}

/// Begin to log in through a provider.
#[utoipa::path(
    post,
    operation_id = "begin_log_in_at_provider",
    path = "/v1/providers/{provider}/flows",
    tag = "providers",
    params(("provider" = String, Path)),
    request_body = Departure,
    responses(
        (status = 201, body = Begun),
        (status = 404, description = "No such provider", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    Address(provider): Address<String>,
    reader: Reader,
    Body(body): Body<Departure>,
) -> Result<Response, ApiError> {
    let provider = app.providers.get(&provider).ok_or(ApiError::NotFound)?;
    app.limits.begin_flow(from, app.clock.now())?;
    app.depart(provider, Aim::LogIn, reader.language(body.language)).await
}

impl App {
    /// Sends somebody to a provider.
    pub(super) async fn depart(
        &self,
        provider: &Provider,
        aim: Aim,
        language: Language,
    ) -> Result<Response, ApiError> {
        let (secret, now) = (FlowSecret::generate(), self.clock.now());
        let begun = provider.begin(&secret, language.code(), now).await;
        let url = begun.map_err(|error| refused(provider, &error))?.into();
        let provider = provider.id().to_owned();
        let expires = now.plus_millis(FLOW_MILLIS);
        let flow = Flow { secret_hash: secret.hash(), provider, aim, expires };
        self.stores.identities.put_flow(&flow).await?;
        let begun = Begun { secret: secret.expose().to_owned(), url, expires_in: FLOW_MILLIS / 1_000 };
        Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(begun)).into_response())
    }
}

/// Logs the cause, which the answer hides.
pub(super) fn refused(provider: &Provider, error: &ProviderError) -> ApiError {
    tracing::warn!(provider = provider.id(), %error, "a log-in through a provider failed");
    ProviderRefusal::from(error).into()
}
