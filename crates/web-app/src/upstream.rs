//! Asking the auth- and the read-service.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, HouseholdId, UtcMillis};
use http::StatusCode;
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use serde::{Deserialize, Serialize};
use service::problem::Problem;

use crate::caller::is_of_program;
use crate::config::UpstreamConfig;

mod tokens;

pub(crate) use tokens::STANDS_MILLIS;
use tokens::{Found, Held, Issued, TokenKey, Tokens, is_refusal};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the services may take.
#[derive(Clone, Copy)]
struct Limits {
    /// For a whole answer.
    answer: Duration,
    /// For a token in place of one that may be used on.
    renewal: Duration,
    /// For the next piece of one. The live stream says something every 15 s.
    silence: Duration,
}

const LIMITS: Limits = Limits {
    answer: Duration::from_secs(10),
    renewal: Duration::from_secs(2),
    silence: Duration::from_secs(45),
};

/// How long an answer may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// It comes soon, and whole.
    Short,
    /// It may come for ever, a piece at a time.
    Long,
}

/// What became of a request to change something that tokens are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Made,
    Refused,
    /// The answer got lost, or the service failed while it was at it.
    Unknown,
}

impl Change {
    /// By the status of the answer, if there was one.
    pub(crate) fn of(status: Option<StatusCode>) -> Self {
        match status {
            Some(status) if status.is_client_error() => Self::Refused,
            Some(status) if !status.is_server_error() => Self::Made,
            _ => Self::Unknown,
        }
    }
}

const TRIES: u32 = 3;

#[derive(Serialize)]
struct TokenRequest {
    household: HouseholdId,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
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
    tokens: Tokens,
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
            tokens: Tokens::default(),
        })
    }

    /// A request to the auth-service.
    pub(crate) fn auth(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.auth_url)).timeout(self.limits.answer)
    }

    /// A request to it at exactly this path. `None`: whoever reads the address would read another path in it, as `/b` in
    /// `/a/..\b`. An encoded backslash is no part of a name of ours, and what stands between might decode it.
    pub(crate) fn auth_exactly(
        &self,
        method: Method,
        path: &str,
        query: Option<&str>,
    ) -> Option<RequestBuilder> {
        let mut url = Url::parse(&format!("{}{path}", self.auth_url)).ok()?;
        let is_as_written = url.path().ends_with(path) && !path.to_ascii_lowercase().contains("%5c");
        url.set_query(query);
        is_as_written.then(|| self.client.request(method, url).timeout(self.limits.answer))
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
            let Held { token, is_new, .. } = self.token(secret, household).await?;
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

    /// When the session, or the personal token, was last known to be good for the household, which it may be now. `None`: it
    /// is not any more. Where nobody can be asked, it is.
    pub(crate) async fn stands(&self, secret: &str, household: HouseholdId) -> Option<UtcMillis> {
        match self.token(secret, household).await {
            Ok(held) => Some(held.asked),
            Err(problem) if is_refusal(&problem) => None,
            Err(_) => Some(self.clock.now()),
        }
    }

    async fn token(&self, secret: &str, household: HouseholdId) -> Result<Held, Problem> {
        let key = TokenKey { secret: secret.to_owned(), household };
        let now = self.clock.now();
        match self.tokens.find(&key, now) {
            Found::Fresh(held) => Ok(held),
            Found::Ask { flight, has_another } => {
                let limit = if has_another { self.limits.renewal } else { self.limits.answer };
                let outcome = flight.get_or_init(|| self.exchange(&key, limit)).await;
                self.tokens.landed(key, &flight, outcome, now)
            }
        }
    }

    async fn exchange(&self, key: &TokenKey, limit: Duration) -> Result<Issued, Problem> {
        let request = self.auth(Method::POST, "/v1/tokens").timeout(limit);
        let request = request.bearer_auth(&key.secret).json(&TokenRequest { household: key.household });
        let answer = send(request).await?;
        if !answer.status().is_success() {
            return Err(problem_of(answer).await);
        }
        let answer: TokenAnswer = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
        Ok(Issued { token: answer.access_token, expires_in_secs: answer.expires_in })
    }

    /// Forgets the tokens of a session.
    pub(crate) fn forget(&self, secret: &str) {
        self.tokens.forget(|key| key.secret == secret);
    }

    /// Its tokens say what the household was before it was changed.
    pub(crate) fn household_changed(&self, household: HouseholdId, change: Change) {
        self.changed(change, |key| key.household == household);
    }

    /// Whom a change was about is not known here: no token is used on, and the others get new ones.
    pub(crate) fn anybody_changed(&self, change: Change) {
        self.changed(change, |_| true);
    }

    /// A program that was turned away gets no further.
    pub(crate) fn programs_changed(&self, change: Change) {
        self.changed(change, |key| is_of_program(&key.secret));
    }

    /// Whoever asks need not be anybody. So what was refused has no effect on others' tokens, and where the auth-service
    /// fails nobody can have them taken away: they are asked for again, and used on if it does not answer.
    fn changed(&self, change: Change, is_meant: impl Fn(&TokenKey) -> bool) {
        match change {
            Change::Made => self.tokens.forget(is_meant),
            Change::Refused => {}
            Change::Unknown => self.tokens.doubt(is_meant, self.clock.now()),
        }
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
