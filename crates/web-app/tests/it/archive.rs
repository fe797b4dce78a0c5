//! Taking one's data along.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::routing::get;
use axum::{Json, Router};
use domain::{TickLength, UtcMillis};
use futures_util::{StreamExt as _, stream};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, RECORDED_DAY};
use testkit::wait;

use crate::world::{EMAIL, PASSWORD, World, hub, send};

const ARCHIVE: &str = "/api/people/current/archive";
const ID: &str = "0197a3c2-0000-7000-8000-0000000000aa";
const PATIENCE: Duration = Duration::from_secs(20);

/// The cookies of somebody who has just said the password.
async fn permitted(world: &World, url: &str, cookie: &str) -> String {
    let body = json!({ "password": PASSWORD, "code": null });
    let answer = send(world.request_to(url, Method::POST, ARCHIVE).header(COOKIE, cookie).json(&body)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    let permit = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(permit.contains("HttpOnly") && permit.contains("Path=/api/people/current/archive"), "{permit}");
    format!("{cookie}; {}", permit.split(';').next().unwrap())
}

async fn fetch(world: &World, url: &str, cookie: &str, id: &str) -> Response {
    let request = world.request_to(url, Method::GET, &format!("{ARCHIVE}?id={id}")).header(COOKIE, cookie);
    request.send().await.unwrap()
}

async fn state(world: &World, url: &str, cookie: &str) -> Value {
    let request = world.request_to(url, Method::GET, &format!("{ARCHIVE}/{ID}")).header(COOKIE, cookie);
    send(request).await.body["state"].clone()
}

async fn becomes(world: &World, url: &str, cookie: &str, wanted: &str) {
    wait::until(PATIENCE, "its state is told", async || {
        (state(world, url, cookie).await == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_known_is_in_it_to_the_joule_and_no_secret() {
    let world = World::start().await;
    // Over the end of a month.
    let begin = RECORDED_DAY.plus_millis(16 * 86_400_000 - 5 * 60_000);
    let minute = TickLength::from_secs(60).unwrap();
    let container =
        ContainerBuilder::new(hub()).tick_length(minute).begin(begin).ticks(10).sockets(2).build();
    world.store(&container).await;
    let cookie = world.log_in().await;

    for (body, status) in [(json!({ "password": "wrong password" }), 422), (json!({}), 422)] {
        let refused = send(world.request(Method::POST, ARCHIVE).header(COOKIE, &cookie).json(&body)).await;
        assert_eq!(refused.status.as_u16(), status);
    }
    assert_eq!(world.get(&format!("{ARCHIVE}?id={ID}"), &cookie).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get(&format!("{ARCHIVE}/{ID}"), &cookie).await.status, StatusCode::NOT_FOUND);
    let cookies = permitted(&world, &world.web.url, &cookie).await;
    assert_eq!(world.get(&format!("{ARCHIVE}?id=nonsense"), &cookies).await.status, StatusCode::BAD_REQUEST);
    let answer = fetch(&world, &world.web.url, &cookies, ID).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"wattline-data.zip\"");
    let bytes = answer.bytes().await.unwrap();
    becomes(&world, &world.web.url, &cookie, "complete").await;

    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let name = file.name().unwrap().into_owned();
        files.insert(name, text);
    }
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "homes/1-Home/home.json",
            "homes/1-Home/measurements/1-Cellar/2012-01.csv",
            "homes/1-Home/measurements/1-Cellar/2012-02.csv",
            "what-you-did.jsonl",
            "you.json",
        ]
    );
    let you: Value = serde_json::from_str(&files["you.json"]).unwrap();
    assert_eq!((&you["email"], &you["households"][0]["role"]), (&json!(EMAIL), &json!("owner")));
    assert_eq!(you["second_factor"]["on"], false);
    let home: Value = serde_json::from_str(&files["homes/1-Home/home.json"]).unwrap();
    assert_eq!((&home["hubs"][0]["name"], &home["sockets"][0]["name"]), (&json!("Cellar"), &json!("Lamp")));
    let mut rows = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| name.contains("measurements")) {
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("time,seconds,socket,joules"), "{name}");
        rows.extend(lines.map(|line| line.split(',').map(ToOwned::to_owned).collect::<Vec<String>>()));
    }
    let expected: Vec<Vec<String>> = container
        .ticks
        .iter()
        .flat_map(|tick| {
            tick.energy.iter().map(|(socket, joules)| {
                vec![tick.start.to_string(), "60".to_owned(), socket.to_string(), joules.0.to_string()]
            })
        })
        .collect();
    assert_eq!(rows, expected);
    let everything = files.values().cloned().collect::<String>();
    for secret in [PASSWORD, "argon2", "secret_hash", "password", cookie.split_once('=').unwrap().1] {
        let known: Vec<&str> = everything.lines().filter(|line| line.contains(secret)).collect();
        // The words of the README apart.
        assert!(known.iter().all(|line| files["README.txt"].contains(line)), "{secret}: {known:?}");
    }
}

/// A read-service that has measurements, and then breaks off, or says nothing more.
async fn faulty_read_service(breaks_off: bool) -> String {
    let times = json!({ "times": [{ "hub": hub(), "from": RECORDED_DAY, "until": RECORDED_DAY.plus_millis(1_000_000) }] });
    let rows = move || async move {
        let second = UtcMillis(RECORDED_DAY.0 + 500_000);
        let rows = Bytes::from(format!("time,seconds,socket,joules\r\n{second},10,0,7\r\n"));
        let first = stream::once(async { Ok::<_, std::io::Error>(rows) });
        let rest = stream::once(async move {
            if !breaks_off {
                std::future::pending::<()>().await;
            }
            Err(std::io::Error::other("the store is gone"))
        });
        Body::from_stream(first.chain(rest))
    };
    let app = Router::new()
        .route("/v1/households/{household}/measured-times", get(move || async move { Json(times) }))
        .route("/v1/households/{household}/measurements", get(rows));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_breaks_off_is_no_archive() {
    let world = World::start().await;
    let web = world.another_web_app(&faulty_read_service(true).await, false).await;
    let cookie = world.log_in().await;
    let cookies = permitted(&world, &web.url, &cookie).await;
    let answer = fetch(&world, &web.url, &cookies, ID).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.bytes().await.is_err(), "the connection has to end before the body does");
    becomes(&world, &web.url, &cookie, "broken").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_with_its_progress_until_it_is_stopped() {
    let world = World::start().await;
    let web = world.another_web_app(&faulty_read_service(false).await, false).await;
    let cookie = world.log_in().await;
    let cookies = permitted(&world, &web.url, &cookie).await;
    let answer = fetch(&world, &web.url, &cookies, ID).await;
    let path = format!("{ARCHIVE}/{ID}");
    let its =
        async || send(world.request_to(&web.url, Method::GET, &path).header(COOKIE, &cookie)).await.body;
    wait::until(PATIENCE, "half of it is done", async || (its().await["done"] == 0.5).then_some(())).await;
    assert_eq!(its().await["state"], "running");
    let other = ID.replace("aa", "bb");
    assert_eq!(fetch(&world, &web.url, &cookies, &other).await.status(), StatusCode::CONFLICT);
    // Somebody else's is none.
    let elsewhere = world.log_in().await;
    let of_other = world.request_to(&web.url, Method::DELETE, &path).header(COOKIE, &elsewhere);
    assert_eq!(send(of_other).await.status, StatusCode::NOT_FOUND);
    let stop = world.request_to(&web.url, Method::DELETE, &path).header(COOKIE, &cookie);
    assert_eq!(send(stop).await.status, StatusCode::NO_CONTENT);
    assert!(answer.bytes().await.is_err());
    becomes(&world, &web.url, &cookie, "cancelled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deleted_is_logged_out() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let path = "/api/people/current/deletion";
    let preview = world.get(path, &cookie).await;
    let ids: Vec<Value> =
        preview.body["households"].as_array().unwrap().iter().map(|home| home["id"].clone()).collect();
    let body = json!({ "password": PASSWORD, "code": null, "households": ids });
    let gone = send(world.request(Method::POST, path).header(COOKIE, &cookie).json(&body)).await;
    assert!(gone.status == StatusCode::NO_CONTENT && gone.clears_the_cookie());
    // No token that is kept here lets anybody in any more.
    let usage = world.path("/usage?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z");
    assert_eq!(world.get(&usage, &cookie).await.status, StatusCode::UNAUTHORIZED);
}
