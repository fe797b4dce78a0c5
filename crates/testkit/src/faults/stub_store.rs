use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::net::TcpStream;

use super::http::{Conversation, lines};
use super::listening::Listening;

/// What a query is answered with, such as `CREATE DATABASE`.
const NO_ROWS: &[u8] = br#"{"results":[{"statement_id":0}]}"#;

/// Speaks like InfluxDB, says yes to every write and keeps nothing but counts.
#[derive(Debug)]
pub struct StubStore {
    listening: Listening,
    shared: Arc<Shared>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StubMood {
    Takes,
    /// 503 to everything.
    Down,
}

#[derive(Debug, Default)]
struct Shared {
    down: AtomicBool,
    counts_lines: bool,
    requests: AtomicU64,
    bytes: AtomicU64,
    lines: AtomicU64,
}

impl StubStore {
    /// Counts requests and bytes, which costs nothing.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Shared::default()).await
    }

    /// Counts lines too. Compressed bodies are not looked into.
    pub async fn start_counting_lines() -> io::Result<Self> {
        Self::start_with(Shared { counts_lines: true, ..Shared::default() }).await
    }

    async fn start_with(shared: Shared) -> io::Result<Self> {
        let shared = Arc::new(shared);
        let listening = Listening::start(shared.clone(), serve).await?;
        Ok(Self { listening, shared })
    }

    /// Without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listening.port)
    }

    /// From the next request on.
    pub fn set(&self, mood: StubMood) {
        self.shared.down.store(mood == StubMood::Down, Ordering::SeqCst);
    }

    /// Writes that were taken.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Of the bodies of writes that were taken.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::SeqCst)
    }

    /// Of the bodies of writes that were taken; 0 unless they are counted.
    pub fn lines(&self) -> u64 {
        self.shared.lines.load(Ordering::SeqCst)
    }
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) -> io::Result<()> {
    let mut conversation = Conversation::new(stream);
    while let Some(head) = conversation.next().await? {
        let (mut bytes, mut ends) = (0, 0);
        let counts = shared.counts_lines;
        let count = |piece: &[u8]| {
            bytes += piece.len() as u64;
            ends += if counts { lines(piece) } else { 0 };
        };
        conversation.body(&head, count).await?;
        if shared.down.load(Ordering::SeqCst) {
            conversation.answer(503, &[], b"").await?;
        } else if head.is_write() {
            shared.bytes.fetch_add(bytes, Ordering::SeqCst);
            shared.lines.fetch_add(ends, Ordering::SeqCst);
            shared.requests.fetch_add(1, Ordering::SeqCst);
            conversation.answer(204, &[], b"").await?;
        } else if head.path() == "/query" {
            conversation.answer(200, &[("Content-Type", "application/json")], NO_ROWS).await?;
        } else {
            conversation.answer(204, &[], b"").await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn post(store: &StubStore, path: &str, body: Vec<u8>) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.post(format!("{}{path}", store.url())).body(body).send().await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn it_takes_and_counts_every_write() {
        let store = StubStore::start_counting_lines().await.unwrap();
        let body = b"energy,hub=a s0=1i,dt=10000i 1\n".repeat(20_000);
        assert_eq!(post(&store, "/write?db=x", body.clone()).await, 204);
        assert_eq!(post(&store, "/api/v2/write?bucket=x", body.clone()).await, 204);
        assert_eq!((store.requests(), store.lines()), (2, 40_000));
        assert_eq!(store.bytes(), 2 * body.len() as u64);
    }

    #[tokio::test]
    async fn a_body_in_chunks_is_read_to_its_end_and_the_connection_goes_on() {
        let store = StubStore::start_counting_lines().await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for round in 1..=3 {
            let pieces = (0..50).map(|_| Ok::<_, io::Error>(b"a b=1i 1\n".as_slice()));
            let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
            let answer = client.post(format!("{}/write", store.url())).body(body).send().await.unwrap();
            assert_eq!(answer.status(), 204);
            assert_eq!(store.lines(), round * 50);
        }
    }

    #[tokio::test]
    async fn it_is_there_and_makes_databases() {
        let store = StubStore::start().await.unwrap();
        let ping = reqwest::get(format!("{}/ping", store.url())).await.unwrap();
        assert_eq!(ping.status(), 204);
        let query = reqwest::get(format!("{}/query?q=CREATE%20DATABASE%20x", store.url())).await.unwrap();
        assert_eq!(query.bytes().await.unwrap(), NO_ROWS);
        assert_eq!(store.requests(), 0, "neither is a write");
    }

    #[tokio::test]
    async fn while_it_is_down_it_takes_nothing() {
        let store = StubStore::start().await.unwrap();
        store.set(StubMood::Down);
        assert_eq!(post(&store, "/write", b"a b=1i 1\n".to_vec()).await, 503);
        store.set(StubMood::Takes);
        assert_eq!(post(&store, "/write", b"a b=1i 1\n".to_vec()).await, 204);
        assert_eq!((store.requests(), store.lines()), (1, 0));
    }
}
