//! Signing up, and the people of a household, as the page asks for them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, EMAIL, PASSWORD, World, hub, send};

fn link_of(answer: &Answer) -> String {
    let link = answer.body["link"].as_str().unwrap_or_else(|| panic!("no link in {}", answer.body));
    link.split_once('#').unwrap().1.to_owned()
}

async fn post(world: &World, path: &str, cookie: &str, body: &Value) -> Answer {
    send(world.request(Method::POST, path).header(COOKIE, cookie).json(body)).await
}

#[tokio::test]
async fn somebody_signs_up_founds_a_home_and_invites_another() {
    let world = World::start().await;
    let sent = post(&world, "/api/people", "", &json!({ "email": "bob@example.org", "name": "Bob" })).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.body);
    let confirm = json!({ "secret": link_of(&sent), "password": PASSWORD });
    assert_eq!(post(&world, "/api/confirmations", "", &confirm).await.status, StatusCode::OK);
    let bob = json!({ "email": "bob@example.org", "password": PASSWORD, "code": null });
    let bob = post(&world, "/api/session", "", &bob).await.cookie().split(';').next().unwrap().to_owned();
    let home = json!({ "name": "Hut", "zone": "Europe/Oslo" });
    let founded = post(&world, "/api/households", &bob, &home).await;
    assert_eq!(founded.status, StatusCode::CREATED, "{}", founded.body);
    let home = format!("/api/households/{}", founded.body["id"].as_str().unwrap());

    let wish = json!({ "email": "eve+hut@example.org", "role": "guest", "until": null });
    let invited = post(&world, &format!("{home}/invitations"), &bob, &wish).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.body);
    let look = post(&world, "/api/invitations/look", "", &json!({ "secret": link_of(&invited) })).await;
    assert_eq!(look.body["household"], "Hut");
    let accept = json!({ "secret": link_of(&invited), "name": "Eve", "password": PASSWORD });
    // A cookie of before is the same as none.
    let stale = format!("wattline_session=wls_{}", "A".repeat(43));
    let refused = post(&world, "/api/invitations/accept", &stale, &accept).await;
    assert!(refused.status == StatusCode::UNAUTHORIZED && refused.clears_the_cookie());
    assert_eq!(post(&world, "/api/invitations/accept", "", &accept).await.status, StatusCode::OK);
    let members = world.get(&format!("{home}/members"), &bob).await;
    let names: Vec<&Value> =
        members.body["members"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["Bob", "Eve"]);
    post(
        &world,
        &format!("{home}/invitations"),
        &bob,
        &json!({ "email": "a+b@example.org", "role": "guest", "until": null }),
    )
    .await;
    let withdrawal = world.request(Method::DELETE, &format!("{home}/invitations/a%2Bb@example.org"));
    assert_eq!(send(withdrawal.header(COOKIE, &bob)).await.status, StatusCode::NO_CONTENT);
    let audit = world.get(&format!("{home}/audit?before=1000"), &bob).await;
    assert_eq!(audit.body["entries"][0]["action"], "invitation_withdrawn");
}

#[tokio::test]
async fn logging_out_everywhere_ends_other_browsers_and_their_tokens() {
    let world = World::start().await;
    let (here, there) = (world.log_in().await, world.log_in().await);
    let list = world.get("/api/sessions", &here).await;
    assert_eq!(list.body["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(world.get(&world.path("/today"), &there).await.status, StatusCode::OK);
    let everywhere = world.request(Method::DELETE, "/api/sessions").header(COOKIE, &here);
    let done = send(everywhere).await;
    assert!(done.status == StatusCode::NO_CONTENT && done.clears_the_cookie());
    assert_eq!(world.get(&world.path("/today"), &there).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_auth_service_hears_who_asks_and_with_what() {
    let world = World::start().await;
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let request = world.request(Method::POST, "/api/session").header("user-agent", "Phone/1.0").json(&body);
    // What somebody says of themselves in this header is nothing to go by: each would be somebody else.
    for n in 0..12 {
        let wrong = json!({ "email": EMAIL, "password": "wrong" });
        let header = format!("198.51.100.{n}");
        let guess =
            world.request(Method::POST, "/api/session").header("x-forwarded-for", header).json(&wrong);
        let status = send(guess).await.status;
        let expected = if n < 10 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(status, expected, "{n}");
    }
    world.clock.advance_millis(600_000);
    let session = send(request).await;
    let cookie = session.cookie().split(';').next().unwrap().to_owned();
    let list = world.get("/api/sessions", &cookie).await;
    assert_eq!(list.body["sessions"][0]["client"], "Phone/1.0");
}

/// Other clients tidy up a path before they ask.
async fn delete_as_it_stands(world: &World, path: &str, cookie: &str) -> String {
    let address = world.web.url.strip_prefix("http://").unwrap().to_owned();
    let request =
        format!("DELETE {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n");
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    answer.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_leads_where_its_name_says() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let leaf = format!("households/{}/hubs/{}", world.household, hub());
    let by = |parting: &str| leaf.replace('/', parting);
    let paths = [
        world.path("/invitations/%2e%2e"),
        world.path("/invitations/%2E."),
        world.path("/members/%2e"),
        format!("/api/sessions/..\\{}", by("\\")),
        format!("/api/sessions/%2e%2e\\{}", by("\\")),
        format!("/api/sessions/.%2E\\{}", by("\\")),
        format!("/api/sessions/x\\..\\..\\{}", by("\\")),
        format!("/api/sessions/..%5c{}", by("%5C")),
        format!("/api/sessions/..%2f{}", by("%2F")),
        format!("/api/sessions/%2e%2e%2F{}", by("%2f")),
        world.path("/invitations/..\\hubs"),
        world.path(&format!("/members/..\\hubs\\{}", hub())),
        world.path(&format!("/invitations/..%5Chubs%5c{}", hub())),
        world.path("/invitations/a\\b@example.org"),
    ];
    for path in paths {
        let answer = delete_as_it_stands(&world, &path, &cookie).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(answer.contains("application/problem+json"), "{path}: {answer}");
        let home = world.get(&world.path(""), &cookie).await;
        assert_eq!(home.body["hubs"][0]["id"], hub().to_string(), "{path}");
    }
    // A slash belongs into an address, and stays in it.
    let email = json!({ "email": "a/b@example.org", "role": "guest", "until": null });
    let invited = post(&world, &world.path("/invitations"), &cookie, &email).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.body);
    let withdrawn = delete_as_it_stands(&world, &world.path("/invitations/a%2Fb@example.org"), &cookie).await;
    assert!(withdrawn.starts_with("HTTP/1.1 204"), "{withdrawn}");
}
