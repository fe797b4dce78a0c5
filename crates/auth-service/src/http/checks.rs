//! What people type in, looked at.

use domain::accounts::normalise_email;
use secrecy::{ExposeSecret, SecretString};

use super::error::ApiError;
use crate::passwords::{MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES};

const MAX_NAME_CHARS: usize = 80;
/// RFC 5321 allows no longer address.
pub(super) const MAX_EMAIL_BYTES: usize = 254;

pub(super) fn checked_name(field: impl Into<String>, name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        let detail = format!("It must have 1 to {MAX_NAME_CHARS} characters, all of them printable.");
        return Err(ApiError::invalid(field, detail));
    }
    Ok(name.to_owned())
}

/// An address that letters can be sent to, normalised.
pub(super) fn checked_email(email: &str) -> Result<String, ApiError> {
    let email = normalise_email(email);
    if email.len() > MAX_EMAIL_BYTES || !mail::is_address(&email) {
        return Err(ApiError::invalid("email", "That is not an e-mail address."));
    }
    Ok(email)
}

/// A password that somebody is to have from now on. Length is what makes it hard to guess (NIST SP 800-63B).
pub(super) fn checked_password(field: &str, password: &SecretString) -> Result<(), ApiError> {
    let length = password.expose_secret().len();
    if (MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES).contains(&length) {
        return Ok(());
    }
    let detail =
        format!("A password has at least {MIN_PASSWORD_BYTES} characters and at most {MAX_PASSWORD_BYTES}.");
    Err(ApiError::invalid(field, detail))
}
