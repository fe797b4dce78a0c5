//! Two web apps, of which each keeps tokens of its own.

use std::time::Duration;

use domain::Clock as _;
use reqwest::header::COOKIE;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use testkit::containers::ContainerBuilder;
use testkit::wait;

use crate::world::{Answer, PASSWORD, Running, World, hub, send};

const SOON: Duration = Duration::from_secs(10);
const HALF_A_MINUTE: i64 = 30_000;

struct Replicas {
    world: World,
    other: Running,
}

impl Replicas {
    async fn start() -> Self {
        let world = World::start().await;
        let other = world.another_web_app(&world.read.url, false).await;
        Self { world, other }
    }

    async fn today_at_the_other(&self, cookie: &str) -> Answer {
        let request = self.world.request_to(&self.other.url, Method::GET, &self.world.path("/today"));
        send(request.header(COOKIE, cookie)).await
    }

    async fn watch_at_the_other(&self, cookie: &str) -> Response {
        let request = self.world.request_to(&self.other.url, Method::GET, &self.world.path("/live"));
        let answer = request.header(COOKIE, cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer
    }

    /// At the first, by whoever has this cookie.
    async fn log_out_everywhere(&self, cookie: &str) {
        let everywhere = self.world.request(Method::DELETE, "/api/sessions").header(COOKIE, cookie);
        assert_eq!(send(everywhere).await.status, StatusCode::NO_CONTENT);
    }
}

async fn until_it_says(answer: &mut Response, what: &str) {
    let mut text = String::new();
    while !text.contains(what) {
        let chunk = wait::within(SOON, what, answer.chunk()).await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}

#[tokio::test]
async fn who_is_logged_out_everywhere_reads_nowhere_after_half_a_minute() {
    let replicas = Replicas::start().await;
    let (here, there) = (replicas.world.log_in().await, replicas.world.log_in().await);
    for cookie in [&here, &there] {
        assert_eq!(replicas.today_at_the_other(cookie).await.status, StatusCode::OK);
    }
    replicas.log_out_everywhere(&here).await;
    replicas.world.clock.advance_millis(HALF_A_MINUTE);
    for cookie in [&here, &there] {
        let answer = replicas.today_at_the_other(cookie).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.clears_the_cookie());
    }
}

#[tokio::test]
async fn a_stream_that_is_open_ends_with_its_session() {
    let replicas = Replicas::start().await;
    let (here, there) = (replicas.world.log_in().await, replicas.world.log_in().await);
    let mut stream = replicas.watch_at_the_other(&there).await;
    until_it_says(&mut stream, "welcome").await;
    replicas.log_out_everywhere(&here).await;
    replicas.world.clock.advance_millis(HALF_A_MINUTE);
    while wait::within(SOON, "the stream ends", stream.chunk()).await.unwrap().is_some() {}
    assert_eq!(replicas.today_at_the_other(&there).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_personal_token_that_was_deleted_is_good_nowhere_after_half_a_minute() {
    let replicas = Replicas::start().await;
    let world = &replicas.world;
    let cookie = world.log_in().await;
    let wish = json!({
        "name": "Shelf", "household": world.household.to_string(), "scopes": ["usage"], "password": PASSWORD,
    });
    let made = send(world.request(Method::POST, "/api/tokens").header(COOKIE, &cookie).json(&wish)).await;
    let text = |field: &str| made.body[field].as_str().unwrap().to_owned();
    let read = async || {
        let request = world.request_to(&replicas.other.url, Method::GET, &world.path("/today"));
        send(request.bearer_auth(text("token"))).await.status
    };
    assert_eq!(read().await, StatusCode::OK);
    let path = format!("/api/tokens/{}", text("id"));
    let deleted = send(world.request(Method::DELETE, &path).header(COOKIE, &cookie)).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    world.clock.advance_millis(HALF_A_MINUTE);
    assert_eq!(read().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn while_nobody_can_be_asked_who_reads_goes_on_until_the_token_ends() {
    let mut replicas = Replicas::start().await;
    let cookie = replicas.world.log_in().await;
    let mut stream = replicas.watch_at_the_other(&cookie).await;
    until_it_says(&mut stream, "welcome").await;
    replicas.world.auth.stop().await;
    for _ in 0..4 {
        replicas.world.clock.advance_millis(2 * 60_000);
        assert_eq!(replicas.today_at_the_other(&cookie).await.status, StatusCode::OK);
    }
    let begin = replicas.world.clock.now().plus_millis(-60_000);
    replicas.world.publish(&ContainerBuilder::new(hub()).begin(begin).ticks(1).build());
    until_it_says(&mut stream, "event: tick").await;
    replicas.world.clock.advance_millis(60_000);
    let answer = replicas.today_at_the_other(&cookie).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.headers.contains_key("set-cookie"), "the session may still be good");
}
