//! What makes an ID token worth believing (OpenID Connect Core 1.0, section 3.1.3.7).

use domain::UtcMillis;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde::{Deserialize, Deserializer};

use super::keys::Keys;

/// How far the provider's clock and ours may be apart.
const SKEW_SECS: i64 = 60;
/// No token is issued longer before we get it: it comes straight from the provider, in answer to a code.
const MAX_AGE_SECS: i64 = 600;
const MAX_TOKEN_BYTES: usize = 16 * 1_024;
const MAX_SUBJECT_BYTES: usize = 255;

/// None with a shared secret, and never `none`.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdTokenError {
    #[error("it is no token, or of an algorithm that nobody knows")]
    Malformed,
    #[error("its algorithm is not allowed")]
    Algorithm,
    #[error("it is signed with an unknown key")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for somebody else")]
    Audience,
    #[error("it has expired, or is of another time")]
    Time,
    #[error("its nonce is not that of this log-in")]
    Nonce,
    #[error("it does not say whom it is about")]
    Subject,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a provider says of an account: in its token, or when it is asked.
#[derive(Default, Deserialize)]
pub(super) struct Profile {
    pub(super) email: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(super) email_verified: bool,
    pub(super) name: Option<String>,
    pub(super) preferred_username: Option<String>,
}

/// Some say it as text.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value == serde_json::Value::Bool(true) || value == "true")
}

#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    #[serde(flatten)]
    pub(super) profile: Profile,
}

/// What a token has to say to be for this log-in.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: UtcMillis,
}

/// The header, if a token with it is to be looked at.
pub(super) fn header(token: &str) -> Result<Header, IdTokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(IdTokenError::Malformed);
    }
    let header = decode_header(token).map_err(|_| IdTokenError::Malformed)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(IdTokenError::Algorithm);
    }
    // An extension that has to be understood is one that we do not.
    if header.crit.is_some() {
        return Err(IdTokenError::Malformed);
    }
    Ok(header)
}

/// Looks at the signature first, and then at everything that it vouches for.
pub(super) fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, IdTokenError> {
    let header = header(token)?;
    let key = keys.find(header.kid.as_deref(), header.alg).ok_or(IdTokenError::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    // By our own clock, below.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = decode::<Claims>(token, key, &validation).map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::Json(_) => IdTokenError::Malformed,
        _ => IdTokenError::Signature,
    })?;
    check(claims.claims, expected)
}

fn check(claims: Claims, expected: &Expected<'_>) -> Result<Claims, IdTokenError> {
    if claims.iss != expected.issuer {
        return Err(IdTokenError::Issuer);
    }
    let is_for_us = match &claims.aud {
        Audience::One(one) => one == expected.client_id,
        // Where there are several, the one who asked for it has to be named.
        Audience::Many(all) => {
            all.iter().any(|one| one == expected.client_id) && (all.len() == 1 || claims.azp.is_some())
        }
    };
    if !is_for_us || claims.azp.as_ref().is_some_and(|azp| azp != expected.client_id) {
        return Err(IdTokenError::Audience);
    }
    let now = expected.now.secs();
    let is_of_now = now < claims.exp.saturating_add(SKEW_SECS)
        && claims.iat <= now.saturating_add(SKEW_SECS)
        && claims.iat >= now - MAX_AGE_SECS - SKEW_SECS
        && claims.nbf.is_none_or(|nbf| nbf <= now.saturating_add(SKEW_SECS));
    if !is_of_now {
        return Err(IdTokenError::Time);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    if claims.sub.is_empty() || claims.sub.len() > MAX_SUBJECT_BYTES {
        return Err(IdTokenError::Subject);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests;
