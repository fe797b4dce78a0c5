use std::time::Duration;

use super::*;
use crate::faults::{StubMood, StubStore};
use crate::wait;

const LINE: &[u8] = b"energy,hub=a s0=1i,dt=10000i 1\n";
const LONG: Duration = Duration::from_secs(20);

async fn gate() -> (StubStore, StoreGate) {
    let store = StubStore::start_counting_lines().await.unwrap();
    let gate = StoreGate::start(Some(store.url())).await.unwrap();
    (store, gate)
}

async fn write(gate: &StoreGate) -> reqwest::Result<reqwest::Response> {
    let client = Client::builder().no_proxy().timeout(LONG).build().unwrap();
    client.post(format!("{}/write?db=x", gate.url())).body(LINE).send().await
}

#[tokio::test]
async fn what_passes_is_counted_and_answered_as_the_store_answers() {
    let (store, gate) = gate().await;
    assert_eq!(write(&gate).await.unwrap().status(), 204);
    assert_eq!((gate.requests(), gate.lines(), gate.bytes()), (1, 1, LINE.len() as u64));
    assert_eq!((gate.stored(), store.lines()), (1, 1));
    assert!(gate.seen()[0].got(204));
    store.set(StubMood::Down);
    assert_eq!(write(&gate).await.unwrap().status(), 503);
    assert_eq!((gate.requests(), gate.stored()), (2, 1));
}

#[tokio::test]
async fn an_answer_of_its_own_never_reaches_the_store() {
    let (store, gate) = gate().await;
    gate.set(StoreMood::Answer { status: 429, retry_after_secs: Some(7), body: "later".to_owned() });
    let answer = write(&gate).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(answer.text().await.unwrap(), "later");
    assert_eq!((gate.requests(), gate.stored(), store.requests()), (1, 0, 0));
}

#[tokio::test]
async fn a_dropped_answer_is_to_a_write_that_is_stored() {
    let (store, gate) = gate().await;
    let told = Arc::new(AtomicU64::new(0));
    let tell = told.clone();
    gate.on_stored(move |number| tell.store(number, Ordering::SeqCst));
    gate.set(StoreMood::DropAnswer);
    assert!(write(&gate).await.is_err());
    assert!(store.lines() >= 1, "it was stored");
    assert!(told.load(Ordering::SeqCst) >= 1, "and the hook was told");
    assert!(gate.seen().iter().all(|seen| seen.is_write && seen.answered.is_none()));
    let ping = reqwest::get(format!("{}/ping", gate.url())).await.unwrap();
    assert_eq!(ping.status(), 204, "only writes lose their answers");
}

#[tokio::test]
async fn the_hook_comes_before_the_answer() {
    let (_store, gate) = gate().await;
    let told = Arc::new(AtomicU64::new(0));
    let tell = told.clone();
    gate.on_stored(move |number| tell.store(number, Ordering::SeqCst));
    for number in 1..=3 {
        write(&gate).await.unwrap();
        assert_eq!(told.load(Ordering::SeqCst), number);
    }
}

#[tokio::test]
async fn a_hanging_store_answers_nobody_until_the_client_gives_up() {
    let (store, gate) = gate().await;
    gate.set(StoreMood::Hang);
    let client = Client::builder().no_proxy().timeout(Duration::from_millis(300)).build().unwrap();
    let hanging = client.post(format!("{}/write", gate.url())).body(LINE).send().await;
    assert!(hanging.unwrap_err().is_timeout());
    assert_eq!((gate.requests(), store.requests()), (1, 0));
    gate.set(StoreMood::Pass);
    assert_eq!(write(&gate).await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_slow_store_takes_its_time() {
    let (store, gate) = gate().await;
    gate.set(StoreMood::Slow(Duration::from_millis(200)));
    let began = Instant::now();
    assert_eq!(write(&gate).await.unwrap().status(), 204);
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert_eq!(store.requests(), 1);
}

#[tokio::test]
async fn in_front_of_nothing_it_can_still_answer() {
    let gate = StoreGate::start(None).await.unwrap();
    let refused = wait::within(LONG, "it gave up", write(&gate)).await;
    assert!(refused.is_err());
    gate.set(StoreMood::Answer { status: 204, retry_after_secs: None, body: String::new() });
    assert_eq!(write(&gate).await.unwrap().status(), 204);
}
