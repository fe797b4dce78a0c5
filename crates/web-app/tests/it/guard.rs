use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::{EMAIL, PASSWORD, World, hub, send};

#[tokio::test]
async fn other_sites_cannot_act_in_somebodys_name() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    for site in ["cross-site", "same-site"] {
        let log_in = world.request(Method::POST, "/api/session").header("sec-fetch-site", site).json(&body);
        assert_eq!(send(log_in).await.status, StatusCode::FORBIDDEN, "{site}");
        let log_out = world
            .request(Method::DELETE, "/api/session")
            .header("sec-fetch-site", site)
            .header(COOKIE, &cookie);
        assert_eq!(send(log_out).await.status, StatusCode::FORBIDDEN, "{site}");
        for (method, path) in [
            (Method::PUT, world.path("/settings")),
            (Method::PUT, world.path(&format!("/hubs/{}", hub()))),
            (Method::DELETE, world.path(&format!("/hubs/{}", hub()))),
            (Method::POST, world.path("/pairings")),
            (Method::POST, "/v1/pairings".to_owned()),
            (Method::POST, "/api/tokens".to_owned()),
        ] {
            let change = world.request(method, &path).header("sec-fetch-site", site).header(COOKIE, &cookie);
            assert_eq!(send(change.json(&json!({}))).await.status, StatusCode::FORBIDDEN, "{site} {path}");
        }
    }
    assert_eq!(world.get("/api/session", &cookie).await.status, StatusCode::OK, "nobody was logged out");
    let ours =
        world.request(Method::POST, "/api/session").header("sec-fetch-site", "same-origin").json(&body);
    assert_eq!(send(ours).await.status, StatusCode::CREATED);
}

/// As browsers ask an address in the home's network, over plain HTTP.
#[tokio::test]
async fn where_browsers_do_not_name_the_site_the_origin_has_to_be_ours() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let address = world.web.url.strip_prefix("http://").unwrap();
    let host = address.split(':').next().unwrap();
    let rename = async |origin: Option<&str>, forwarded: Option<&str>| {
        let mut request = world.request(Method::PUT, "/api/people/current").header(COOKIE, &cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-host", forwarded);
        }
        send(request.json(&json!({ "name": "Eve" }))).await.status
    };
    let other_port = format!("http://{host}");
    for origin in ["null", "http://evil.example", "https://evil.example:8080", other_port.as_str(), ""] {
        assert_eq!(rename(Some(origin), None).await, StatusCode::FORBIDDEN, "{origin:?}");
    }
    // Nobody is trusted to say what we were asked as.
    let forwarded = Some("evil.example");
    assert_eq!(rename(Some("http://evil.example"), forwarded).await, StatusCode::FORBIDDEN);
    assert_eq!(world.get("/api/people/current", &cookie).await.body["name"], "Ada");
    assert_eq!(rename(Some(&world.web.url), None).await, StatusCode::OK);
    assert_eq!(rename(None, None).await, StatusCode::OK, "a program says neither");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let world = World::start().await;
    // `send` looks at the headers of each.
    for path in ["/", "/today", "/assets/nothing.js", "/api/session", "/api/nothing", "/health/live"] {
        let answer = send(world.request(Method::GET, path)).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let world = World::start().await;
    for (method, path) in [
        (Method::PUT, "/api/session"),
        (Method::POST, "/api/nothing"),
        (Method::DELETE, "/"),
        (Method::POST, "/today"),
        (Method::DELETE, "/api/tokens"),
    ] {
        let answer = send(world.request(method, path)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn the_id_of_a_request_comes_back() {
    let world = World::start().await;
    let answer =
        send(world.request(Method::GET, "/health/live").header("x-request-id", "from-the-browser")).await;
    assert_eq!(answer.headers["x-request-id"], "from-the-browser");
}
