//! What a browser asks, for the auth-service to look at.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use reqwest::RequestBuilder;
use service::origin::FORWARDED_FOR;
use service::problem::Problem;

use crate::routes::AppState;

/// Who asks: where they are, what their browser calls itself, and the languages they read.
pub(crate) struct Asker {
    from: IpAddr,
    browser: Option<HeaderValue>,
    languages: Option<HeaderValue>,
}

impl Asker {
    fn new(from: IpAddr, headers: &HeaderMap) -> Self {
        let said = |name| headers.get(name).cloned();
        Self { from, browser: said(header::USER_AGENT), languages: said(header::ACCEPT_LANGUAGE) }
    }

    /// Tells the auth-service, which limits how often somebody may try, and writes letters.
    pub(crate) fn introduce(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(FORWARDED_FOR, self.from.to_string());
        let said = [(header::USER_AGENT, &self.browser), (header::ACCEPT_LANGUAGE, &self.languages)];
        said.into_iter().fold(request, |request, (name, value)| match value {
            Some(value) => request.header(name, value),
            None => request,
        })
    }
}

impl FromRequestParts<AppState> for Asker {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let from = service::origin::of(parts, state.forwarded_hops);
        Ok(Self::new(from, &parts.headers))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_says_of_itself_is_passed_on_and_nothing_else() {
        let browser = [
            (header::USER_AGENT, "Phone/1.0"),
            (header::ACCEPT_LANGUAGE, "de-AT,de;q=0.9"),
            (header::COOKIE, "theme=dark"),
        ];
        let browser = browser.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let asker = Asker::new(IpAddr::from([192, 0, 2, 7]), &HeaderMap::from_iter(browser));
        let request = asker.introduce(reqwest::Client::new().get("http://127.0.0.1/")).build().unwrap();
        let mut told: Vec<_> = request.headers().iter().map(|(name, value)| (name.as_str(), value)).collect();
        told.sort_unstable_by_key(|(name, _)| *name);
        let expected = [
            ("accept-language", "de-AT,de;q=0.9"),
            ("user-agent", "Phone/1.0"),
            (FORWARDED_FOR, "192.0.2.7"),
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (name, value) in expected {
            assert!(
                told.iter().any(|(told, said)| *told == name.to_lowercase() && *said == value),
                "{name}: {told:?}"
            );
        }
    }
}
