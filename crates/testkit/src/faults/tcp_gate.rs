use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::servers::free_port;

/// Per connection and direction; nothing else is buffered.
const BUFFER: usize = 64 * 1_024;
const BIND_AGAIN: Duration = Duration::from_millis(20);

/// A TCP proxy in front of any address.
#[derive(Debug)]
pub struct TcpGate {
    port: u16,
    state: watch::Sender<TcpState>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpState {
    Pass,
    /// Half-open: connections stay, and no byte and no end of one passes. New ones are accepted and hang.
    Freeze,
    /// All connections are closed, new ones refused.
    Cut,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    ended: AtomicU64,
    /// Bytes from clients.
    sent: AtomicU64,
    /// Which of several is next.
    turn: AtomicUsize,
}

impl TcpGate {
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        Self::start_before([upstream]).await
    }

    /// In front of several, as a load balancer is: each connection goes to the next one, and where it is refused, to the
    /// one after that.
    pub async fn start_before(upstreams: impl Into<Arc<[SocketAddr]>>) -> io::Result<Self> {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let (state, watched) = watch::channel(TcpState::Pass);
        let counts = Arc::new(Counts::default());
        let upstreams = upstreams.into();
        let door = Door { port, upstreams, state: watched, counts: counts.clone() };
        let task = tokio::spawn(door.run(listener));
        Ok(Self { port, state, counts, task })
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    pub fn set(&self, state: TcpState) {
        self.state.send_replace(state);
    }

    /// Connections there ever were.
    pub fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// Bytes that clients have sent and that were passed on.
    pub fn sent(&self) -> u64 {
        self.counts.sent.load(Ordering::SeqCst)
    }

    /// Connections there are.
    pub fn open(&self) -> u64 {
        self.counts.accepted.load(Ordering::SeqCst) - self.counts.ended.load(Ordering::SeqCst)
    }
}

impl Drop for TcpGate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Door {
    port: u16,
    upstreams: Arc<[SocketAddr]>,
    state: watch::Receiver<TcpState>,
    counts: Arc<Counts>,
}

impl Door {
    async fn run(mut self, listener: TcpListener) {
        let mut listener = listener;
        loop {
            // Dropping the connections closes them.
            let mut connections = JoinSet::new();
            while *self.state.borrow_and_update() != TcpState::Cut {
                tokio::select! {
                    changed = self.state.changed() => if changed.is_err() { return },
                    Some(_) = connections.join_next() => {}
                    accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                        let open = Open::new(self.counts.clone());
                        let (state, counts) = (self.state.clone(), self.counts.clone());
                        let through = carry(stream, self.upstreams.clone(), state, counts);
                        connections.spawn(async move {
                            let _open = open;
                            through.await
                        });
                    }
                }
            }
            drop(listener);
            connections.shutdown().await;
            if self.state.wait_for(|state| *state != TcpState::Cut).await.is_err() {
                return;
            }
            listener = self.bind().await;
        }
    }

    /// The port was ours and is below those that outgoing connections get, so it comes free again.
    async fn bind(&self) -> TcpListener {
        loop {
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await {
                return listener;
            }
            tokio::time::sleep(BIND_AGAIN).await;
        }
    }
}

/// Counts a connection for as long as it lives.
struct Open(Arc<Counts>);

impl Open {
    fn new(counts: Arc<Counts>) -> Self {
        counts.accepted.fetch_add(1, Ordering::SeqCst);
        Self(counts)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

async fn carry(
    client: TcpStream,
    upstreams: Arc<[SocketAddr]>,
    mut state: watch::Receiver<TcpState>,
    counts: Arc<Counts>,
) -> io::Result<()> {
    passing(&mut state).await?;
    let server = connect(&upstreams, counts.turn.fetch_add(1, Ordering::SeqCst)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = pump(from_client, to_server, state.clone(), |bytes| {
        counts.sent.fetch_add(bytes, Ordering::SeqCst);
    });
    tokio::try_join!(there, pump(from_server, to_client, state, |_| {}))?;
    Ok(())
}

async fn connect(upstreams: &[SocketAddr], turn: usize) -> io::Result<TcpStream> {
    let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for offset in 0..upstreams.len() {
        match TcpStream::connect(upstreams[(turn + offset) % upstreams.len()]).await {
            Ok(server) => return Ok(server),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

async fn passing(state: &mut watch::Receiver<TcpState>) -> io::Result<()> {
    state.wait_for(|state| *state == TcpState::Pass).await.map(drop).map_err(io::Error::other)
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<TcpState>,
    passed: impl Fn(u64),
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        passing(&mut state).await?;
        let length = tokio::select! {
            biased;
            changed = state.changed() => {
                changed.map_err(io::Error::other)?;
                continue;
            }
            read = from.read(&mut buffer) => read?,
        };
        let mut left = &buffer[..length];
        loop {
            passing(&mut state).await?;
            if left.is_empty() {
                break;
            }
            let written = tokio::select! {
                biased;
                changed = state.changed() => {
                    changed.map_err(io::Error::other)?;
                    continue;
                }
                written = to.write(left) => written?,
            };
            passed(written as u64);
            left = &left[written..];
        }
        if length == 0 {
            return to.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::{until, within};

    const LONG: Duration = Duration::from_secs(20);

    /// Sends back what it gets.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    tokio::io::copy(&mut from, &mut to).await.ok();
                });
            }
        });
        address
    }

    async fn connect(gate: &TcpGate) -> io::Result<TcpStream> {
        TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port())).await
    }

    async fn answer(stream: &mut TcpStream, text: &[u8]) -> Vec<u8> {
        stream.write_all(text).await.unwrap();
        let mut back = vec![0; text.len()];
        within(LONG, "it came back", stream.read_exact(&mut back)).await.unwrap();
        back
    }

    #[tokio::test]
    async fn bytes_pass_both_ways_and_so_does_the_end() {
        let gate = TcpGate::start(echo().await).await.unwrap();
        let mut stream = connect(&gate).await.unwrap();
        assert_eq!(answer(&mut stream, b"hello").await, b"hello");
        assert_eq!((gate.accepted(), gate.open()), (1, 1));
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        within(LONG, "the end came back", stream.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.is_empty());
        until(LONG, "it was counted", async || (gate.open() == 0).then_some(())).await;
    }

    #[tokio::test]
    async fn before_several_the_next_takes_what_one_refuses() {
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let gate = TcpGate::start_before([nobody, echo().await]).await.unwrap();
        for _ in 0..3 {
            let mut stream = connect(&gate).await.unwrap();
            assert_eq!(answer(&mut stream, b"hello").await, b"hello");
        }
    }

    #[tokio::test]
    async fn many_bytes_come_through_as_they_were() {
        let gate = TcpGate::start(echo().await).await.unwrap();
        let (mut from, mut to) = connect(&gate).await.unwrap().into_split();
        let sent: Vec<u8> =
            (0..8_u32 << 20).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let mut back = vec![0; sent.len()];
        let both = async { tokio::join!(to.write_all(&sent), from.read_exact(&mut back)) };
        let (wrote, read) = within(LONG, "all of it came back", both).await;
        wrote.unwrap();
        read.unwrap();
        assert!(back == sent);
    }

    #[tokio::test]
    async fn a_frozen_connection_stays_and_goes_on_where_it_was() {
        let gate = TcpGate::start(echo().await).await.unwrap();
        let mut old = connect(&gate).await.unwrap();
        answer(&mut old, b"before").await;
        gate.set(TcpState::Freeze);
        old.write_all(b"while").await.unwrap();
        let mut new = connect(&gate).await.unwrap();
        new.write_all(b"new").await.unwrap();
        let mut byte = [0];
        for stream in [&mut old, &mut new] {
            let silence = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut byte)).await;
            assert!(silence.is_err(), "neither a byte nor an end");
        }
        gate.set(TcpState::Pass);
        let mut back = [0; 8];
        within(LONG, "it thawed", old.read_exact(&mut back[..5])).await.unwrap();
        within(LONG, "it thawed", new.read_exact(&mut back[5..])).await.unwrap();
        assert_eq!(&back, b"whilenew");
    }

    #[tokio::test]
    async fn a_cut_closes_and_refuses_until_it_is_healed() {
        let gate = TcpGate::start(echo().await).await.unwrap();
        let mut stream = connect(&gate).await.unwrap();
        answer(&mut stream, b"before").await;
        gate.set(TcpState::Cut);
        let mut byte = [0];
        let read = within(LONG, "it was closed", stream.read(&mut byte)).await;
        assert!(matches!(read, Ok(0) | Err(_)));
        until(LONG, "it refuses", async || connect(&gate).await.err()).await;
        assert_eq!(gate.open(), 0);
        gate.set(TcpState::Pass);
        let mut stream = until(LONG, "it accepts again", async || connect(&gate).await.ok()).await;
        assert_eq!(answer(&mut stream, b"after").await, b"after");
    }
}
