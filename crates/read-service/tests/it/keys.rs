//! An issuer of tokens, and the address where its public keys are.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::access::AccessClaims;
use http::StatusCode;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// What stands before the 32 bytes of a private Ed25519 key in PKCS#8 (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    private: EncodingKey,
    pub(crate) public: Jwk,
}

impl Key {
    /// The same number is the same key; it goes by `id`.
    pub(crate) fn new(number: u8, id: &str) -> Self {
        let der = [PKCS8_PREFIX.as_slice(), &[number; 32]].concat();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            BASE64_STANDARD.encode(der)
        );
        let private = EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
        let mut public = Jwk::from_encoding_key(&private, Algorithm::EdDSA).unwrap();
        public.common.key_id = Some(id.to_owned());
        Self { id: id.to_owned(), private, public }
    }

    pub(crate) fn sign(&self, claims: &AccessClaims) -> String {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

/// Serves a key set, and counts how often it is asked for.
pub(crate) struct KeyServer {
    pub(crate) url: String,
    answer: Arc<Mutex<Result<JwkSet, StatusCode>>>,
    asked: Arc<AtomicU32>,
    task: AbortHandle,
}

impl KeyServer {
    pub(crate) async fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::new(Mutex::new(Ok(set(keys)))), Arc::new(AtomicU32::new(0)));
        let route = {
            let (answer, asked) = (answer.clone(), asked.clone());
            get(move || async move {
                asked.fetch_add(1, Ordering::SeqCst);
                answer.lock().unwrap().clone().map(Json)
            })
        };
        let router = Router::new().route("/.well-known/jwks.json", route);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }).abort_handle();
        Self { url, answer, asked, task }
    }

    pub(crate) fn serve(&self, keys: &[&Key]) {
        *self.answer.lock().unwrap() = Ok(set(keys));
    }

    pub(crate) fn fail(&self) {
        *self.answer.lock().unwrap() = Err(StatusCode::INTERNAL_SERVER_ERROR);
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn set(keys: &[&Key]) -> JwkSet {
    JwkSet { keys: keys.iter().map(|key| key.public.clone()).collect() }
}
