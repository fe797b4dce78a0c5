//! Codes of a device that knows a secret, as authenticator apps make them: RFC 6238 with HMAC-SHA-1, six digits, 30 s.

use data_encoding::BASE32_NOPAD;
use domain::UtcMillis;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

const STEP_SECS: i64 = 30;
const DIGITS: usize = 6;
/// Clocks differ: the code before and the one after are as good (RFC 6238, section 5.2).
const WINDOW: i64 = 1;
/// As many as the hash has (RFC 4226, section 4).
pub(crate) const SECRET_BYTES: usize = 20;

pub(crate) fn generate_secret() -> [u8; SECRET_BYTES] {
    rand::random()
}

/// The time step that `text` is the code of, if it is one of now.
pub(crate) fn step_of(text: &str, secret: &[u8], now: UtcMillis) -> Option<i64> {
    let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let present = now.secs().div_euclid(STEP_SECS);
    // All are computed, whichever fits.
    let fitting = (present - WINDOW..=present + WINDOW).filter(|&step| code(secret, step) == digits);
    fitting.max()
}

/// When a time step begins.
pub(crate) const fn start_of(step: i64) -> UtcMillis {
    UtcMillis::from_secs(step * STEP_SECS)
}

/// RFC 4226, section 5.3, with the time step as the counter.
fn code(secret: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 0x0f);
    let number = u32::from_be_bytes([hash[offset], hash[offset + 1], hash[offset + 2], hash[offset + 3]]);
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// As people type it in.
pub(crate) fn to_base32(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// As authenticator apps read it from a picture (the Key Uri Format).
pub(crate) fn to_uri(secret: &[u8], email: &str) -> String {
    let account: String = email
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("otpauth://totp/Wattline:{account}?secret={}&issuer=Wattline", to_base32(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(secs: i64) -> UtcMillis {
        UtcMillis::from_secs(secs)
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B has eight digits; these are the last six of them.
        for (secs, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, secs / STEP_SECS), expected, "{secs}");
            assert_eq!(step_of(expected, SECRET, at(secs)), Some(secs / STEP_SECS));
        }
    }

    #[test]
    fn a_code_is_good_a_step_early_and_a_step_late_and_no_more() {
        for late in [-30, 0, 30] {
            assert_eq!(step_of("287 082", SECRET, at(59 + late)), Some(1), "{late}");
        }
        for late in [-60, 31, 60] {
            assert_eq!(step_of("287082", SECRET, at(59 + late)), None, "{late}");
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["", "28708", "2870821", "28708a", "٢٨٧٠٨٢"] {
            assert_eq!(step_of(text, SECRET, at(59)), None, "{text}");
        }
    }

    #[test]
    fn the_uri_names_the_account_and_the_secret() {
        let uri = to_uri(b"12345678901234567890", "ada+home@example.org");
        assert_eq!(
            uri,
            "otpauth://totp/Wattline:ada%2Bhome@example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Wattline"
        );
    }
}
