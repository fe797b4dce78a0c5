use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey};

/// An RSA key that signs with RS256, as most providers have.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) private: EncodingKey,
    pub(super) public: Jwk,
}

impl Key {
    pub(super) fn generate(name: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("a key can be written down");
        let text = BASE64_STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let private = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("what was written can be read");
        let mut public = Jwk::from_encoding_key(&private, Algorithm::RS256).expect("it has a public part");
        public.common.key_id = Some(name.to_owned());
        public.common.key_algorithm = Some(KeyAlgorithm::RS256);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Self { name: name.to_owned(), private, public }
    }
}
