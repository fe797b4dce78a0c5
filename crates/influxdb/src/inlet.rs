//! The way in: where the lines of one bucket are posted.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use domain::measurement::StoreError;
use domain::rollup::UtcDay;
use reqwest::Url;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::answer::{Answer, Rejection, classify};
use crate::bodies::{Bodies, compress};
use crate::config::{Api, Config};
use crate::connection::{Connection, refusal, retry_after};
use crate::doors::Doors;

/// Lines that are long go in requests of about this size.
const REQUEST_BYTES: usize = 4 << 20;

#[derive(Debug)]
pub(crate) struct Inlet {
    connection: Connection,
    url: Url,
    timeout: Duration,
    gzip: bool,
    bodies: Bodies,
    doors: Doors,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    All,
    /// Nothing, for it is more than one request may have.
    TooMuch,
}

impl Inlet {
    pub(crate) fn new(config: &Config, connection: Connection, bucket: &str) -> Self {
        let mut url = connection.url(match config.api {
            Api::V1 => "/write",
            Api::V2 => "/api/v2/write",
        });
        {
            let mut pairs = url.query_pairs_mut();
            match config.api {
                Api::V1 => pairs.append_pair("db", bucket),
                Api::V2 => pairs.append_pair("org", &config.org).append_pair("bucket", bucket),
            };
            pairs.append_pair("precision", "ms");
        }
        let (timeout, gzip) = (config.write_timeout(), config.gzip);
        let doors = Doors::of(connection.absences().clone());
        Self { connection, url, timeout, gzip, bodies: Bodies::default(), doors }
    }

    pub(crate) async fn ping(&self, operation: &'static str) -> Result<(), StoreError> {
        self.connection.ping(operation, self.timeout).await
    }

    /// An empty buffer for lines.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        self.bodies.take()
    }

    pub(crate) fn give_back(&self, lines: Bytes) {
        self.bodies.give_back(lines);
    }

    /// Whatever is posted goes through them.
    pub(crate) const fn doors(&self) -> &Doors {
        &self.doors
    }

    /// One request.
    pub(crate) async fn post(&self, operation: &'static str, lines: &Bytes) -> Result<Answer, StoreError> {
        if !self.gzip {
            return self.post_body(operation, lines.clone()).await;
        }
        let mut packed = self.bodies.take();
        compress(lines, &mut packed);
        let packed = Bytes::from(packed);
        let answer = self.post_body(operation, packed.clone()).await;
        self.bodies.give_back(packed);
        answer
    }

    async fn post_body(&self, operation: &'static str, body: Bytes) -> Result<Answer, StoreError> {
        let mut request = self
            .connection
            .post(self.url.clone())
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .timeout(self.timeout);
        if self.gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let response = self.connection.send(operation, request.body(body)).await?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        Ok(classify(status, retry_after, &refusal(response).await))
    }

    /// Lines of these days that need not be told apart, in as many requests as it takes. What is rejected and forgiven
    /// counts as written.
    pub(crate) async fn post_all(
        &self,
        operation: &'static str,
        days: &[UtcDay],
        lines: &[String],
        forgiven: impl Fn(&Rejection) -> bool,
    ) -> Result<(), StoreError> {
        self.doors.write(days, || self.post_lines(operation, lines, &forgiven)).await.map(drop)
    }

    async fn post_lines(
        &self,
        operation: &'static str,
        lines: &[String],
        forgiven: impl Fn(&Rejection) -> bool,
    ) -> Result<Taken, StoreError> {
        // Still to be written, first one last.
        let mut parts = requests(lines);
        parts.reverse();
        while let Some(part) = parts.pop() {
            let body = Bytes::from(lines[part.clone()].concat());
            let taken = match self.post(operation, &body).await? {
                Answer::Rejected(rejection) if forgiven(&rejection) => Taken::All,
                answer => judge(operation, answer, |_| Vec::new())?,
            };
            if let Taken::TooMuch = taken {
                if part.len() == 1 {
                    return Err(too_large(operation, Vec::new()));
                }
                let middle = part.start + part.len() / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            }
        }
        Ok(Taken::All)
    }
}

/// A line is in exactly one of them, and in order.
fn requests(lines: &[String]) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, line) in lines.iter().enumerate() {
        if bytes > 0 && bytes + line.len() > REQUEST_BYTES {
            parts.push(start..place);
            (start, bytes) = (place, 0);
        }
        bytes += line.len();
    }
    if start < lines.len() {
        parts.push(start..lines.len());
    }
    parts
}

/// `blamed`: which of the ticks a rejection is about, and why each.
pub(crate) fn judge(
    operation: &'static str,
    answer: Answer,
    blamed: impl FnOnce(&Rejection) -> Vec<(usize, String)>,
) -> Result<Taken, StoreError> {
    match answer {
        Answer::Stored => Ok(Taken::All),
        Answer::TooLarge => Ok(Taken::TooMuch),
        Answer::Rejected(rejection) => {
            let ticks = blamed(&rejection);
            Err(StoreError::Rejected { operation, reason: rejection.reason(), ticks })
        }
        Answer::Unauthorised(reason) => Err(StoreError::Unauthorised { operation, reason }),
        Answer::Unavailable { reason, retry_after } => {
            Err(StoreError::Unavailable { operation, reason, retry_after })
        }
    }
}

/// What cannot be made smaller.
pub(crate) fn too_large(operation: &'static str, ticks: Vec<(usize, String)>) -> StoreError {
    let reason = "one line alone is too large for InfluxDB's limit of a request".to_owned();
    StoreError::Rejected { operation, reason, ticks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_large_as_they_may_be() {
        let line = |bytes: usize| "x".repeat(bytes);
        let half = REQUEST_BYTES / 2;
        assert_eq!(requests(&[line(half), line(half), line(1)]), [0..2, 2..3]);
        assert_eq!(requests(&[line(REQUEST_BYTES + 1), line(1)]), [0..1, 1..2]);
        assert_eq!(requests(&[]), []);
    }
}
