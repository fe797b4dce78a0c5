//! A connection from nothing to the broker's welcome.

use bytes::BytesMut;
use domain::HubId;
use rumqttc::v5::mqttbytes::v5::Packet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use crate::packets::{self, Limits};
use crate::{Config, Error, tls};

pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

pub(crate) struct Connection {
    pub(crate) stream: Stream,
    /// What came after the welcome.
    pub(crate) incoming: BytesMut,
    pub(crate) limits: Limits,
}

/// Within the configured time.
pub(crate) async fn open(config: &Config, hub: HubId) -> Result<Connection, Error> {
    let limit = config.connect_timeout();
    timeout(limit, greet(config, hub))
        .await
        .map_err(|_| Error::TimedOut { operation: "connecting", limit })?
}

async fn greet(config: &Config, hub: HubId) -> Result<Connection, Error> {
    let mut stream = connect(config).await?;
    let mut greeting = packets::connect(config, hub)?;
    stream.write_all_buf(&mut greeting).await.map_err(Error::io("greeting"))?;
    stream.flush().await.map_err(Error::io("greeting"))?;
    let mut incoming = BytesMut::new();
    let answer = loop {
        if let Some(packet) = packets::next(&mut incoming)? {
            break packet;
        }
        if stream.read_buf(&mut incoming).await.map_err(Error::io("waiting for the welcome"))? == 0 {
            return Err(Error::Ended("instead of a welcome".to_owned()));
        }
    };
    match answer {
        Packet::ConnAck(answer) => {
            let limits = packets::welcome(config, &answer)?;
            Ok(Connection { stream, incoming, limits })
        }
        other => Err(Error::Protocol(format!("instead of a welcome there came {other:?}"))),
    }
}

async fn connect(config: &Config) -> Result<Stream, Error> {
    let address = config.address().map_err(Error::Url)?;
    let tcp =
        TcpStream::connect((address.host.as_str(), address.port)).await.map_err(Error::io("connecting"))?;
    // A tick is one small packet, and somebody may be watching.
    tcp.set_nodelay(true).map_err(Error::io("connecting"))?;
    if !address.tls {
        return Ok(Either::Left(tcp));
    }
    let secured = tls::secure(tcp, &address.host, config.ca.as_deref()).await?;
    Ok(Either::Right(Box::new(secured)))
}
