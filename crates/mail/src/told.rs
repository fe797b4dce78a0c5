//! What is told of a mail that was not taken.

use std::error::Error as _;

use lettre::transport::smtp::Error;

/// Of what the server replied only its codes: the words name whom the mail was for more often than not.
pub(crate) fn of(error: &Error) -> String {
    if error.is_response() {
        return "the mail server's answer is cut short or not SMTP".to_owned();
    }
    let Some(code) = error.status() else { return error.to_string() };
    let reply = error.source().map(ToString::to_string).unwrap_or_default();
    match reply.split_whitespace().next().filter(|word| is_enhanced(word)) {
        Some(enhanced) => format!("the mail server answered {code} {enhanced}"),
        None => format!("the mail server answered {code}"),
    }
}

/// Such as `5.1.1`, which says more than `550` (RFC 3463).
fn is_enhanced(word: &str) -> bool {
    let is_number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split('.').count() == 3 && word.split('.').all(is_number)
}
