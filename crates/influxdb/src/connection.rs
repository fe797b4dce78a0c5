use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::measurement::StoreError;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use secrecy::{ExposeSecret, SecretString};

use crate::config::Config;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("InfluxDB's URL: {0}")]
    Url(String),
    #[error("the token of InfluxDB has characters that no header can carry")]
    Token,
    #[error("building the HTTP client for InfluxDB")]
    Client(#[source] reqwest::Error),
    #[error("the stores of InfluxDB")]
    Placement(#[from] domain::placement::BadPlacement),
}

/// A refusal may repeat every line that was sent. What is longer is cut.
pub(crate) const LONGEST_REFUSAL: usize = 1 << 20;

/// Connections kept: as many as requests are usually under way at once.
const IDLE_CONNECTIONS: usize = 8;

/// One InfluxDB and how it lets us in.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    http: Client,
    base: Url,
    login: Option<(String, SecretString)>,
    absences: Absences,
}

/// How often InfluxDB was not there, as far as somebody asked. It may have been started anew then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Absences(Arc<AtomicU64>);

impl Absences {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn another(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Who is only slow is there, and so is who answers that something went wrong; not so who is told of by a proxy.
fn tells_of_absence(answer: &reqwest::Result<Response>) -> bool {
    match answer {
        Ok(response) => matches!(
            response.status(),
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        ),
        Err(error) => error.is_connect() || !error.is_timeout(),
    }
}

impl Connection {
    pub(crate) fn new(config: &Config) -> Result<Self, BuildError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &config.token {
            let mut value = HeaderValue::try_from(format!("Token {}", token.expose_secret()))
                .map_err(|_| BuildError::Token)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let http = Client::builder()
            .default_headers(headers)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_millis(config.connect_timeout_millis))
            // A redirected POST becomes a GET, and a GET says yes to everything.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tls_certs_merge(config.ca.clone())
            .build()
            .map_err(BuildError::Client)?;
        let login = config.username.clone().zip(config.password.clone());
        let base = config.base_url().map_err(BuildError::Url)?;
        Ok(Self { http, base, login, absences: Absences::default() })
    }

    /// `path` below the configured one.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.authorised(self.http.get(url))
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.authorised(self.http.post(url))
    }

    pub(crate) fn patch(&self, url: Url) -> RequestBuilder {
        self.authorised(self.http.patch(url))
    }

    /// Of this connection and its copies.
    pub(crate) const fn absences(&self) -> &Absences {
        &self.absences
    }

    pub(crate) async fn send(
        &self,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<Response, StoreError> {
        let answer = request.send().await;
        if tells_of_absence(&answer) {
            self.absences.another();
        }
        answer.map_err(|error| not_reached(operation, &error))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.login {
            Some((username, password)) => request.basic_auth(username, Some(password.expose_secret())),
            None => request,
        }
    }

    /// Whether somebody who speaks like InfluxDB is there. Every version answers this with 204, or with 200 when
    /// asked to be verbose.
    pub(crate) async fn ping(&self, operation: &'static str, timeout: Duration) -> Result<(), StoreError> {
        let response = self.send(operation, self.get(self.url("/ping")).timeout(timeout)).await?;
        match response.status() {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(StoreError::Unauthorised { operation, reason: format!("HTTP {}", response.status()) })
            }
            status => Err(StoreError::Unavailable {
                operation,
                reason: format!("HTTP {status}"),
                retry_after: retry_after(&response),
            }),
        }
    }
}

/// No answer, or half an answer.
pub(crate) fn not_reached(operation: &'static str, error: &reqwest::Error) -> StoreError {
    let mut reason = if error.is_timeout() { "no answer in time".to_owned() } else { error.to_string() };
    let mut cause = error.source();
    while let Some(deeper) = cause {
        reason = format!("{reason}: {deeper}");
        cause = deeper.source();
    }
    StoreError::Unavailable { operation, reason, retry_after: None }
}

/// Seconds only: InfluxDB sends no dates, and a date would need a clock.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The beginning of the body, as far as it comes.
pub(crate) async fn refusal(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        body.extend_from_slice(&part);
        if body.len() >= LONGEST_REFUSAL {
            body.truncate(LONGEST_REFUSAL);
            break;
        }
    }
    body
}
