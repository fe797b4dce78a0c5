//! Certificates are renewed while the service runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::{Clock as _, UtcMillis};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use super::certificate::{CertificateError, Files, Pair};
use crate::clock::SystemClock;

/// Between two looks at the files. They are a few kilobytes.
const LOOK: Duration = Duration::from_secs(2);
/// Between two warnings that it expires.
const WARN_MILLIS: i64 = 86_400_000;

/// What is shown to those who connect now.
#[derive(Debug)]
pub(super) struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    pub(super) fn new(pair: &Pair) -> Self {
        Self(RwLock::new(Arc::clone(&pair.certified)))
    }

    fn replace(&self, pair: &Pair) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&pair.certified);
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Who looks at the files.
#[derive(Debug)]
pub(super) struct Renewal {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) shown: Arc<Shown>,
    pub(super) pair: Pair,
}

impl Renewal {
    /// Until `shutdown`.
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let Self { certificate, key, shown, mut pair } = self;
        // What was found last, and whether somebody was told what is wrong with it.
        let mut seen = Ok(pair.files.clone());
        let mut told = None;
        let mut warned = SystemClock.now();
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let now = SystemClock.now();
            if now.millis_since(warned) >= WARN_MILLIS {
                warned = now;
                warn(&pair, now);
            }
            let found = look(&certificate, &key).await;
            // Two files are not replaced at one instant: only what has stayed for a while is believed.
            let has_stayed = same(&seen, &found);
            seen = found;
            if !has_stayed || seen.as_ref().is_ok_and(|files| *files == pair.files) {
                continue;
            }
            let read = match &seen {
                Ok(files) => Pair::of(files.clone(), &certificate, &key).map_err(|error| error.to_string()),
                Err(error) => Err(error.clone()),
            };
            match read {
                Ok(new) => {
                    shown.replace(&new);
                    tracing::info!(certificate = %certificate.display(), until = %new.ends(), "the certificate was renewed");
                    warn(&new, now);
                    (pair, told) = (new, None);
                }
                Err(error) if told.as_ref() != Some(&error) => {
                    tracing::error!("{error}; the certificate of before is shown on, until {}", pair.ends());
                    told = Some(error);
                }
                Err(_) => {}
            }
        }
    }
}

fn warn(pair: &Pair, now: UtcMillis) {
    if let Some(warning) = pair.warning(now) {
        tracing::warn!("{warning}");
    }
}

type Found = Result<Files, String>;

fn same(one: &Found, other: &Found) -> bool {
    one == other
}

async fn look(certificate: &Path, key: &Path) -> Found {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    match tokio::task::spawn_blocking(move || Files::read(&certificate, &key)).await {
        Ok(read) => read.map_err(|error: CertificateError| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
