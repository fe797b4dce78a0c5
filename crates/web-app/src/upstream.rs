//! Asking the auth- and the read-service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Clock, HouseholdId};
use http::StatusCode;
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use serde::{Deserialize, Serialize};
use service::problem::Problem;

use crate::caller::is_of_program;
use crate::config::UpstreamConfig;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the services may take.
#[derive(Clone, Copy)]
struct Limits {
    /// For a whole answer.
    answer: Duration,
    /// For the next piece of one. The live stream says something every 15 s.
    silence: Duration,
}

const LIMITS: Limits = Limits { answer: Duration::from_secs(10), silence: Duration::from_secs(45) };

/// How long an answer may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// It comes soon, and whole.
    Short,
    /// It may come for ever, a piece at a time.
    Long,
}

/// A token this close to its end is not used any more.
const TOKEN_MARGIN_SECS: i64 = 60;
const TRIES: u32 = 3;
/// Tokens kept at most; beyond it all are forgotten and asked for again.
const MAX_TOKENS: usize = 10_000;

#[derive(Serialize)]
struct TokenRequest {
    household: HouseholdId,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct TokenKey {
    secret: String,
    household: HouseholdId,
}

struct CachedToken {
    token: String,
    until_secs: i64,
}

#[derive(Debug, thiserror::Error)]
#[error("the read-service refuses a token that the auth-service has just issued")]
struct Refused;

/// Clients of both services, and the tokens in use.
pub(crate) struct Upstream {
    client: Client,
    auth_url: String,
    read_url: String,
    clock: Arc<dyn Clock>,
    limits: Limits,
    tokens: Mutex<HashMap<TokenKey, CachedToken>>,
}

impl Upstream {
    pub(crate) fn new(config: &UpstreamConfig, clock: Arc<dyn Clock>) -> Result<Self, reqwest::Error> {
        Self::within(LIMITS, config, clock)
    }

    fn within(
        limits: Limits,
        config: &UpstreamConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        let builder =
            Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(limits.silence).no_proxy();
        let client = config.trusted.put_into(builder).build()?;
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        Ok(Self {
            client,
            auth_url: trimmed(&config.auth_url),
            read_url: trimmed(&config.read_url),
            clock,
            limits,
            tokens: Mutex::default(),
        })
    }

    /// A request to the auth-service.
    pub(crate) fn auth(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.auth_url)).timeout(self.limits.answer)
    }

    /// Asks the read-service in the name of the session, or of the program.
    pub(crate) async fn read(
        &self,
        secret: &str,
        household: HouseholdId,
        path: &str,
        query: Option<&str>,
        length: Length,
    ) -> Result<Response, Problem> {
        let mut url = Url::parse(&format!("{}{path}", self.read_url)).map_err(|e| Problem::internal(&e))?;
        url.set_query(query);
        // The key of a token kept here may have been replaced since: then once more with a new one. Others who ask
        // at the same time may have brought that one.
        for _ in 0..TRIES {
            let (token, is_new) = self.token(secret, household).await?;
            let mut request = self.client.get(url.clone()).bearer_auth(token);
            if length == Length::Short {
                request = request.timeout(self.limits.answer);
            }
            let answer = send(request).await?;
            if answer.status() != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
            self.forget(secret);
            if is_new {
                break;
            }
        }
        // The two services do not agree; to log in again would not help.
        Err(Problem::unavailable(&Refused))
    }

    /// A token, and whether it was issued just now.
    async fn token(&self, secret: &str, household: HouseholdId) -> Result<(String, bool), Problem> {
        let key = TokenKey { secret: secret.to_owned(), household };
        let now = self.clock.now().secs();
        if let Some(cached) = self.tokens().get(&key)
            && cached.until_secs > now
        {
            return Ok((cached.token.clone(), false));
        }
        let request =
            self.auth(Method::POST, "/v1/tokens").bearer_auth(secret).json(&TokenRequest { household });
        let answer = send(request).await?;
        if !answer.status().is_success() {
            return Err(problem_of(answer).await);
        }
        let answer: TokenAnswer = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
        let until_secs = now + answer.expires_in - TOKEN_MARGIN_SECS;
        let mut tokens = self.tokens();
        if tokens.len() >= MAX_TOKENS {
            tokens.retain(|_, cached| cached.until_secs > now);
            if tokens.len() >= MAX_TOKENS {
                tokens.clear();
            }
        }
        tokens.insert(key, CachedToken { token: answer.access_token.clone(), until_secs });
        Ok((answer.access_token, true))
    }

    /// Forgets the tokens of a session.
    pub(crate) fn forget(&self, secret: &str) {
        self.tokens().retain(|key, _| key.secret != secret);
    }

    /// Forgets the tokens that say what a household was before it was changed.
    pub(crate) fn forget_household(&self, household: HouseholdId) {
        self.tokens().retain(|key, _| key.household != household);
    }

    /// Forgets all tokens: whom a change was about is not known here, and the others get new ones.
    pub(crate) fn forget_all(&self) {
        self.tokens().clear();
    }

    /// Forgets the tokens of all programs, so that one that was turned away gets no further.
    pub(crate) fn forget_programs(&self) {
        self.tokens().retain(|key, _| !is_of_program(&key.secret));
    }

    /// Whether both services are ready.
    pub(crate) async fn ready(&self) -> Result<(), String> {
        for (name, url) in [("auth-service", &self.auth_url), ("read-service", &self.read_url)] {
            let request = self.client.get(format!("{url}/health/ready")).timeout(CONNECT_TIMEOUT);
            match request.send().await {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => return Err(format!("the {name} is not ready ({})", answer.status())),
                Err(error) => {
                    // Anybody may ask; where our services are is nobody's business.
                    tracing::debug!(%error, "the {name} does not answer");
                    return Err(format!("the {name} does not answer"));
                }
            }
        }
        Ok(())
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, HashMap<TokenKey, CachedToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the trace of the request that is being answered.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Problem> {
    request.headers(service::trace::headers()).send().await.map_err(|error| Problem::unavailable(&error))
}

/// The problem that the service answered with, or one that says as much as its status does.
pub(crate) async fn problem_of(answer: Response) -> Problem {
    let status = answer.status();
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        return Problem::new(StatusCode::BAD_GATEWAY).detail("Something went wrong on our side.");
    }
    answer.json().await.unwrap_or_else(|_| Problem::new(status))
}

#[cfg(test)]
mod tests;
