//! Where the broker is, and a stream to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::{ConnectionsError, Plan, over_mqtt};
use crate::amqp;

pub(super) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

pub(super) enum Protocol {
    Amqp(amqp::Address),
    Mqtt(over_mqtt::LogIn),
}

pub(super) struct Endpoint {
    pub(super) protocol: Protocol,
    pub(super) keep_alive_secs: u16,
    target: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    source_addresses: u8,
}

impl Endpoint {
    pub(super) async fn new(plan: &Plan) -> Result<Self, ConnectionsError> {
        let (protocol, host, port, is_tls, keep_alive_secs) = if plan.url.starts_with("mqtt") {
            let over_mqtt::Address { host, port, is_tls, log_in } = plan.url.parse()?;
            (Protocol::Mqtt(log_in), host, port, is_tls, over_mqtt::KEEP_ALIVE_SECS)
        } else {
            let address = amqp::Address::with_or_without_tls(&plan.url)?;
            let (host, port, is_tls) = (address.host().to_owned(), address.port(), address.is_tls());
            (Protocol::Amqp(address), host, port, is_tls, amqp::HEARTBEAT_SECS)
        };
        let found =
            lookup_host((host.as_str(), port)).await.map_err(ConnectionsError::io("finding the broker"));
        let target = found?.next().ok_or(ConnectionsError::Url)?;
        let tls = if is_tls {
            let ca = plan.ca.as_deref().ok_or(ConnectionsError::NoAuthority("TLS"))?;
            let name = ServerName::try_from(host).map_err(|_| ConnectionsError::Url)?;
            Some((TlsConnector::from(Arc::new(client(ca)?)), name))
        } else {
            None
        };
        Ok(Self {
            protocol,
            keep_alive_secs: plan.keep_alive_secs.unwrap_or(keep_alive_secs),
            target,
            tls,
            source_addresses: plan.source_addresses,
        })
    }

    /// For the hub with this index.
    pub(super) async fn connect(&self, index: u32) -> Result<Stream, ConnectionsError> {
        let socket = match self.target {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }
        .map_err(ConnectionsError::io("making a socket"))?;
        if let Some(source) = self.source(index) {
            let bound = socket.bind(SocketAddr::new(source, 0));
            bound.map_err(ConnectionsError::io("taking a source address"))?;
        }
        let tcp = socket.connect(self.target).await.map_err(ConnectionsError::io("connecting"))?;
        tcp.set_nodelay(true).map_err(ConnectionsError::io("connecting"))?;
        let Some((connector, name)) = &self.tls else { return Ok(Either::Left(tcp)) };
        let secured = connector.connect(name.clone(), tcp).await;
        Ok(Either::Right(Box::new(secured.map_err(ConnectionsError::io("connecting over TLS"))?)))
    }

    /// All of 127.0.0.0/8 is this machine.
    fn source(&self, index: u32) -> Option<IpAddr> {
        let is_wanted = self.source_addresses > 1 && self.target.is_ipv4() && self.target.ip().is_loopback();
        let last = u8::try_from(1 + index % u32::from(self.source_addresses.max(1))).unwrap_or(1);
        is_wanted.then_some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)))
    }
}

/// As a hub after its start: with no ticket of an earlier session. One for all, so that memory is the connections'.
fn client(ca: &Path) -> Result<ClientConfig, ConnectionsError> {
    let unreadable = |reason: String| ConnectionsError::Authority { path: ca.display().to_string(), reason };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(ConnectionsError::Tls)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ConnectionsError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}
