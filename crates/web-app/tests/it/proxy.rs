use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use testkit::containers::ContainerBuilder;

use crate::world::{World, hub, send};

const HOUR: &str = "/usage?from=2012-01-16T00:00:00Z&to=2012-01-16T01:00:00Z&bucket=1h";

#[tokio::test]
async fn the_household_and_its_usage_come_through() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let household = world.get(&world.path(""), &cookie).await;
    assert_eq!(household.status, StatusCode::OK);
    assert_eq!(household.body["name"], "Home");
    assert_eq!(household.body["hubs"][0]["id"], hub().to_string());

    let container = ContainerBuilder::new(hub()).build();
    world.store(&container).await;
    let usage = world.get(&world.path(HOUR), &cookie).await;
    assert_eq!(usage.status, StatusCode::OK);
    assert_eq!(usage.body["total"]["total_j"], container.total().0);
    assert_eq!(usage.headers["content-type"], "application/json");
}

#[tokio::test]
async fn tokens_are_renewed_before_they_end() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    for _ in 0..5 {
        assert_eq!(world.get(&world.path(HOUR), &cookie).await.status, StatusCode::OK);
        world.clock.advance_millis(9 * 60 * 1_000);
    }
}

#[tokio::test]
async fn faults_of_a_question_come_through_with_their_field() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let answer = world.get(&world.path("/usage?from=now&to=2012-01-16T01:00:00Z"), &cookie).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.body["field"], "from");
    let answer = world.get(&world.path(&format!("{HOUR}&colour=red")), &cookie).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn other_households_and_other_addresses_are_refused() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    for (rest, status) in
        [("", StatusCode::NOT_FOUND), (HOUR, StatusCode::FORBIDDEN), ("/live", StatusCode::FORBIDDEN)]
    {
        let stranger = format!("/api/households/00000000-0000-0000-0000-000000000001{rest}");
        assert_eq!(world.get(&stranger, &cookie).await.status, status, "{rest}");
        for bad in ["me", "..%2f..%2fv1%2fsessions", "%ff"] {
            let path = format!("/api/households/{bad}{rest}");
            assert_eq!(world.get(&path, &cookie).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    for path in ["/api", "/api/", "/api/household", "/api/personal-tokens"] {
        assert_eq!(world.get(path, &cookie).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_a_problem_for_later() {
    let mut world = World::start().await;
    let cookie = world.log_in().await;
    assert_eq!(world.get("/health/ready", "").await.status, StatusCode::OK);
    assert_eq!(world.get(&world.path(HOUR), &cookie).await.status, StatusCode::OK);

    world.read.stop().await;
    let ready = world.get("/health/ready", "").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.body["detail"], "the read-service does not answer");
    for rest in [HOUR, "/live"] {
        let answer = world.get(&world.path(rest), &cookie).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{rest}");
        assert!(answer.headers.contains_key("retry-after"));
        assert!(!answer.headers.contains_key("set-cookie"), "the session is still good");
    }
    assert_eq!(world.get("/api/session", &cookie).await.status, StatusCode::OK);

    world.auth.stop().await;
    assert_eq!(world.log_in_with("any").await.status, StatusCode::SERVICE_UNAVAILABLE);
    for path in ["/api/session", &world.path("")] {
        let answer = world.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(!answer.headers.contains_key("set-cookie"), "{path}");
    }
    let log_out = send(world.request(Method::DELETE, "/api/session").header(COOKIE, &cookie)).await;
    assert_eq!(log_out.status, StatusCode::SERVICE_UNAVAILABLE, "it must not look ended while it is open");
}

#[tokio::test]
async fn services_that_disagree_about_keys_do_not_log_people_out() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    // An auth-service of its own, with another key.
    let other = World::start().await;
    let keys = format!("{}/.well-known/jwks.json", other.auth.url);
    let distrustful = world.distrustful_read_service(keys).await;
    let web = world.another_web_app(&distrustful.url, false).await;
    let request = world.request_to(&web.url, Method::GET, &world.path(HOUR)).header(COOKIE, &cookie);
    let answer = send(request).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.headers.contains_key("set-cookie"));
}
