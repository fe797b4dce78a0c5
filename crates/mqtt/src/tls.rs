//! Whom we believe: the system's authorities and those that were configured. Nothing turns that off.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Error;

/// Read anew for every connection: authorities come and go while a hub runs for years.
pub(crate) async fn secure(
    stream: TcpStream,
    host: &str,
    ca: Option<&str>,
) -> Result<TlsStream<TcpStream>, Error> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Error::Url("its host is no name that a certificate can have"))?;
    let connector = TlsConnector::from(Arc::new(client(roots(ca)?)?));
    connector.connect(name, stream).await.map_err(Error::io("connecting over TLS"))
}

fn roots(ca: Option<&str>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    // A system may have broken ones among its own; without any, `ca` may do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let configured: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(ca.unwrap_or_default().as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| Error::Authorities)?;
    for certificate in configured {
        roots.add(certificate).map_err(Error::Tls)?;
    }
    Ok(roots)
}

/// TLS 1.2 and 1.3; rustls has none that is older.
fn client(roots: RootCertStore) -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
