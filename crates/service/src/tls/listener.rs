//! A port, with or without TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::TlsConfig;
use super::certificate::{Pair, provider};
use super::renewal::{Renewal, Shown};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// What is served.
const PROTOCOL: &[u8] = b"http/1.1";

/// Where a service is reached.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
}

#[derive(Debug)]
struct Tls {
    config: Arc<ServerConfig>,
    renewal: Renewal,
}

/// In plain text.
impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, tls: None }
    }
}

impl TlsConfig {
    /// Binds `address`, with TLS when there is a certificate.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<Listener> {
        let tls = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let pair = Pair::read(certificate, key).map_err(io::Error::other)?;
                let shown = Arc::new(Shown::new(&pair));
                let config = server(Arc::clone(&shown)).map_err(io::Error::other)?;
                let renewal = Renewal { certificate: certificate.clone(), key: key.clone(), shown, pair };
                Some(Tls { config: Arc::new(config), renewal })
            }
            _ => None,
        };
        Ok(Listener { tcp: TcpListener::bind(address).await?, tls })
    }
}

/// TLS 1.2 and 1.3; rustls has none that is older.
fn server(shown: Arc<Shown>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

impl Listener {
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Apart, and with somebody who renews the certificate until `shutdown`.
    pub(crate) fn open(self, shutdown: CancellationToken) -> (TcpListener, Doorway) {
        let acceptor = self.tls.map(|Tls { config, renewal }| {
            tokio::spawn(renewal.run(shutdown));
            TlsAcceptor::from(config)
        });
        (self.tcp, Doorway(acceptor))
    }
}

/// What a new connection goes through.
#[derive(Clone)]
pub(crate) struct Doorway(Option<TlsAcceptor>);

impl Doorway {
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.0.is_some() { "https" } else { "http" }
    }

    /// Within a time limit.
    pub(crate) async fn enter(&self, stream: TcpStream) -> io::Result<Stream> {
        let Some(acceptor) = &self.0 else { return Ok(Stream::Plain(stream)) };
        let stream = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await??;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// A connection.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
