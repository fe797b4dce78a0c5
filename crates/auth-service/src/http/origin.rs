use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::App;

/// The address of whoever asks, for limits.
#[derive(Clone, Copy)]
pub(super) struct Origin(pub(super) IpAddr);

impl FromRequestParts<Arc<App>> for Origin {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        Ok(Self(service::origin::of(parts, app.people.forwarded_hops)))
    }
}
