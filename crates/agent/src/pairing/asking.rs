//! What is asked of the auth-service.

use std::time::Duration;

use domain::HubId;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde::Deserialize;
use serde_json::json;
use service::tls::{Trusted, is_local};

use super::{PairingError, Secret};

const TIMEOUT: Duration = Duration::from_secs(10);
/// A wait that somebody else asks for has a bound.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(5);

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("preparing to ask")]
    Prepare(#[source] reqwest::Error),
    #[error("{0} cannot be reached ({1})")]
    Unreachable(String, &'static str),
    #[error("the auth-service is busy")]
    Busy(Option<Duration>),
    #[error("the secret was used before")]
    SecretUsed,
    #[error("the auth-service refuses this hub ({status}): {detail}")]
    Refused { status: StatusCode, detail: String },
    #[error("what answers at {0} is no auth-service")]
    Stranger(String),
}

impl AskError {
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(..) | Self::Busy(_))
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy(after) => after.map(|after| after.min(MAX_RETRY_AFTER)),
            _ => None,
        }
    }
}

/// A code to be shown.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pub(super) code: String,
    pub(super) expires_at: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Waiting,
    Paired,
    Revoked,
}

#[derive(Deserialize)]
struct Standing {
    state: State,
}

#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default)]
    detail: String,
}

pub(super) struct Desk {
    http: Client,
    url: String,
}

pub(super) fn is_base(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
}

impl Desk {
    pub(super) fn at(url: &str, trusted: &Trusted) -> Result<Self, PairingError> {
        if !is_base(url) {
            return Err(PairingError::BadUrl);
        }
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .user_agent("wattline-agent");
        let http = trusted.put_into(client).build().map_err(AskError::Prepare)?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned() })
    }

    /// The secret travels when the hub asks how it stands.
    pub(super) fn is_in_the_open(&self) -> bool {
        Url::parse(&self.url).is_ok_and(|url| url.scheme() == "http" && !url.host_str().is_some_and(is_local))
    }

    /// Where an owner finds the code entered already.
    pub(super) fn page_for(&self, code: &str) -> String {
        format!("{}/settings/hubs?code={code}", self.url)
    }

    pub(super) async fn ask(&self, hub: HubId, secret: &Secret) -> Result<Asked, AskError> {
        let wish = json!({ "hub": hub, "secret_hash": secret.hash() });
        let request = self.http.post(format!("{}/v1/pairings", self.url)).json(&wish);
        let answer = self.send(request).await?;
        match answer.status() {
            StatusCode::CREATED => answer.json().await.map_err(|_| AskError::Stranger(self.url.clone())),
            StatusCode::CONFLICT => Err(AskError::SecretUsed),
            _ => Err(self.refusal(answer).await),
        }
    }

    /// `None`: it neither waits nor is paired.
    pub(super) async fn state(&self, secret: &Secret) -> Result<Option<State>, AskError> {
        let request = self.http.get(format!("{}/v1/pairings/current", self.url)).bearer_auth(secret.expose());
        let answer = self.send(request).await?;
        match answer.status() {
            StatusCode::OK => {
                let standing: Result<Standing, _> = answer.json().await;
                standing
                    .map(|standing| Some(standing.state))
                    .map_err(|_| AskError::Stranger(self.url.clone()))
            }
            StatusCode::UNAUTHORIZED => Ok(None),
            _ => Err(self.refusal(answer).await),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, AskError> {
        request.send().await.map_err(|error| {
            let reason = if error.is_timeout() { "no answer in time" } else { "no connection" };
            AskError::Unreachable(self.url.clone(), reason)
        })
    }

    async fn refusal(&self, answer: Response) -> AskError {
        let status = answer.status();
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return AskError::Busy(after.map(Duration::from_secs));
        }
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) || status.is_redirection()
        {
            return AskError::Stranger(self.url.clone());
        }
        let Problem { detail } = answer.json().await.unwrap_or_default();
        AskError::Refused { status, detail }
    }
}
