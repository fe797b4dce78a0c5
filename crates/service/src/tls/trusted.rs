//! Authorities that are believed besides the system's.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

#[derive(Debug, thiserror::Error)]
#[error("tls.ca: {}: {reason}", .path.display())]
pub struct TrustedError {
    path: PathBuf,
    reason: String,
}

/// None, unless they were read from a file.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    pem: Option<String>,
    certificates: Vec<Certificate>,
}

impl Trusted {
    pub(super) fn read(path: &Path) -> Result<Self, TrustedError> {
        let fault = |reason: String| TrustedError { path: path.to_owned(), reason };
        let pem = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        let ders: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| fault(error.to_string()))?;
        if ders.is_empty() {
            return Err(fault("there is no certificate in it".to_owned()));
        }
        let (_, broken) = RootCertStore::empty().add_parsable_certificates(ders);
        if broken > 0 {
            return Err(fault(format!("{broken} of its certificates cannot be read")));
        }
        let certificates =
            Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| fault(error.to_string()))?;
        Ok(Self { pem: Some(pem), certificates })
    }

    /// As they were read, for clients that are not HTTP's.
    pub fn pem(&self) -> Option<String> {
        self.pem.clone()
    }

    /// For clients of HTTP.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.certificates.clone()
    }

    /// Has a client of HTTP believe them.
    pub fn put_into(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.tls_certs_merge(self.certificates())
    }
}
