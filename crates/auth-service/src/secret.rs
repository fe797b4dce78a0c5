//! Secrets that a client holds and of which a hash is kept: of sessions, of personal tokens, of links in letters, of
//! log-ins at providers, and of hubs.

use std::marker::PhantomData;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const RANDOM_BYTES: usize = 32;

/// What a secret is for.
pub(crate) trait Kind {
    /// Lets secret scanners recognise one that has leaked, and tells the kinds apart.
    const PREFIX: &str;
}

pub(crate) struct OfSession;

impl Kind for OfSession {
    const PREFIX: &str = "wls_";
}

pub(crate) struct OfPersonalToken;

impl Kind for OfPersonalToken {
    const PREFIX: &str = "wlp_";
}

pub(crate) struct OfLink;

impl Kind for OfLink {
    const PREFIX: &str = "wlt_";
}

pub(crate) struct OfFlow;

impl Kind for OfFlow {
    const PREFIX: &str = "wlf_";
}

pub(crate) struct OfHub;

impl Kind for OfHub {
    const PREFIX: &str = "wlh_";
}

pub(crate) struct Secret<K>(SecretString, PhantomData<K>);

pub(crate) type SessionSecret = Secret<OfSession>;
pub(crate) type PersonalSecret = Secret<OfPersonalToken>;
pub(crate) type LinkSecret = Secret<OfLink>;
pub(crate) type FlowSecret = Secret<OfFlow>;
pub(crate) type HubSecret = Secret<OfHub>;

impl<K: Kind> Secret<K> {
    pub(crate) fn generate() -> Self {
        let random: [u8; RANDOM_BYTES] = rand::random();
        let text = format!("{}{}", K::PREFIX, BASE64_URL_SAFE_NO_PAD.encode(random));
        Self(text.into(), PhantomData)
    }

    /// `None` for what was never one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let random = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(K::PREFIX)?).ok()?;
        (random.len() == RANDOM_BYTES).then(|| Self(text.into(), PhantomData))
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

    #[test]
    fn one_kind_is_never_taken_for_the_other() {
        assert!(PersonalSecret::parse(SessionSecret::generate().expose()).is_none());
        assert!(SessionSecret::parse(PersonalSecret::generate().expose()).is_none());
        assert!(HubSecret::parse(PersonalSecret::generate().expose()).is_none());
        assert!(PersonalSecret::generate().expose().starts_with("wlp_"));
    }
}
