use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::Ticks;
use domain::measurement::{MeasurementStore, StoreError};
use reqwest::Url;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::answer::{Answer, classify};
use crate::blame;
use crate::bodies::{Bodies, compress};
use crate::config::{Api, Config};
use crate::connection::{BuildError, Connection, not_reached, refusal, retry_after};
use crate::line;

const WRITE: &str = "writing to InfluxDB";
const PING: &str = "asking InfluxDB whether it takes writes";

/// The write side.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
    url: Url,
    timeout: Duration,
    gzip: bool,
    bodies: Bodies,
}

enum Taken {
    All,
    /// Nothing, for it is more than one request may have.
    TooMuch,
}

impl Writer {
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        let connection = Connection::new(config)?;
        let mut url = connection.url(match config.api {
            Api::V1 => "/write",
            Api::V2 => "/api/v2/write",
        });
        {
            let mut pairs = url.query_pairs_mut();
            match config.api {
                Api::V1 => pairs.append_pair("db", &config.bucket),
                Api::V2 => pairs.append_pair("org", &config.org).append_pair("bucket", &config.bucket),
            };
            pairs.append_pair("precision", "ms");
        }
        let (timeout, gzip) = (config.write_timeout(), config.gzip);
        Ok(Self { connection, url, timeout, gzip, bodies: Bodies::default() })
    }

    /// One request.
    async fn send(&self, ticks: Ticks<'_>) -> Result<Taken, StoreError> {
        let mut lines = self.bodies.take();
        line::encode(ticks, &mut lines);
        let lines = Bytes::from(lines);
        let answer = if self.gzip {
            let mut packed = self.bodies.take();
            compress(&lines, &mut packed);
            let packed = Bytes::from(packed);
            let answer = self.post(packed.clone()).await;
            self.bodies.give_back(packed);
            answer
        } else {
            self.post(lines.clone()).await
        };
        let taken = answer.and_then(|answer| judge(answer, ticks, &lines));
        self.bodies.give_back(lines);
        taken
    }

    async fn post(&self, body: Bytes) -> Result<Answer, StoreError> {
        let mut request = self
            .connection
            .post(self.url.clone())
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .timeout(self.timeout);
        if self.gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let response = request.body(body).send().await.map_err(|error| not_reached(WRITE, &error))?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        Ok(classify(status, retry_after, &refusal(response).await))
    }
}

#[async_trait]
impl MeasurementStore for Writer {
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        // Still to be written, first one last.
        let mut parts: Vec<Range<usize>> = std::iter::once(0..ticks.len()).collect();
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let taken = self.send(ticks.slice(part.clone())).await;
            if let Taken::TooMuch = taken.map_err(|error| shifted(error, part.start))? {
                let middle = part.start + part.len() / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            }
        }
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.connection.ping(PING, self.timeout).await
    }
}

/// What the answer to these lines says of these ticks.
fn judge(answer: Answer, ticks: Ticks<'_>, lines: &[u8]) -> Result<Taken, StoreError> {
    let operation = WRITE;
    match answer {
        Answer::Stored => Ok(Taken::All),
        Answer::TooLarge if ticks.len() > 1 => Ok(Taken::TooMuch),
        Answer::TooLarge => {
            let reason = "one tick alone is too large for InfluxDB's limit of a request".to_owned();
            Err(StoreError::Rejected { operation, reason: reason.clone(), ticks: vec![(0, reason)] })
        }
        Answer::Rejected(rejection) => {
            let ticks = blame::named(&rejection, ticks, lines);
            Err(StoreError::Rejected { operation, reason: rejection.reason(), ticks })
        }
        Answer::Unauthorised(reason) => Err(StoreError::Unauthorised { operation, reason }),
        Answer::Unavailable { reason, retry_after } => {
            Err(StoreError::Unavailable { operation, reason, retry_after })
        }
    }
}

/// With places in the whole call instead of those in a part that begins here.
fn shifted(mut error: StoreError, begins: usize) -> StoreError {
    if let StoreError::Rejected { ticks, .. } = &mut error {
        for (place, _) in ticks {
            *place += begins;
        }
    }
    error
}
