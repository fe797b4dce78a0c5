//! What an answer to a write means.
//!
//! Data is given up on InfluxDB's own word only, and its word is a sentence that it is documented to say about data.
//! The code alone says little: what 1.x answers with 400, 2.x answers with 400, 422 or 500, by version, and a proxy
//! has its own reasons for a 400, often in JSON.
//!
//! - A sentence of [`ABOUT_DATA`] is a rejection, with any code of an error.
//! - So is 422 with the code `unprocessable entity`, whatever the sentence: 2.x says it of points only.
//! - Nothing else is. Not an unknown sentence, and not 2.x's `invalid`: it also stands for a wrong parameter or a body
//!   that was damaged on its way. The write is repeated, and the log says the sentence.
//!
//! What InfluxDB refuses of lines like ours is a short list. If a sentence is missing in it, one replica stands still
//! until somebody reads the log, and nothing is lost. If any sentence counted, a proxy on a bad day, or a slip in the
//! configuration, would turn everything in the queues into dead letters.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::connection::LONGEST_REFUSAL;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Stored,
    /// It may have stored a part.
    Rejected(Rejection),
    TooLarge,
    Unauthorised(String),
    Unavailable {
        reason: String,
        retry_after: Option<Duration>,
    },
}

/// InfluxDB's word on data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) sentence: String,
    /// Of 3.x.
    pub(crate) lines: Vec<BadLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct BadLine {
    /// From 1 on.
    pub(crate) line_number: usize,
    pub(crate) original_line: String,
    pub(crate) error_message: String,
}

impl Rejection {
    /// For logs and dead letters.
    pub(crate) fn reason(&self) -> String {
        match self.lines.first() {
            Some(line) => shortened(&format!("{}: {}", self.sentence, line.error_message)),
            None => shortened(&self.sentence),
        }
    }
}

/// A sentence may repeat every line that was sent.
pub(crate) fn shortened(text: &str) -> String {
    const ENOUGH: usize = 400;
    match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What 1.x (`error`), 2.x (`code`, `message`) and 3.x (`error`, `data`) put into a refusal.
#[derive(Default, Deserialize)]
struct Refusal {
    code: Option<String>,
    error: Option<String>,
    message: Option<String>,
    data: Option<Value>,
}

impl Refusal {
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            // So long that it was cut: only that it begins like one of ours can be told.
            error: (body.len() >= LONGEST_REFUSAL && body.starts_with(b"{\""))
                .then(|| String::from_utf8_lossy(&body[..1_024]).into_owned()),
            ..Self::default()
        })
    }

    fn sentence(&self) -> Option<String> {
        match (&self.error, &self.message) {
            (Some(error), Some(message)) => Some(format!("{error}: {message}")),
            (error, message) => error.as_ref().or(message.as_ref()).cloned(),
        }
    }

    /// 3.x names several in a list, or just the first one when it took none.
    fn lines(self) -> Vec<BadLine> {
        let all = match self.data {
            Some(Value::Array(several)) => several,
            Some(one @ Value::Object(_)) => vec![one],
            _ => Vec::new(),
        };
        all.into_iter().filter_map(|line| serde_json::from_value(line).ok()).collect()
    }
}

/// `partial write` alone is not among them: a cluster of 1.x says so when too few of its nodes have answered.
const ABOUT_DATA: [&str; 11] = [
    // 1.x and 2.x; what was taken is stored.
    "partial write: ",
    // 1.x and 2.x; with 2.x nothing is stored.
    "unable to parse '",
    "field type conflict",
    "beyond retention policy",
    "outside retention policy",
    // 3.x Core and Enterprise.
    "partial write of line protocol occurred",
    "parsing failed for write_lp endpoint",
    "line protocol parsing error",
    // 3.x Clustered, Dedicated and Serverless.
    "failed to parse line protocol",
    "partial write has occurred",
    // The cloud of 2.x.
    "partial write error (",
];

pub(crate) fn classify(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Answer {
    let refusal = Refusal::read(body);
    let sentence = refusal.sentence();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_about_data = is_error
        && sentence.as_deref().is_some_and(|sentence| {
            ABOUT_DATA.iter().any(|phrase| sentence.contains(phrase))
                || status == StatusCode::UNPROCESSABLE_ENTITY
                    && refusal.code.as_deref() == Some("unprocessable entity")
        });
    match status {
        StatusCode::NO_CONTENT => Answer::Stored,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Answer::Unauthorised(reason(status, sentence, body))
        }
        StatusCode::PAYLOAD_TOO_LARGE => Answer::TooLarge,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Answer::Unavailable { reason: reason(status, sentence, body), retry_after }
        }
        _ if is_about_data => {
            Answer::Rejected(Rejection { sentence: sentence.unwrap_or_default(), lines: refusal.lines() })
        }
        _ => Answer::Unavailable { reason: reason(status, sentence, body), retry_after },
    }
}

/// For the log: the sentence, or the beginning of whatever came.
fn reason(status: StatusCode, sentence: Option<String>, body: &[u8]) -> String {
    let said =
        sentence.unwrap_or_else(|| String::from_utf8_lossy(&body[..body.len().min(400)]).trim().to_owned());
    if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {}", shortened(&said)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, body: &str) -> Answer {
        classify(StatusCode::from_u16(code).unwrap(), None, body.as_bytes())
    }

    fn rejected(sentence: &str) -> Answer {
        Answer::Rejected(Rejection { sentence: sentence.to_owned(), lines: Vec::new() })
    }

    #[test]
    fn only_204_is_a_yes() {
        assert_eq!(answer(204, ""), Answer::Stored);
        assert!(matches!(answer(200, "<html>please log in</html>"), Answer::Unavailable { .. }));
        assert!(matches!(answer(200, r#"{"error":"partial write: odd"}"#), Answer::Unavailable { .. }));
        assert!(matches!(answer(302, ""), Answer::Unavailable { .. }));
    }

    #[test]
    fn what_1_x_says_about_data_is_a_rejection() {
        for sentence in [
            "partial write: points beyond retention policy dropped=1",
            "partial write: max-series-per-database limit exceeded: (1000000) dropped=3",
            "partial write: unable to parse 'energy,hub=a s0=1i abc': bad timestamp dropped=0",
            "field type conflict: input field \\\"s0\\\" on measurement \\\"energy\\\" is type integer, already exists as type float",
            "unable to parse 'energy,hub=a s0=1i abc': bad timestamp",
        ] {
            let body = format!("{{\"error\":\"{sentence}\"}}");
            assert_eq!(answer(400, &body), rejected(&sentence.replace('\\', "")));
        }
    }

    #[test]
    fn what_2_x_says_about_data_is_a_rejection_whatever_the_code() {
        let partial =
            "failure writing points to database: partial write: points beyond retention policy dropped=2";
        for code in [400, 422, 500] {
            let body = format!("{{\"code\":\"unprocessable entity\",\"message\":\"{partial}\"}}");
            assert_eq!(answer(code, &body), rejected(partial));
        }
        assert_eq!(
            answer(400, r#"{"code":"invalid","message":"unable to parse 'x': missing fields"}"#),
            rejected("unable to parse 'x': missing fields")
        );
        assert_eq!(answer(422, r#"{"code":"unprocessable entity","message":"odd"}"#), rejected("odd"));
    }

    #[test]
    fn what_3_x_says_about_data_is_a_rejection_with_its_lines() {
        let line =
            r#"{"original_line":"energy s0=x 1","line_number":2,"error_message":"invalid column type"}"#;
        for (error, data) in [
            ("partial write of line protocol occurred", format!("[{line}]")),
            ("parsing failed for write_lp endpoint", line.to_owned()),
            ("line protocol parsing error", line.to_owned()),
        ] {
            let Answer::Rejected(rejection) = answer(400, &format!(r#"{{"error":"{error}","data":{data}}}"#))
            else {
                panic!("{error}")
            };
            assert_eq!(rejection.lines.len(), 1);
            assert_eq!(rejection.lines[0].line_number, 2);
            assert_eq!(rejection.reason(), format!("{error}: invalid column type"));
        }
        let cluster = r#"{"code":"invalid","line":2,"message":"failed to parse line protocol: errors encountered on line(s):\nerror parsing line 2 (1-based): Invalid measurement was provided"}"#;
        assert!(matches!(answer(400, cluster), Answer::Rejected(_)));
    }

    #[test]
    fn a_refusal_that_was_cut_is_still_a_rejection() {
        let line = r#"{"original_line":"energy","line_number":1,"error_message":"no"},"#;
        let mut body = format!(
            r#"{{"error":"partial write of line protocol occurred","data":[{}"#,
            line.repeat(LONGEST_REFUSAL / line.len())
        );
        body.truncate(LONGEST_REFUSAL);
        let Answer::Rejected(rejection) = answer(400, &body) else { panic!("not a rejection") };
        assert_eq!(rejection.lines, []);
        assert!(rejection.reason().len() < 500);
        assert!(matches!(answer(400, &body[1..]), Answer::Unavailable { .. }));
    }

    #[test]
    fn what_is_not_about_the_data_gives_nothing_up() {
        for (code, body) in [
            (404, r#"{"error":"database not found: \"x\""}"#),
            (404, r#"{"code":"not found","message":"bucket \"x\" not found"}"#),
            (400, r#"{"code":"invalid","message":"org \"x\" not found"}"#),
            (400, r#"{"code":"invalid","message":"unable to read data: gzip: invalid header"}"#),
            (400, r#"{"error":"unexpected EOF"}"#),
            (400, r#"{"error":"timeout"}"#),
            (500, r#"{"error":"timeout"}"#),
            // A cluster of 1.x: too few nodes have answered.
            (500, r#"{"error":"partial write"}"#),
            // Somebody between us and InfluxDB.
            (400, r#"{"message":"Bad Request"}"#),
            (422, r#"{"error":"request blocked by policy"}"#),
            (400, r#"{"error":{"code":400,"message":"unable to parse 'x'"}}"#),
            (400, "<html>unable to parse 'request'</html>"),
            (400, ""),
            (502, "Bad Gateway"),
        ] {
            assert!(matches!(answer(code, body), Answer::Unavailable { .. }), "{code} {body}");
        }
    }

    #[test]
    fn busy_says_when_to_come_back() {
        let wait = Some(Duration::from_secs(7));
        let answer = classify(StatusCode::TOO_MANY_REQUESTS, wait, b"{\"error\":\"partial write: x\"}");
        assert!(matches!(answer, Answer::Unavailable { retry_after, .. } if retry_after == wait));
    }

    #[test]
    fn refused_credentials_and_size_are_their_own_answers() {
        assert_eq!(
            answer(401, r#"{"code":"unauthorized","message":"unauthorized access"}"#),
            Answer::Unauthorised("HTTP 401 Unauthorized: unauthorized access".to_owned())
        );
        assert_eq!(answer(403, ""), Answer::Unauthorised("HTTP 403 Forbidden".to_owned()));
        assert_eq!(answer(413, ""), Answer::TooLarge);
    }
}
