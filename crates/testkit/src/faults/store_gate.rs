use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use reqwest::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use reqwest::{Client, Method, redirect};
use tokio::net::TcpStream;

use super::http::{Conversation, Head, lines};
use super::listening::Listening;
use super::mood::{Seen, StoreMood};

const LONGEST_BODY: usize = 64 << 20;
/// Requests that are remembered one by one.
const REMEMBERED: usize = 100_000;

/// An HTTP proxy in front of an InfluxDB, or of nothing. Its mood holds for all requests, counts are of writes.
#[derive(Debug)]
pub struct StoreGate {
    listening: Listening,
    shared: Arc<Shared>,
}

type Hook = Arc<dyn Fn(u64) + Send + Sync>;

#[derive(Default)]
struct Shared {
    client: Client,
    store: Option<String>,
    mood: Mutex<StoreMood>,
    hook: Mutex<Option<Hook>>,
    seen: Mutex<Vec<Seen>>,
    requests: AtomicU64,
    lines: AtomicU64,
    bytes: AtomicU64,
    stored: AtomicU64,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("store", &self.store).finish_non_exhaustive()
    }
}

/// What the store said.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: bytes::Bytes,
}

impl StoreGate {
    /// `store` is a URL without a slash at the end.
    pub async fn start(store: Option<String>) -> io::Result<Self> {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build();
        let client = client.map_err(io::Error::other)?;
        let shared = Arc::new(Shared { client, store, ..Shared::default() });
        let listening = Listening::start(shared.clone(), serve).await?;
        Ok(Self { listening, shared })
    }

    pub const fn port(&self) -> u16 {
        self.listening.port
    }

    /// Without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listening.port)
    }

    /// For requests that are complete from now on.
    pub fn set(&self, mood: StoreMood) {
        *locked(&self.shared.mood) = mood;
    }

    /// `hook` is called with the number of the write, from 1, when the store has said yes to it and nobody else
    /// knows yet. The answer waits for it.
    pub fn on_stored(&self, hook: impl Fn(u64) + Send + Sync + 'static) {
        *locked(&self.shared.hook) = Some(Arc::new(hook));
    }

    /// Writes that came, whatever became of them.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Line ends in them. Compressed bodies are not looked into.
    pub fn lines(&self) -> u64 {
        self.shared.lines.load(Ordering::SeqCst)
    }

    /// Of their bodies.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::SeqCst)
    }

    /// Writes that the store said yes to, whether or not that was passed on.
    pub fn stored(&self) -> u64 {
        self.shared.stored.load(Ordering::SeqCst)
    }

    /// All requests that came, in order; the first 100,000 of them.
    pub fn seen(&self) -> Vec<Seen> {
        locked(&self.shared.seen).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) -> io::Result<()> {
    let mut conversation = Conversation::new(stream);
    while let Some(head) = conversation.next().await? {
        let mut body = Vec::new();
        let mut is_too_long = false;
        let take = |piece: &[u8]| {
            if body.len() + piece.len() > LONGEST_BODY {
                is_too_long = true;
            } else {
                body.extend_from_slice(piece);
            }
        };
        conversation.body(&head, take).await?;
        if is_too_long {
            return conversation.answer(413, &[("Connection", "close")], b"").await;
        }
        let number = shared.note(head.is_write(), &body);
        let mood = locked(&shared.mood).clone();
        let answer = match mood {
            StoreMood::Hang => {
                conversation.closed().await;
                return Ok(());
            }
            StoreMood::Answer { status, retry_after_secs, body } => {
                let after = retry_after_secs.map(|secs| ("Retry-After".to_owned(), secs.to_string()));
                Answer { status, headers: after.into_iter().collect(), body: body.into() }
            }
            StoreMood::DropAnswer if head.is_write() => {
                shared.forward(&head, body).await?;
                return Ok(());
            }
            StoreMood::Pass | StoreMood::DropAnswer => shared.forward(&head, body).await?,
            StoreMood::Slow(delay) => {
                tokio::time::sleep(delay).await;
                shared.forward(&head, body).await?
            }
        };
        // Before it is sent: the client may react before we come to noting it.
        shared.answered(number, answer.status);
        let headers: Vec<(&str, &str)> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        conversation.answer(answer.status, &headers, &answer.body).await?;
    }
    Ok(())
}

impl Shared {
    /// Where it is remembered, if it is.
    fn note(&self, is_write: bool, body: &[u8]) -> Option<usize> {
        if is_write {
            self.requests.fetch_add(1, Ordering::SeqCst);
            self.lines.fetch_add(lines(body), Ordering::SeqCst);
            self.bytes.fetch_add(body.len() as u64, Ordering::SeqCst);
        }
        let mut seen = locked(&self.seen);
        (seen.len() < REMEMBERED).then(|| {
            seen.push(Seen { is_write, at: Instant::now(), answered: None });
            seen.len() - 1
        })
    }

    fn answered(&self, number: Option<usize>, status: u16) {
        if let Some(number) = number
            && let Some(seen) = locked(&self.seen).get_mut(number)
        {
            seen.answered = Some((Instant::now(), status));
        }
    }

    async fn forward(&self, head: &Head, body: Vec<u8>) -> io::Result<Answer> {
        let nobody = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let store = self.store.as_deref().ok_or_else(nobody)?;
        let method = Method::from_bytes(head.method.as_bytes()).map_err(io::Error::other)?;
        let mut request = self.client.request(method, format!("{store}{}", head.target));
        for (name, value) in &head.headers {
            let ours = [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];
            if !ours.iter().any(|ours| name.eq_ignore_ascii_case(ours.as_str())) {
                request = request.header(name, value);
            }
        }
        let response = request.body(body).send().await.map_err(io::Error::other)?;
        let status = response.status();
        let headers = response.headers().iter().filter_map(|(name, value)| {
            let ours = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];
            let value = value.to_str().ok()?.to_owned();
            (!ours.contains(name)).then(|| (name.as_str().to_owned(), value))
        });
        let headers = headers.collect();
        let body = response.bytes().await.map_err(io::Error::other)?;
        if head.is_write() && status.is_success() {
            let number = self.stored.fetch_add(1, Ordering::SeqCst) + 1;
            let hook = locked(&self.hook).clone();
            if let Some(hook) = hook {
                hook(number);
            }
        }
        Ok(Answer { status: status.as_u16(), headers, body })
    }
}

#[cfg(test)]
mod tests;
