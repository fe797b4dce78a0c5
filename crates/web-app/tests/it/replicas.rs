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

    /// A personal token.
    async fn make_a_token(&self, cookie: &str) -> Answer {
        let wish = json!({
            "name": "Shelf", "household": self.world.household.to_string(), "scopes": ["usage"],
            "password": PASSWORD,
        });
        send(self.world.request(Method::POST, "/api/tokens").header(COOKIE, cookie).json(&wish)).await
    }

    async fn program_at_the_other(&self, secret: &str) -> StatusCode {
        let request = self.world.request_to(&self.other.url, Method::GET, &self.world.path("/today"));
        send(request.bearer_auth(secret)).await.status
    }

    /// Asks the other to change whatever tokens are about, as nobody that the auth-service knows.
    async fn nobody_changes_things_at_the_other(&self) -> Vec<StatusCode> {
        let mut statuses = Vec::new();
        for (method, path) in [
            (Method::PUT, "/api/people/current".to_owned()),
            (Method::PUT, self.world.path("/settings")),
            (Method::DELETE, self.world.path(&format!("/hubs/{}", hub()))),
            (Method::DELETE, "/api/tokens/00000000-0000-0000-0000-000000000001".to_owned()),
        ] {
            let request = self.world.request_to(&self.other.url, method, &path).json(&json!({}));
            statuses.push(send(request.header(COOKIE, "wattline_session=aaaaaaaaaaaaaaaa")).await.status);
        }
        statuses
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
    let made = replicas.make_a_token(&cookie).await;
    let secret = made.body["token"].as_str().unwrap();
    let read = async || replicas.program_at_the_other(secret).await;
    assert_eq!(read().await, StatusCode::OK);
    let path = format!("/api/tokens/{}", made.body["id"].as_str().unwrap());
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

/// Whether the auth-service refuses them or is away.
#[tokio::test]
async fn who_is_nobody_takes_the_tokens_from_nobody() {
    let mut replicas = Replicas::start().await;
    let cookie = replicas.world.log_in().await;
    let made = replicas.make_a_token(&cookie).await;
    let secret = made.body["token"].as_str().unwrap();
    assert_eq!(replicas.today_at_the_other(&cookie).await.status, StatusCode::OK);
    assert_eq!(replicas.program_at_the_other(secret).await, StatusCode::OK);
    assert_eq!(replicas.nobody_changes_things_at_the_other().await, [StatusCode::UNAUTHORIZED; 4]);
    replicas.world.auth.stop().await;
    for _ in 0..2 {
        assert_eq!(replicas.today_at_the_other(&cookie).await.status, StatusCode::OK);
        assert_eq!(replicas.program_at_the_other(secret).await, StatusCode::OK);
        assert_eq!(replicas.nobody_changes_things_at_the_other().await, [StatusCode::SERVICE_UNAVAILABLE; 4]);
    }
}
