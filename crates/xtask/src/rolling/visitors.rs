//! Who looks at the page meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use serde::Serialize;
use testkit::client::Client;
use testkit::system::EMAIL;
use tokio::runtime::Runtime;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::interrupt::pass;

/// Each asks so often.
const PAUSE: Duration = Duration::from_millis(100);
/// Somebody logs in so often: more would be taken for somebody who guesses.
const LOG_IN_PAUSE: Duration = Duration::from_secs(4);
/// Before a live page that was cut off comes back, as the browser does.
const COME_BACK: Duration = Duration::from_millis(500);
const TICK_SECS: i64 = 10;
/// Longer than everything takes to be replaced.
const LOOK_BACK_SECS: i64 = 600;
/// For the last tick to be told: the hold time of a reading, and what quiet ticks may wait.
const TOLD: Duration = Duration::from_mins(2);
const END: Duration = Duration::from_secs(40);
/// The questions of the screens that are opened most.
const QUESTIONS: [&str; 3] = ["today", "sockets", "settings"];

/// What they saw.
#[derive(Default, Serialize)]
pub(super) struct Visited {
    pub(super) questions: u64,
    pub(super) log_ins: u64,
    pub(super) failures: Vec<String>,
    pub(super) p99_ms: f64,
    pub(super) slowest_ms: f64,
    /// Live streams that were opened.
    pub(super) connected: u64,
    /// Between two events of them.
    pub(super) longest_silence_s: f64,
    /// How much of what the home's agent measured until the end, itself replaced, is there, 0 to 1.
    pub(super) home_coverage: f64,
    #[serde(skip)]
    times: Vec<f64>,
}

#[derive(Clone, Default)]
struct Notes {
    seen: Arc<Mutex<Visited>>,
    over: Arc<AtomicBool>,
}

impl Notes {
    fn note(&self, note: impl FnOnce(&mut Visited)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

pub(super) struct Visitors {
    tasks: JoinSet<()>,
    watcher: AbortHandle,
    client: Client,
    notes: Notes,
}

impl Visitors {
    pub(super) fn start(runtime: &Runtime, url: &str, password: &str) -> anyhow::Result<Self> {
        let _inside = runtime.enter();
        let notes = Notes::default();
        let client = runtime
            .block_on(Client::log_in(url, EMAIL, password))
            .map_err(|(status, problem)| anyhow!("cannot log in: {status} {problem}"))?;
        let mut tasks = JoinSet::new();
        for question in QUESTIONS {
            tasks.spawn(asks(client.clone(), question, notes.clone()));
        }
        let watcher = tasks.spawn(watches(client.clone(), notes.clone()));
        tasks.spawn(logs_in(url.to_owned(), password.to_owned(), notes.clone()));
        Ok(Self { tasks, watcher, client, notes })
    }

    pub(super) fn leave(self, runtime: &Runtime) -> anyhow::Result<Visited> {
        self.notes.over.store(true, Ordering::Relaxed);
        self.watcher.abort();
        let mut tasks = self.tasks;
        runtime
            .block_on(async { timeout(END, async { while tasks.join_next().await.is_some() {} }).await })?;
        let mut visited = Visited::default();
        self.notes.note(|seen| std::mem::swap(seen, &mut visited));
        seen_until(runtime, &self.client, &mut visited)?;
        visited.times.sort_by(f64::total_cmp);
        let times = &visited.times;
        visited.slowest_ms = times.last().copied().unwrap_or_default();
        visited.p99_ms = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
        Ok(visited)
    }
}

/// Waits until all that the home's agent has measured up to now is there, and notes how much that is in the end.
fn seen_until(runtime: &Runtime, client: &Client, visited: &mut Visited) -> anyhow::Result<()> {
    let tick = crate::bench::now().as_second() / TICK_SECS * TICK_SECS;
    let text = |at: i64| Ok::<_, anyhow::Error>(jiff::Timestamp::from_second(at)?.to_string());
    let (from, to) = (text(tick - LOOK_BACK_SECS)?, text(tick)?);
    let began = Instant::now();
    loop {
        let usage = runtime.block_on(client.usage(&from, &to, "tick")).map_err(anyhow::Error::msg)?;
        visited.home_coverage = usage.total.total_coverage;
        if visited.home_coverage >= 1.0 || began.elapsed() > TOLD {
            return Ok(());
        }
        pass(Duration::from_secs(1))?;
    }
}

async fn asks(client: Client, question: &'static str, notes: Notes) {
    let path = format!("/households/{}/{question}", client.household);
    while !notes.is_over() {
        let began = Instant::now();
        let outcome = match client.get(&path).send().await {
            Ok(answer) if answer.status().is_success() => {
                answer.bytes().await.map(|_| ()).map_err(|error| error.to_string())
            }
            Ok(answer) => {
                let status = answer.status();
                Err(format!("{status} {}", answer.text().await.unwrap_or_default()))
            }
            Err(error) => Err(format!("{:#}", anyhow!(error))),
        };
        let took = began.elapsed().as_secs_f64() * 1_000.0;
        notes.note(|seen| {
            seen.questions += 1;
            seen.times.push(took);
            seen.failures.extend(outcome.err().map(|error| format!("{question}: {error}")));
        });
        sleep(PAUSE).await;
    }
}

async fn logs_in(url: String, password: String, notes: Notes) {
    while !notes.is_over() {
        sleep(LOG_IN_PAUSE).await;
        let outcome = Client::log_in(&url, EMAIL, &password).await;
        notes.note(|seen| {
            seen.log_ins += 1;
            seen.failures
                .extend(outcome.err().map(|(status, problem)| format!("log-in: {status} {problem}")));
        });
    }
}

async fn watches(client: Client, notes: Notes) {
    let path = format!("/households/{}/live", client.household);
    let mut last = Instant::now();
    loop {
        let stream = client.get(&path).timeout(Duration::from_mins(10)).send().await;
        if let Ok(mut stream) = stream
            && stream.status().is_success()
        {
            notes.note(|seen| seen.connected += 1);
            while let Ok(Some(_)) = stream.chunk().await {
                let silence = last.elapsed().as_secs_f64();
                last = Instant::now();
                notes.note(|seen| seen.longest_silence_s = seen.longest_silence_s.max(silence));
            }
        }
        sleep(COME_BACK).await;
    }
}
