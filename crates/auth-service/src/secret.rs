//! The secret of a session: the client holds it, the accounts keep its hash.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Lets secret scanners recognise one that has leaked.
const PREFIX: &str = "wls_";
const RANDOM_BYTES: usize = 32;

pub(crate) struct SessionSecret(SecretString);

impl SessionSecret {
    pub(crate) fn generate() -> Self {
        let random: [u8; RANDOM_BYTES] = rand::random();
        Self(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random)).into())
    }

    /// `None` for what was never one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let random = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (random.len() == RANDOM_BYTES).then(|| Self(text.into()))
    }

    /// The secret has 256 random bits, so that a fast hash without salt is enough.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret().as_bytes()).into()
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_none_is_like_another() {
        let secret = SessionSecret::generate();
        assert_eq!(secret.expose().len(), 4 + 43);
        assert_eq!(SessionSecret::parse(secret.expose()).unwrap().hash(), secret.hash());
        assert_ne!(SessionSecret::generate().hash(), secret.hash());
    }

    #[test]
    fn what_is_no_secret_is_not_looked_up() {
        for text in ["", "wls_", "wls_AAAA", "eyJhbGciOiJFZERTQSJ9.e30.AAAA", &"A".repeat(47)] {
            assert!(SessionSecret::parse(text).is_none(), "{text}");
        }
    }
}
