//! What a log-in sends along and expects back. All of it follows from the secret that the browser holds, so that nothing
//! has to be kept with which somebody else could go on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::secret::FlowSecret;

/// Parts of a log-in that are not to be guessed, 256 bits each.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// Ties the provider's answer to the browser.
    State,
    /// Ties the ID token to the log-in.
    Nonce,
    /// Ties the code to us (PKCE, RFC 7636).
    Verifier,
}

impl Part {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::State => b"state",
            Self::Nonce => b"nonce",
            Self::Verifier => b"verifier",
        }
    }
}

fn mac(secret: &FlowSecret, part: Part) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes any key");
    mac.update(part.label());
    mac
}

/// 43 letters of base64url, which is what a verifier of PKCE has at least.
pub(super) fn part(secret: &FlowSecret, part: Part) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(mac(secret, part).finalize().into_bytes())
}

/// Takes as long whatever the state is.
pub(crate) fn is_state(secret: &FlowSecret, state: &str) -> bool {
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(state).unwrap_or_default();
    mac(secret, Part::State).verify_slice(&decoded).is_ok()
}

pub(super) fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        // Appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn no_part_is_like_another_and_none_is_of_another_secret() {
        let (one, other) = (FlowSecret::generate(), FlowSecret::generate());
        let parts = [Part::State, Part::Nonce, Part::Verifier].map(|kind| part(&one, kind));
        assert!(parts.iter().all(|part| part.len() == 43));
        assert!(parts[0] != parts[1] && parts[1] != parts[2] && parts[0] != parts[2]);
        assert!(is_state(&one, &parts[0]));
        for wrong in [parts[1].as_str(), "", "?", &part(&other, Part::State)] {
            assert!(!is_state(&one, wrong), "{wrong}");
        }
    }
}
