//! What an answer to a write means.
//!
//! The body decides, not the code: what 1.x answers with 400, 2.x answers with 400, 422 or 500, by version, and a
//! proxy's 400 says nothing about the data at all. Data is only given up on InfluxDB's own word.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Stored,
    /// InfluxDB's sentence. It may have stored a part.
    Rejected(String),
    TooLarge,
    Unauthorised(String),
    Unavailable {
        reason: String,
        retry_after: Option<Duration>,
    },
}

/// What 1.x (`error`), 2.x (`code`, `message`) and 3.x (`error`, `data`) put into a refusal.
#[derive(Deserialize)]
struct Refusal {
    error: Option<String>,
    message: Option<String>,
}

/// Whatever the code: these are about the data.
const ABOUT_DATA: [&str; 6] = [
    "partial write",
    "unable to parse",
    "field type conflict",
    "beyond retention policy",
    "points outside retention",
    "outside range",
];

/// Whatever the code: these are not. A database that is missing is made by `prepare`, or by an operator.
const NOT_ABOUT_DATA: [&str; 6] =
    ["not found", "timeout", "timed out", "cache-max-memory-size", "engine is closed", "is required"];

pub(crate) fn classify(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Answer {
    let refusal = serde_json::from_slice::<Refusal>(body).ok();
    let sentence = refusal.and_then(|refusal| match (refusal.error, refusal.message) {
        (Some(error), Some(message)) => Some(format!("{error}: {message}")),
        (error, message) => error.or(message),
    });
    let says = |phrases: &[&str]| {
        sentence.as_deref().is_some_and(|sentence| phrases.iter().any(|phrase| sentence.contains(phrase)))
    };
    let about_data = says(&ABOUT_DATA);
    let not_about_data = says(&NOT_ABOUT_DATA);
    match status {
        StatusCode::NO_CONTENT => Answer::Stored,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Answer::Unauthorised(reason(status, sentence, body))
        }
        StatusCode::PAYLOAD_TOO_LARGE => Answer::TooLarge,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Answer::Unavailable { reason: reason(status, sentence, body), retry_after }
        }
        _ if about_data => Answer::Rejected(sentence.unwrap_or_default()),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
            if sentence.is_some() && !not_about_data =>
        {
            Answer::Rejected(sentence.unwrap_or_default())
        }
        _ => Answer::Unavailable { reason: reason(status, sentence, body), retry_after },
    }
}

/// For the log: the sentence, or the beginning of whatever came.
fn reason(status: StatusCode, sentence: Option<String>, body: &[u8]) -> String {
    let said =
        sentence.unwrap_or_else(|| String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned());
    if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, body: &str) -> Answer {
        classify(StatusCode::from_u16(code).unwrap(), None, body.as_bytes())
    }

    fn rejected(sentence: &str) -> Answer {
        Answer::Rejected(sentence.to_owned())
    }

    #[test]
    fn only_204_is_a_yes() {
        assert_eq!(answer(204, ""), Answer::Stored);
        assert!(matches!(answer(200, "<html>please log in</html>"), Answer::Unavailable { .. }));
        assert!(matches!(answer(302, ""), Answer::Unavailable { .. }));
    }

    #[test]
    fn what_1_x_says_about_data_is_a_rejection() {
        for sentence in [
            "partial write: points beyond retention policy dropped=1",
            "field type conflict",
            "unable to parse 'energy,hub=a s0=1i abc': bad timestamp",
        ] {
            let body = format!("{{\"error\":\"{sentence}\"}}");
            assert_eq!(answer(400, &body), rejected(sentence));
        }
    }

    #[test]
    fn what_2_x_and_3_x_say_about_data_is_a_rejection_whatever_the_code() {
        let partial =
            "failure writing points to database: partial write: points beyond retention policy dropped=2";
        for code in [400, 422, 500] {
            let body = format!("{{\"code\":\"unprocessable entity\",\"message\":\"{partial}\"}}");
            assert_eq!(answer(code, &body), rejected(partial));
        }
        let three = r#"{"error":"partial write of line protocol occurred","data":[{"line_number":2}]}"#;
        assert_eq!(answer(400, three), rejected("partial write of line protocol occurred"));
        assert_eq!(answer(422, r#"{"code":"unprocessable entity","message":"odd"}"#), rejected("odd"));
    }

    #[test]
    fn what_is_not_about_the_data_gives_nothing_up() {
        for (code, body) in [
            (404, r#"{"error":"database not found: \"x\""}"#),
            (404, r#"{"code":"not found","message":"bucket \"x\" not found"}"#),
            (400, r#"{"code":"invalid","message":"org \"x\" not found"}"#),
            (400, r#"{"error":"timeout"}"#),
            (500, r#"{"error":"timeout"}"#),
            (400, "<html>Bad Request</html>"),
            (400, ""),
            (502, "Bad Gateway"),
        ] {
            assert!(matches!(answer(code, body), Answer::Unavailable { .. }), "{code} {body}");
        }
    }

    #[test]
    fn busy_says_when_to_come_back() {
        let wait = Some(Duration::from_secs(7));
        let answer = classify(StatusCode::TOO_MANY_REQUESTS, wait, b"{\"error\":\"partial write\"}");
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
