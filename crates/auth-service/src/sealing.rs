//! Second factors' secrets, sealed before they are kept: whoever reads the database without the key's file learns none.
//!
//! AES-256-GCM with a random nonce; bound to the person, so that one cannot be put in another's place.

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::PersonId;

use crate::key_file;
use crate::totp::SECRET_BYTES;

const KEY_BYTES: usize = 32;
/// Says how what follows is sealed.
const VERSION: u8 = 1;

#[derive(Debug, thiserror::Error)]
pub enum SealingKeyError {
    #[error("reading or making the key {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not a key: {KEY_BYTES} bytes in base64", path.display())]
    Parse { path: PathBuf },
}

/// Too few bytes, another key's, another person's, or changed since.
#[derive(Debug, thiserror::Error)]
#[error("it was not sealed with this key for this person")]
pub(crate) struct NotSealed;

pub struct SealingKey(RandomizedNonceKey);

impl SealingKey {
    /// Reads the file; makes it first where it is absent.
    pub fn open(path: &Path) -> Result<Self, SealingKeyError> {
        let generate = || format!("{}\n", BASE64_STANDARD.encode(rand::random::<[u8; KEY_BYTES]>()));
        let text = key_file::read_or_create(path, generate)
            .map_err(|source| SealingKeyError::Read { path: path.to_owned(), source })?;
        let no_key = || SealingKeyError::Parse { path: path.to_owned() };
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| no_key())?;
        RandomizedNonceKey::new(&AES_256_GCM, &bytes).map(Self).map_err(|_| no_key())
    }

    pub(crate) fn seal(&self, person: PersonId, secret: &[u8]) -> Result<Vec<u8>, NotSealed> {
        let mut body = secret.to_vec();
        let aad = Aad::from(person.as_bytes());
        let nonce = self.0.seal_in_place_append_tag(aad, &mut body).map_err(|_| NotSealed)?;
        Ok([[VERSION].as_slice(), nonce.as_ref(), &body].concat())
    }

    /// What was kept before there was a key is taken as it is.
    pub(crate) fn unseal(&self, person: PersonId, sealed: &[u8]) -> Result<Vec<u8>, NotSealed> {
        if sealed.len() == SECRET_BYTES {
            return Ok(sealed.to_vec());
        }
        let (nonce, body) = sealed
            .strip_prefix(&[VERSION])
            .and_then(|rest| rest.split_first_chunk::<NONCE_LEN>())
            .ok_or(NotSealed)?;
        let mut body = body.to_vec();
        let (nonce, aad) = (Nonce::assume_unique_for_key(*nonce), Aad::from(person.as_bytes()));
        let secret = self.0.open_in_place(nonce, aad, &mut body).map_err(|_| NotSealed)?;
        Ok(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn person(number: u8) -> PersonId {
        PersonId::from_bytes([number; 16])
    }

    fn key(folder: &Path) -> SealingKey {
        SealingKey::open(&folder.join("second-factor.key")).unwrap()
    }

    #[test]
    fn only_the_same_key_opens_it_and_only_for_the_same_person() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealed = key(here.path()).seal(person(1), SECRET).unwrap();
        assert_eq!(key(here.path()).unseal(person(1), &sealed).unwrap(), SECRET);
        assert!(key(here.path()).unseal(person(2), &sealed).is_err());
        assert!(key(elsewhere.path()).unseal(person(1), &sealed).is_err());
        assert!(!sealed.windows(4).any(|part| SECRET.windows(4).any(|secret| secret == part)));
        assert_ne!(sealed, key(here.path()).seal(person(1), SECRET).unwrap());
    }

    #[test]
    fn whatever_is_changed_or_cut_off_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let key = key(folder.path());
        let sealed = key.seal(person(1), SECRET).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.unseal(person(1), &changed).is_err(), "byte {at}");
            let cut = key.unseal(person(1), &sealed[..at]);
            assert!(cut.is_err() || at == SECRET_BYTES, "{at} bytes");
        }
        assert_eq!(key.unseal(person(1), SECRET).unwrap(), SECRET, "kept before there was a key");
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("second-factor.key");
        for text in ["", "not a key", "AAAA"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(SealingKey::open(&path), Err(SealingKeyError::Parse { .. })), "{text}");
        }
    }
}
