use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::Container;
use domain::measurement::{MeasurementStore, StoreError};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;

use crate::answer::{Answer, classify};
use crate::config::{Api, Config};
use crate::connection::{BuildError, Connection, not_reached, refusal, retry_after};
use crate::line;

const WRITE: &str = "writing to InfluxDB";
const PING: &str = "asking InfluxDB whether it takes writes";

/// Idle buffers kept: as many as writes are usually under way at once.
const SPARE_BUFFERS: usize = 4;

/// The write side.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
    url: Url,
    timeout: Duration,
    spare: Mutex<Vec<Vec<u8>>>,
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
        Ok(Self { connection, url, timeout: config.write_timeout(), spare: Mutex::default() })
    }

    /// One request.
    async fn send(&self, containers: &[Container]) -> Result<Answer, StoreError> {
        let mut lines = self.buffers().pop().unwrap_or_default();
        for container in containers {
            line::encode(container, &mut lines);
        }
        if lines.is_empty() {
            return Ok(Answer::Stored);
        }
        let body = Bytes::from(lines);
        let outcome = self.post(body.clone()).await;
        self.take_back(body);
        outcome
    }

    async fn post(&self, body: Bytes) -> Result<Answer, StoreError> {
        let response = self
            .connection
            .post(self.url.clone())
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .timeout(self.timeout)
            .body(body)
            .send()
            .await
            .map_err(|error| not_reached(WRITE, &error))?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        Ok(classify(status, retry_after, &refusal(response).await))
    }

    fn buffers(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client has usually let go of the body by the time the answer is there; otherwise it is freed later.
    fn take_back(&self, body: Bytes) {
        if let Ok(mut buffer) = body.try_into_mut() {
            buffer.clear();
            let mut spare = self.buffers();
            if spare.len() < SPARE_BUFFERS {
                spare.push(buffer.into());
            }
        }
    }
}

#[async_trait]
impl MeasurementStore for Writer {
    async fn write(&self, containers: &[Container]) -> Result<(), StoreError> {
        // Still to be written, first one last.
        let mut parts = vec![containers];
        while let Some(part) = parts.pop() {
            match self.send(part).await? {
                Answer::Stored => {}
                Answer::TooLarge if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push(second);
                    parts.push(first);
                }
                Answer::TooLarge => {
                    let reason =
                        "one container alone is too large for InfluxDB's limit of a request".to_owned();
                    return Err(StoreError::Rejected { operation: WRITE, reason });
                }
                Answer::Rejected(reason) => return Err(StoreError::Rejected { operation: WRITE, reason }),
                Answer::Unauthorised(reason) => {
                    return Err(StoreError::Unauthorised { operation: WRITE, reason });
                }
                Answer::Unavailable { reason, retry_after } => {
                    return Err(StoreError::Unavailable { operation: WRITE, reason, retry_after });
                }
            }
        }
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.connection.ping(PING, self.timeout).await
    }
}
