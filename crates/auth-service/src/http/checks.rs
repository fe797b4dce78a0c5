//! What people type in, looked at.

use domain::accounts::normalise_email;
use secrecy::{ExposeSecret, SecretString};

use super::error::ApiError;
use crate::names::{MAX_NAME_CHARS, is_printable};
use crate::passwords::{MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES};

/// RFC 5321 allows no longer address.
pub(super) const MAX_EMAIL_BYTES: usize = 254;

pub(super) fn checked_name(field: impl Into<String>, name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if name.is_empty() || !is_printable(name, MAX_NAME_CHARS) {
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
