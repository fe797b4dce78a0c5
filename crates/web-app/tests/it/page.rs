//! These hold with and without a built page: which of the two is embedded is decided when the test is compiled.

use std::path::Path;

use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::world::{World, send};

#[tokio::test]
async fn the_page_is_served_or_says_how_to_build_it() {
    let world = World::start().await;
    for path in ["/", "/today"] {
        let answer = send(world.request(Method::GET, path)).await;
        let Value::String(text) = &answer.body else { panic!("a page is no JSON") };
        if answer.status == StatusCode::OK {
            assert_eq!(answer.headers[CONTENT_TYPE], "text/html");
            assert!(text.starts_with("<!doctype html>"), "{text}");
        } else {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(text.contains("npm ci && npm run build"), "{text}");
        }
    }
    let missing = send(world.request(Method::GET, "/assets/nothing-00000000.js")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_worker_and_the_manifest_are_themselves_or_nothing() {
    let world = World::start().await;
    for (path, media_type) in
        [("/sw.js", "text/javascript"), ("/manifest.webmanifest", "application/manifest+json")]
    {
        let answer = send(world.request(Method::GET, path)).await;
        if answer.status == StatusCode::OK {
            assert_eq!(answer.headers[CONTENT_TYPE], media_type);
            assert_eq!(answer.headers[CACHE_CONTROL], "no-cache");
        } else {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}

fn is_text(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "js" || extension == "css")
}

#[tokio::test]
async fn what_the_page_names_may_be_kept_for_ever_and_comes_compressed() {
    let world = World::start().await;
    let page = send(world.request(Method::GET, "/")).await;
    if page.status != StatusCode::OK {
        return;
    }
    let text = page.body.as_str().unwrap();
    let assets: Vec<&str> = text.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert!(assets.iter().any(|path| is_text(path)), "{text}");
    let (mut whole, mut sent) = (0, 0);
    for path in assets {
        let plain = world.request(Method::GET, path).send().await.unwrap().bytes().await.unwrap();
        let request = world.request(Method::GET, path).header(ACCEPT_ENCODING, "gzip");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        if is_text(path) {
            assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip", "{path}");
            whole += plain.len();
            sent += answer.bytes().await.unwrap().len();
        }
    }
    assert!(sent < whole / 2, "{sent} of {whole} bytes");
}

#[tokio::test]
async fn answers_of_the_api_are_compressed() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let path = world.path("/usage?from=2012-01-16T00:00:00Z&to=2012-01-17T00:00:00Z");
    let request = world.request(Method::GET, &path).header("cookie", cookie).header(ACCEPT_ENCODING, "gzip");
    assert_eq!(request.send().await.unwrap().headers()[CONTENT_ENCODING], "gzip");
}
