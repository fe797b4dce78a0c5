//! Asking a provider: with time-outs, and no more than a bounded answer.

use std::error::Error as _;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use service::problem::chain;
use service::tls::Trusted;

use super::ProviderError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For a whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);
/// Keycloak describes itself with 7 KB; a hundred keys with their certificates take 200 KB.
const MAX_BYTES: usize = 256 * 1_024;

/// Follows no redirects: where secrets go is what the configuration and the provider's description say.
pub(super) fn client(trusted: &Trusted) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .redirect(Policy::none())
        .no_proxy();
    trusted.put_into(builder).build()
}

/// The status, and the body where it is the JSON that is asked for.
pub(super) async fn json<T: DeserializeOwned>(
    what: &'static str,
    request: RequestBuilder,
) -> Result<(StatusCode, Option<T>), ProviderError> {
    let away = |error: reqwest::Error| ProviderError::Away { what, reason: reason(&error) };
    let answer = request.header(http::header::ACCEPT, "application/json").send().await.map_err(away)?;
    let status = answer.status();
    let body = bounded(answer).await.map_err(|reason| ProviderError::Away { what, reason })?;
    Ok((status, serde_json::from_slice(&body).ok()))
}

/// The body of an answer that has to be there.
pub(super) async fn found<T: DeserializeOwned>(
    what: &'static str,
    request: RequestBuilder,
) -> Result<T, ProviderError> {
    match json(what, request).await? {
        (StatusCode::OK, Some(body)) => Ok(body),
        (StatusCode::OK, None) => Err(ProviderError::Away { what, reason: "it makes no sense".to_owned() }),
        (status, _) => Err(ProviderError::Away { what, reason: format!("the answer is {status}") }),
    }
}

async fn bounded(mut answer: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(format!("the answer is longer than {MAX_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Without the address, which may hold what is nobody's business, but with what lies behind it.
fn reason(error: &reqwest::Error) -> String {
    let text = if error.is_timeout() { "timed out" } else { "no answer" };
    error.source().map_or_else(|| text.to_owned(), |cause| format!("{text}: {}", chain(cause)))
}
