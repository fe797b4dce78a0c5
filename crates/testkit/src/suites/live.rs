//! The contract of a live feed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::live::{LiveFeed, LiveStream, News};
use domain::presence::{About, Presence};
use domain::transport::PublishError;
use domain::{Container, HubId};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::containers::{container, hub};
use crate::wait::{until, within};

const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The promise to viewers.
const LIVE: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_millis(300);

#[async_trait]
pub trait LiveFixture: Send + Sync {
    fn feed(&self) -> Arc<dyn LiveFeed>;

    /// Publishes as a hub does and returns when that is confirmed.
    async fn publish(&self, container: &Container);

    /// Says how a hub is, as the hub does, and returns when that is on its way.
    async fn announce(&self, presence: &Presence) -> Result<(), PublishError>;

    /// How many subscriptions the feed costs the transport now.
    async fn subscriptions(&self) -> usize;
}

/// How a hub is that has been there for `secs`.
pub fn presence(hub: HubId, secs: u64) -> Presence {
    let about = About {
        version: "1.2.3".to_owned(),
        running_secs: secs,
        waiting: 0,
        oldest_waiting: None,
        clock_synchronised: Some(true),
    };
    Presence { hub, online: true, about: Some(about) }
}

/// Runs every case, each with a fixture of its own.
pub async fn run<F: LiveFixture>(mut fixture: impl AsyncFnMut() -> F) {
    a_viewer_sees_containers_in_order_and_at_once(&fixture().await).await;
    all_viewers_of_a_hub_see_all(&fixture().await).await;
    other_hubs_are_not_seen(&fixture().await).await;
    a_viewer_sees_how_the_hub_is_and_of_others_nothing(&fixture().await).await;
    viewers_of_one_hub_cost_one_subscription(&fixture().await).await;
    the_first_viewer_leaving_takes_nothing_from_the_second(&fixture().await).await;
    a_slow_viewer_holds_nobody_up(&fixture().await).await;
}

async fn watch(fixture: &impl LiveFixture, hub: HubId) -> LiveStream {
    until(TIME_LIMIT, "the feed is there", async || fixture.feed().watch(hub).await.ok()).await
}

async fn next(stream: &mut LiveStream) -> Arc<Container> {
    match within(TIME_LIMIT, "a container was seen", stream.next()).await.unwrap() {
        News::Measured(container) => container,
        News::Presence(presence) => panic!("nobody announced {presence:?}"),
    }
}

/// As a hub does: says it again until it is on its way.
async fn announce(fixture: &impl LiveFixture, presence: &Presence) {
    let announced = async || fixture.announce(presence).await.ok();
    until(TIME_LIMIT, "it is said how the hub is", announced).await;
}

async fn sees_nothing(stream: &mut LiveStream) {
    if let Ok(seen) = timeout(QUIET, stream.next()).await {
        panic!("nothing should be seen, but there came {seen:?}");
    }
}

async fn a_viewer_sees_containers_in_order_and_at_once(fixture: &impl LiveFixture) {
    let mut stream = watch(fixture, hub(1)).await;
    for sequence in 1..=20 {
        let sent = container(hub(1), sequence);
        fixture.publish(&sent).await;
        let seen = within(LIVE, "the container was seen live", stream.next()).await.unwrap();
        assert_eq!(seen, News::Measured(Arc::new(sent)));
    }
}

async fn all_viewers_of_a_hub_see_all(fixture: &impl LiveFixture) {
    let mut streams =
        vec![watch(fixture, hub(1)).await, watch(fixture, hub(1)).await, watch(fixture, hub(1)).await];
    for sequence in 1..=5 {
        fixture.publish(&container(hub(1), sequence)).await;
    }
    for stream in &mut streams {
        for sequence in 1..=5 {
            assert_eq!(next(stream).await.sequence, sequence);
        }
        sees_nothing(stream).await;
    }
}

async fn other_hubs_are_not_seen(fixture: &impl LiveFixture) {
    let mut first = watch(fixture, hub(1)).await;
    let mut second = watch(fixture, hub(2)).await;
    fixture.publish(&container(hub(3), 1)).await;
    fixture.publish(&container(hub(2), 2)).await;
    fixture.publish(&container(hub(1), 3)).await;
    assert_eq!(*next(&mut first).await, container(hub(1), 3));
    assert_eq!(*next(&mut second).await, container(hub(2), 2));
    sees_nothing(&mut first).await;
    sees_nothing(&mut second).await;
}

async fn a_viewer_sees_how_the_hub_is_and_of_others_nothing(fixture: &impl LiveFixture) {
    let mut stream = watch(fixture, hub(1)).await;
    for secs in 1..=3 {
        announce(fixture, &presence(hub(2), secs)).await;
        announce(fixture, &presence(hub(1), secs)).await;
        sees_presence(&mut stream, &presence(hub(1), secs)).await;
    }
    announce(fixture, &Presence::gone(hub(1))).await;
    sees_presence(&mut stream, &Presence::gone(hub(1))).await;
}

/// What was said before may be said again, after a reconnect.
async fn sees_presence(stream: &mut LiveStream, expected: &Presence) {
    let seen = async {
        loop {
            match stream.next().await.unwrap() {
                News::Presence(seen) if *seen == *expected => return,
                News::Presence(seen) => assert_eq!(seen.hub, expected.hub),
                News::Measured(container) => panic!("nobody published {container:?}"),
            }
        }
    };
    within(TIME_LIMIT, "how the hub is was seen", seen).await;
}

async fn viewers_of_one_hub_cost_one_subscription(fixture: &impl LiveFixture) {
    let streams = [watch(fixture, hub(1)).await, watch(fixture, hub(1)).await, watch(fixture, hub(2)).await];
    until(TIME_LIMIT, "two subscriptions", async || (fixture.subscriptions().await == 2).then_some(())).await;
    drop(streams);
    until(TIME_LIMIT, "no subscription", async || (fixture.subscriptions().await == 0).then_some(())).await;

    let mut stream = watch(fixture, hub(1)).await;
    fixture.publish(&container(hub(1), 9)).await;
    assert_eq!(next(&mut stream).await.sequence, 9);
}

async fn the_first_viewer_leaving_takes_nothing_from_the_second(fixture: &impl LiveFixture) {
    let first = watch(fixture, hub(1)).await;
    let mut second = watch(fixture, hub(1)).await;
    drop(first);
    for sequence in 1..=3 {
        fixture.publish(&container(hub(1), sequence)).await;
        assert_eq!(next(&mut second).await.sequence, sequence);
    }
}

async fn a_slow_viewer_holds_nobody_up(fixture: &impl LiveFixture) {
    const COUNT: u64 = 600;
    let mut slow = watch(fixture, hub(1)).await;
    let mut quick = watch(fixture, hub(1)).await;
    for sequence in 1..=COUNT {
        fixture.publish(&container(hub(1), sequence)).await;
        assert_eq!(next(&mut quick).await.sequence, sequence);
    }
    // It missed the oldest, still sees the newest, and in order.
    let mut last = 0;
    while last < COUNT {
        let sequence = next(&mut slow).await.sequence;
        assert!(sequence > last);
        last = sequence;
    }
}
