//! A certificate and its key, from their files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::UtcMillis;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

const DAY_MILLIS: i64 = 86_400_000;
/// A certificate that ends sooner should have been renewed: the shortest that are issued to the public are renewed weeks
/// before.
const SOON_MILLIS: i64 = 10 * DAY_MILLIS;

/// The one of rustls that everything here uses.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

/// What is wrong with the files. Never says what stands in a key.
#[derive(Debug, thiserror::Error)]
#[error("tls.{key}: {}: {reason}", .path.display())]
pub struct CertificateError {
    key: &'static str,
    path: PathBuf,
    reason: String,
}

/// As they were read, to see whether they have changed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// A certificate that fits its key.
pub(super) struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) files: Files,
    begins: UtcMillis,
    ends: UtcMillis,
    path: PathBuf,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Files {
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let read = |name, path: &Path| {
            std::fs::read(path).map_err(|error| CertificateError {
                key: name,
                path: path.to_owned(),
                reason: error.to_string(),
            })
        };
        Ok(Self { certificate: read("certificate", certificate)?, key: read("key", key)? })
    }
}

impl Pair {
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        Self::of(Files::read(certificate, key)?, certificate, key)
    }

    pub(super) fn of(files: Files, certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let fault =
            |reason: String| CertificateError { key: "certificate", path: certificate.to_owned(), reason };
        let of_key = |reason: String| CertificateError { key: "key", path: key.to_owned(), reason };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&files.certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| fault(error.to_string()))?;
        let first = chain.first().ok_or_else(|| fault("there is no certificate in it".to_owned()))?;
        let validity = Certificate::from_der(first)
            .map_err(|error| fault(format!("its first certificate cannot be read: {error}")))?
            .tbs_certificate
            .validity;
        let der = PrivateKeyDer::from_pem_slice(&files.key).map_err(|error| {
            of_key(match error {
                PemError::NoItemsFound => "there is no private key in it that is not encrypted".to_owned(),
                _ => "it is no private key in PEM".to_owned(),
            })
        })?;
        let provider = provider();
        let signing = provider.key_provider.load_private_key(der).map_err(|_| {
            of_key("it is of a kind that cannot be used: make an ECDSA key (P-256) or an RSA one".to_owned())
        })?;
        let certified = CertifiedKey::new(chain, signing);
        if certified.keys_match().is_err() {
            let fits_another = (1..certified.cert.len()).any(|at| {
                CertifiedKey::new(vec![certified.cert[at].clone()], Arc::clone(&certified.key))
                    .keys_match()
                    .is_ok()
            });
            return Err(if fits_another {
                fault(
                    "the certificates are in the wrong order: this server's comes first, then its issuers'"
                        .to_owned(),
                )
            } else {
                of_key(format!("it is not the key of {}", certificate.display()))
            });
        }
        let instant = |time: x509_cert::time::Time| {
            UtcMillis::from_secs(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX / 1_000))
        };
        Ok(Self {
            certified: Arc::new(certified),
            files,
            begins: instant(validity.not_before),
            ends: instant(validity.not_after),
            path: certificate.to_owned(),
        })
    }

    /// That others will not believe it, now or soon.
    pub(super) fn warning(&self, now: UtcMillis) -> Option<String> {
        let path = self.path.display();
        let left = self.ends.millis_since(now);
        if left < 0 {
            Some(format!("tls.certificate: {path} has expired on {}: nobody will believe it", self.ends))
        } else if now.millis_since(self.begins) < 0 {
            Some(format!(
                "tls.certificate: {path} is valid from {} on only, or the clock is wrong",
                self.begins
            ))
        } else if left < SOON_MILLIS {
            Some(format!("tls.certificate: {path} expires on {}, in {} days", self.ends, left / DAY_MILLIS))
        } else {
            None
        }
    }

    pub(super) const fn ends(&self) -> UtcMillis {
        self.ends
    }
}
