//! What a browser asks, for the auth-service to look at.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderValue, header};
use reqwest::RequestBuilder;
use service::origin::FORWARDED_FOR;
use service::problem::Problem;

use crate::routes::AppState;

/// Who asks: where they are, and what their browser calls itself.
pub(crate) struct Asker {
    from: IpAddr,
    browser: Option<HeaderValue>,
}

impl Asker {
    /// Tells the auth-service, which limits how often somebody may try.
    pub(crate) fn introduce(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(FORWARDED_FOR, self.from.to_string());
        match &self.browser {
            Some(browser) => request.header(header::USER_AGENT, browser),
            None => request,
        }
    }
}

impl FromRequestParts<AppState> for Asker {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let from = service::origin::of(parts, state.forwarded_hops);
        Ok(Self { from, browser: parts.headers.get(header::USER_AGENT).cloned() })
    }
}

/// A request's body. The server reads no more than a bounded amount.
pub(crate) struct Sent {
    media_type: Option<HeaderValue>,
    body: Bytes,
}

impl Sent {
    pub(crate) fn put_into(self, request: RequestBuilder) -> RequestBuilder {
        let request = match self.media_type {
            Some(media_type) => request.header(header::CONTENT_TYPE, media_type),
            None => request,
        };
        // A body that is empty is none.
        if self.body.is_empty() { request } else { request.body(self.body) }
    }
}

impl FromRequest<AppState> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let media_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            Problem::new(rejection.status()).detail("The request is too large, or ended early.")
        })?;
        Ok(Self { media_type, body })
    }
}
