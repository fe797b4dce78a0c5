use std::time::{Duration, Instant};

use domain::Clock as _;
use reqwest::header::{ACCEPT_ENCODING, COOKIE};
use reqwest::{Method, StatusCode};
use testkit::containers::ContainerBuilder;
use testkit::wait;

use crate::world::{World, hub};

const SOON: Duration = Duration::from_secs(5);

async fn watch(world: &World) -> reqwest::Response {
    let cookie = world.log_in().await;
    let request = world.request(Method::GET, &world.path("/live")).header(COOKIE, cookie);
    let answer = request.header(ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}

async fn until_it_says(answer: &mut reqwest::Response, what: &str) -> String {
    let mut text = String::new();
    while !text.contains(what) {
        let chunk = wait::within(SOON, what, answer.chunk()).await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    text
}

#[tokio::test]
async fn the_live_stream_comes_through_event_by_event() {
    let world = World::start().await;
    let mut answer = watch(&world).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(!answer.headers().contains_key("content-encoding"));
    until_it_says(&mut answer, "welcome").await;
    for sequence in 1..=5 {
        let begin = world.clock.now().plus_millis(-60_000);
        let container = ContainerBuilder::new(hub()).begin(begin).ticks(1).sequence(sequence).build();
        let published = Instant::now();
        world.publish(&container);
        // The next is published only when this one has arrived.
        let text = until_it_says(&mut answer, "\n\n").await;
        let at = format!("\"at\":{}", container.ticks[0].start.secs());
        assert!(text.contains("event: tick") && text.contains(&at), "{text}");
        println!("event {sequence} after {:?}", published.elapsed());
        assert!(published.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn who_closes_the_page_is_no_longer_watched_for() {
    let world = World::start().await;
    let mut answer = watch(&world).await;
    until_it_says(&mut answer, "welcome").await;
    assert_eq!(world.live.watched(), 1);
    drop(answer);
    wait::until(SOON, "nobody watches", async || (world.live.watched() == 0).then_some(())).await;
}

#[tokio::test]
async fn an_open_stream_does_not_hold_up_the_stop() {
    let mut world = World::start().await;
    let mut answer = watch(&world).await;
    until_it_says(&mut answer, "welcome").await;
    let began = Instant::now();
    world.web.stop().await;
    println!("stopped after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    while wait::within(SOON, "the stream ends", answer.chunk()).await.unwrap().is_some() {}
}

#[tokio::test]
async fn the_end_of_the_read_service_is_told() {
    let mut world = World::start().await;
    let mut answer = watch(&world).await;
    until_it_says(&mut answer, "welcome").await;
    world.read.shutdown.cancel();
    until_it_says(&mut answer, "event: end").await;
    assert!(wait::within(SOON, "the stream ends", answer.chunk()).await.unwrap().is_none());
    world.read.stop().await;
}
