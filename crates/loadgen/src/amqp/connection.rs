//! Getting a channel with confirms, and asking how long a queue is.

use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frame::{HEARTBEAT, Method, Payload, put, put_long, put_method, put_short};
use super::reading::{Event, Events};

pub(super) const CHANNEL: u16 = 1;
const GREETING: &[u8] = b"AMQP\0\0\x09\x01";
const START: Method = (10, 10);
const START_OK: Method = (10, 11);
const TUNE: Method = (10, 30);
const TUNE_OK: Method = (10, 31);
const OPEN: Method = (10, 40);
const OPEN_OK: Method = (10, 41);
const CHANNEL_OPEN: Method = (20, 10);
const CHANNEL_OPEN_OK: Method = (20, 11);
const CONFIRM_SELECT: Method = (85, 10);
const CONFIRM_SELECT_OK: Method = (85, 11);
const QUEUE_DECLARE: Method = (50, 10);
const QUEUE_DECLARE_OK: Method = (50, 11);
const PASSIVE_DURABLE: u8 = 0b11;
/// As hubs ask for; a peer that is silent for two of them is gone.
pub(crate) const HEARTBEAT_SECS: u16 = 10;
const LARGEST_FRAME: u32 = 131_072;

/// What went wrong with RabbitMQ.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the URL of RabbitMQ is not like amqp://user:password@host:5672/vhost")]
    Url,
    #[error("a swarm publishes without TLS: amqp://, not amqps://")]
    Tls,
    #[error("{operation}: {source}")]
    Io { operation: &'static str, source: std::io::Error },
    #[error("RabbitMQ refused: {0}")]
    Refused(String),
    #[error("RabbitMQ did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("RabbitMQ said something unexpected: {0}")]
    Unexpected(&'static str),
}

impl Error {
    pub(crate) fn io(operation: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { operation, source }
    }
}

/// Where the broker is and who we are.
#[derive(Clone)]
pub struct Address {
    uri: AMQPUri,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "amqp://{}:{}/{}", self.uri.authority.host, self.uri.authority.port, self.uri.vhost)
    }
}

impl std::str::FromStr for Address {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        let address = Self::with_or_without_tls(url)?;
        if address.is_tls() { Err(Error::Tls) } else { Ok(address) }
    }
}

impl Address {
    pub(crate) fn with_or_without_tls(url: &str) -> Result<Self, Error> {
        Ok(Self { uri: url.parse().map_err(|_| Error::Url)? })
    }

    pub(crate) const fn is_tls(&self) -> bool {
        matches!(self.uri.scheme, AMQPScheme::AMQPS)
    }

    pub(crate) fn host(&self) -> &str {
        &self.uri.authority.host
    }

    pub(crate) const fn port(&self) -> u16 {
        self.uri.authority.port
    }
}

/// A connection with one channel, in confirm mode.
#[derive(Debug)]
pub(crate) struct Connection<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) events: Events,
    pub(crate) frame_max: usize,
}

impl Connection {
    pub(crate) async fn open(address: &Address, limit: Duration) -> Result<Self, Error> {
        let open = async {
            let stream = TcpStream::connect((address.host(), address.port()))
                .await
                .map_err(Error::io("connecting to RabbitMQ"))?;
            stream.set_nodelay(true).map_err(Error::io("connecting to RabbitMQ"))?;
            Self::greet(stream, address, HEARTBEAT_SECS).await
        };
        timeout(limit, open).await.map_err(|_| Error::TimedOut(limit))?
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// The caller limits the time.
    pub(crate) async fn greet(stream: S, address: &Address, heartbeat_secs: u16) -> Result<Self, Error> {
        let authority = &address.uri.authority;
        let mut this = Self { stream, events: Events::default(), frame_max: LARGEST_FRAME as usize };
        this.write(GREETING).await?;
        this.expect(START).await?;
        let login = format!("\0{}\0{}", authority.userinfo.username, authority.userinfo.password);
        this.say(0, START_OK, |p| {
            put_long(p, &client_properties());
            put_short(p, "PLAIN");
            put_long(p, login.as_bytes());
            put_short(p, "en_US");
        })
        .await?;
        let tune = this.expect(TUNE).await?;
        let mut tune = Payload(&tune);
        let (channels, frame) = (tune.u16(), tune.u32());
        let frame = if frame == 0 { LARGEST_FRAME } else { frame.min(LARGEST_FRAME) };
        this.frame_max = frame as usize;
        this.say(0, TUNE_OK, |p| {
            p.extend(channels.to_be_bytes());
            p.extend(frame.to_be_bytes());
            p.extend(heartbeat_secs.to_be_bytes());
        })
        .await?;
        this.say(0, OPEN, |p| {
            put_short(p, &address.uri.vhost);
            p.extend([0, 0]);
        })
        .await?;
        this.expect(OPEN_OK).await?;
        this.open_channel(CHANNEL).await?;
        Ok(this)
    }

    /// In confirm mode.
    pub(crate) async fn open_channel(&mut self, channel: u16) -> Result<(), Error> {
        self.say(channel, CHANNEL_OPEN, |p| p.push(0)).await?;
        self.expect(CHANNEL_OPEN_OK).await?;
        self.say(channel, CONFIRM_SELECT, |p| p.push(0)).await?;
        self.expect(CONFIRM_SELECT_OK).await?;
        Ok(())
    }

    /// Messages that wait in a queue; `None` when there is no such queue. The connection is of no use after that.
    pub(crate) async fn queue_length(mut self, queue: &str, limit: Duration) -> Result<Option<u32>, Error> {
        let ask = async {
            self.say(CHANNEL, QUEUE_DECLARE, |p| {
                p.extend([0, 0]);
                put_short(p, queue);
                p.push(PASSIVE_DURABLE);
                put_long(p, &[]);
            })
            .await?;
            match self.expect(QUEUE_DECLARE_OK).await {
                Ok(answer) => {
                    let mut answer = Payload(&answer);
                    answer.short();
                    Ok(Some(answer.u32()))
                }
                Err(Error::Refused(reason)) if reason.starts_with("404") => Ok(None),
                Err(error) => Err(error),
            }
        };
        timeout(limit, ask).await.map_err(|_| Error::TimedOut(limit))?
    }

    async fn say(
        &mut self,
        channel: u16,
        method: Method,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Error> {
        let mut bytes = Vec::new();
        put_method(&mut bytes, channel, method, fill);
        self.write(&bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).await.map_err(Error::io("writing to RabbitMQ"))
    }

    async fn expect(&mut self, expected: Method) -> Result<Vec<u8>, Error> {
        loop {
            while let Some(event) = self.events.next().map_err(Error::Unexpected)? {
                match event {
                    Event::Method(method, arguments) if method == expected => return Ok(arguments),
                    Event::Closed(reason) => return Err(Error::Refused(reason)),
                    _ => {}
                }
            }
            let read = self.stream.read_buf(self.events.buffer()).await;
            if read.map_err(Error::io("reading from RabbitMQ"))? == 0 {
                return Err(Error::Refused("it closed the connection".to_owned()));
            }
        }
    }
}

pub(crate) fn put_heartbeat(buffer: &mut Vec<u8>) {
    put(buffer, HEARTBEAT, 0, |_| {});
}

/// A name for the operator, and that we want to hear when publishers are blocked or the password is wrong.
fn client_properties() -> Vec<u8> {
    let mut table = Vec::new();
    put_short(&mut table, "connection_name");
    table.push(b'S');
    put_long(&mut table, b"wattline loadgen");
    put_short(&mut table, "capabilities");
    table.push(b'F');
    let mut capabilities = Vec::new();
    for name in ["publisher_confirms", "basic.nack", "connection.blocked", "authentication_failure_close"] {
        put_short(&mut capabilities, name);
        capabilities.extend([b't', 1]);
    }
    put_long(&mut table, &capabilities);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_hides_the_password_and_refuses_tls() {
        let address: Address = "amqp://me:hush@127.0.0.1:5672/%2f".parse().unwrap();
        assert_eq!(address.to_string(), "amqp://127.0.0.1:5672//");
        assert!(!format!("{address:?}").contains("hush"));
        assert!(matches!("amqps://127.0.0.1".parse::<Address>(), Err(Error::Tls)));
        assert!(matches!("localhost".parse::<Address>(), Err(Error::Url)));
    }
}
