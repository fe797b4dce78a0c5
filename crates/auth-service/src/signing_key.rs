//! A key that signs access tokens: Ed25519, in a file that only its owner can read.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::key_file;

/// What stands before the 32 bytes of a private Ed25519 key in PKCS#8 (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error("reading or making the signing key {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("making the signing key {}", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("the signing key is not an Ed25519 private key (PKCS#8 in PEM)")]
    Parse(#[source] jsonwebtoken::errors::Error),
    #[error("signing a token")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

pub(crate) struct SigningKey {
    key: EncodingKey,
    header: Header,
    public: JwkSet,
}

impl SigningKey {
    /// Reads the file; makes it first where it is absent.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, SigningKeyError> {
        Self::from_pem(&key_file::read_or_create(path, generate_pem).map_err(read_error(path))?)
    }

    pub(crate) fn load(path: &Path) -> Result<Self, SigningKeyError> {
        let pem = key_file::read(path).map_err(read_error(path))?;
        Self::from_pem(&pem)
    }

    pub(crate) fn from_pem(pem: &str) -> Result<Self, SigningKeyError> {
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).map_err(SigningKeyError::Parse)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(SigningKeyError::Parse)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(SigningKeyError::Parse)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let header = Header { kid: Some(kid), ..Header::new(Algorithm::EdDSA) };
        Ok(Self { key, header, public: JwkSet { keys: vec![public] } })
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, SigningKeyError> {
        jsonwebtoken::encode(&self.header, claims, &self.key).map_err(SigningKeyError::Sign)
    }

    pub(crate) fn id(&self) -> &str {
        self.header.kid.as_deref().unwrap_or_default()
    }

    pub(crate) const fn public(&self) -> &JwkSet {
        &self.public
    }
}

/// Makes a file with a new key; one that is there stays.
pub(crate) fn make(path: &Path) -> Result<(), SigningKeyError> {
    let failed = |source| SigningKeyError::Create { path: path.to_owned(), source };
    key_file::create(path, &generate_pem()).map_err(failed)
}

fn read_error(path: &Path) -> impl Fn(io::Error) -> SigningKeyError {
    move |source| SigningKeyError::Read { path: path.to_owned(), source }
}

fn generate_pem() -> String {
    let seed: [u8; 32] = rand::random();
    let der = [PKCS8_PREFIX.as_slice(), &seed].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// RFC 8410, section 10.3.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn the_public_key_is_that_of_the_private_one() {
        let key = SigningKey::from_pem(PEM).unwrap();
        let published = serde_json::to_value(key.public()).unwrap();
        // Section 10.1 of the RFC.
        assert_eq!(published["keys"][0]["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
        assert_eq!(published["keys"][0]["kty"], "OKP");
        assert_eq!(published["keys"][0]["crv"], "Ed25519");
        assert_eq!(published["keys"][0]["use"], "sig");
        assert_eq!(published["keys"][0].get("d"), None);
    }

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_7638() {
        use base64::prelude::BASE64_URL_SAFE_NO_PAD;
        use sha2::{Digest, Sha256};

        let key = SigningKey::from_pem(PEM).unwrap();
        let text = r#"{"crv":"Ed25519","kty":"OKP","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}"#;
        let expected = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text));
        assert_eq!(key.header.kid, Some(expected));
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-key.pem");
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(SigningKey::load_or_create(&path), Err(SigningKeyError::Parse(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key");
    }
}
