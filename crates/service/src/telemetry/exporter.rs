//! Sends what is in the queue.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::measures::Measures;
use super::otlp::{Attribute, Request, Span};
use crate::Metrics;
use crate::backoff::Backoff;
use crate::tls::TlsConfig;

/// Spans sent together: when there are so many, or after this time.
const BATCH: usize = 512;
const LINGER: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(5);
/// Of what it says of spans that it has taken; the sentence for people in it is not read.
const LONGEST_ANSWER: usize = 8 << 10;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What is there at the end is tried once more, for so long.
const FLUSH: Duration = Duration::from_secs(2);

pub(crate) struct Exporter {
    url: url::Url,
    inbox: mpsc::Receiver<Span>,
    measures: Measures,
}

/// Why spans were not taken.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Whoever it is, may be there in a moment.
    #[error("{0}")]
    Away(String),
    /// It will not take these.
    #[error("it answered {0}")]
    Refused(StatusCode),
}

impl Exporter {
    pub(super) const fn new(url: url::Url, inbox: mpsc::Receiver<Span>, measures: Measures) -> Self {
        Self { url, inbox, measures }
    }

    /// Sends until `end`, and then what is left, within a bound.
    pub(crate) async fn run(
        self,
        name: &'static str,
        tls: TlsConfig,
        metrics: Metrics,
        end: CancellationToken,
    ) {
        metrics.register(|registry| self.measures.register(registry));
        let client = tls.trusted().map_err(|error| error.to_string()).and_then(|trusted| {
            // Whoever is sent elsewhere asks there for nothing, or says it in plain text.
            let builder = Client::builder().timeout(ANSWER).no_proxy().redirect(Policy::none());
            trusted.put_into(builder).build().map_err(|error| error.to_string())
        });
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(error, "no spans are exported");
                return;
            }
        };
        // Without who logs in.
        let to = self.url.host_str().unwrap_or_default().to_owned();
        tracing::info!(to, "spans are exported");
        let instance = format!("{:032x}", rand::random::<u128>());
        let resource = vec![
            Attribute::text("service.namespace", "wattline".to_owned()),
            Attribute::text("service.name", name.to_owned()),
            Attribute::text("service.version", env!("CARGO_PKG_VERSION").to_owned()),
            Attribute::text("service.instance.id", instance),
        ];
        let Self { url, inbox, measures } = self;
        let sending = Sending { client, url, resource, measures, is_away: false };
        sending.all(inbox, end).await;
    }
}

struct Sending {
    client: Client,
    url: url::Url,
    resource: Vec<Attribute>,
    measures: Measures,
    /// So that it is said once.
    is_away: bool,
}

impl Sending {
    async fn all(mut self, mut inbox: mpsc::Receiver<Span>, end: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            // What is gathered stays in `batch` when the end comes.
            let gathered = end.run_until_cancelled(gather(&mut inbox, &mut batch)).await;
            if gathered != Some(true) {
                break;
            }
            if end.run_until_cancelled(self.patiently(&batch)).await.is_none() {
                break;
            }
            batch.clear();
        }
        inbox.close();
        let deadline = Instant::now() + FLUSH;
        loop {
            while batch.len() < BATCH
                && let Ok(span) = inbox.try_recv()
            {
                batch.push(span);
            }
            if batch.is_empty() {
                return;
            }
            if let Err(error) = timeout_at(deadline, self.send(&batch)).await.unwrap_or_else(|_| Err(late()))
            {
                let left = batch.len() + inbox.len();
                self.measures.dropped.inc_by(left as u64);
                tracing::debug!(%error, spans = left, "spans are left unsent at the end");
                return;
            }
            batch.clear();
        }
    }

    /// Until they are taken, or refused for good. Those that come meanwhile wait in the queue, which drops what is too much.
    async fn patiently(&mut self, batch: &[Span]) {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let failure = match self.send(batch).await {
                Ok(()) => {
                    if std::mem::take(&mut self.is_away) {
                        let dropped = self.measures.dropped.get();
                        tracing::info!(dropped, "spans are exported again");
                    }
                    return;
                }
                Err(failure) => failure,
            };
            if !std::mem::replace(&mut self.is_away, true) {
                tracing::warn!(reason = %failure, "spans cannot be exported; what is too much for the queue is dropped");
            }
            if matches!(failure, Failure::Refused(_)) {
                self.measures.dropped.inc_by(batch.len() as u64);
                return;
            }
            backoff.wait().await;
        }
    }

    async fn send(&self, batch: &[Span]) -> Result<(), Failure> {
        let body = serde_json::to_vec(&Request::new(&self.resource, batch))
            .map_err(|error| Failure::Away(error.to_string()))?;
        let answer = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body)
            .send()
            .await
            .map_err(|error| Failure::Away(crate::problem::chain(&error.without_url())))?;
        match answer.status() {
            status if status.is_success() => {
                self.taken(batch.len() as u64, &Answer::read(answer).await);
                Ok(())
            }
            // By the specification these four are worth another try.
            status @ (StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT) => Err(Failure::Away(format!("it answered {status}"))),
            status => Err(Failure::Refused(status)),
        }
    }

    fn taken(&self, count: u64, answer: &Answer) {
        let refused = answer.partial_success.as_ref().map_or(0, PartialSuccess::refused).min(count);
        self.measures.exported.inc_by(count - refused);
        self.measures.dropped.inc_by(refused);
    }
}

/// What it did not take of what it took.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    partial_success: Option<PartialSuccess>,
}

impl Answer {
    /// One that makes no sense or is too long says nothing.
    async fn read(mut response: Response) -> Self {
        let mut body = Vec::new();
        while let Ok(Some(part)) = response.chunk().await {
            if body.len() + part.len() > LONGEST_ANSWER {
                return Self::default();
            }
            body.extend_from_slice(&part);
        }
        serde_json::from_slice(&body).unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    rejected_spans: serde_json::Value,
}

impl PartialSuccess {
    /// As text by the rules; some say it as a number.
    fn refused(&self) -> u64 {
        let text = || self.rejected_spans.as_str()?.parse().ok();
        self.rejected_spans.as_u64().or_else(text).unwrap_or(0)
    }
}

fn late() -> Failure {
    Failure::Away("no answer in time".to_owned())
}

/// At least one, and those that come soon after it. `false`: there will be none. Cancel-safe.
async fn gather(inbox: &mut mpsc::Receiver<Span>, batch: &mut Vec<Span>) -> bool {
    if batch.is_empty() && inbox.recv_many(batch, BATCH).await == 0 {
        return false;
    }
    let lingering = sleep(LINGER);
    tokio::pin!(lingering);
    while batch.len() < BATCH {
        let room = BATCH - batch.len();
        tokio::select! {
            more = inbox.recv_many(batch, room) => if more == 0 { break },
            () = &mut lingering => break,
        }
    }
    true
}

/// Waits for the exporter no longer than it may take.
pub(crate) async fn finished(task: tokio::task::JoinHandle<()>) {
    if timeout(FLUSH + LINGER, task).await.is_err() {
        tracing::debug!("the exporter of spans did not end in time");
    }
}
