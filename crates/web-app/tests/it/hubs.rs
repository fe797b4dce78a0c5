use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, World, hub, send};

const HUB: &str = "0197a3c2-0000-7000-8000-0000000000aa";
/// `wlh_` and 32 bytes of zeros, and its hash.
const SECRET: &str = "wlh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const HASH: &str = "5AoaV6MxnlDdDtxdXfBrb2n-XyYVGIG0k4UTvRBpjls";

async fn ask(world: &World) -> Answer {
    let wish = json!({ "hub": HUB, "secret_hash": HASH });
    send(world.request(Method::POST, "/v1/pairings").json(&wish)).await
}

async fn state(world: &World) -> Value {
    let answer = send(world.request(Method::GET, "/v1/pairings/current").bearer_auth(SECRET)).await;
    if answer.status == StatusCode::OK { answer.body["state"].clone() } else { answer.status.as_u16().into() }
}

async fn enter(world: &World, cookie: &str, code: &Value) -> Answer {
    let entry = json!({ "code": code, "name": "Attic" });
    let request = world.request(Method::POST, &world.path("/pairings")).header(COOKIE, cookie);
    send(request.json(&entry)).await
}

#[tokio::test]
async fn a_hub_knows_the_page_only_and_is_paired_and_released_there() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    assert_eq!(state(&world).await, 401);
    let asked = ask(&world).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    assert_eq!(state(&world).await, "waiting");
    assert_eq!(enter(&world, "", &asked.body["code"]).await.status, StatusCode::UNAUTHORIZED);
    let entered = enter(&world, &cookie, &asked.body["code"]).await;
    assert_eq!((entered.status, &entered.body["id"]), (StatusCode::CREATED, &json!(HUB)), "{}", entered.body);
    assert_eq!(state(&world).await, "paired");
    let hubs = async || world.get(&world.path(""), &cookie).await.body["hubs"].as_array().unwrap().len();
    assert_eq!(hubs().await, 2);

    let release = |hub: &str, cookie: &str| {
        let path = world.path(&format!("/hubs/{hub}"));
        send(world.request(Method::DELETE, &path).header(COOKIE, cookie))
    };
    assert_eq!(release(HUB, "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(release(HUB, &cookie).await.status, StatusCode::NO_CONTENT);
    assert_eq!(release(HUB, &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!((state(&world).await, hubs().await), (json!("revoked"), 1));
    assert_eq!(ask(&world).await.status, StatusCode::CONFLICT);
    let labels = json!({ "name": "Attic", "sockets": [] });
    let put = world.put(&world.path(&format!("/hubs/{HUB}")), &cookie, &labels).await;
    assert_eq!(put.status, StatusCode::CONFLICT, "a hub is not taken in by its id");
    assert_eq!(world.put(&world.path(&format!("/hubs/{}", hub())), &cookie, &labels).await.status, 200);
}

#[tokio::test]
async fn a_wrong_code_names_the_field_and_many_say_how_long_to_wait() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    for _ in 0..10 {
        let refused = enter(&world, &cookie, &json!("ABCD-EFGH")).await;
        assert_eq!((refused.status, &refused.body["field"]), (StatusCode::NOT_FOUND, &json!("code")));
    }
    let refused = enter(&world, &cookie, &json!("ABCD-EFGH")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    assert_eq!(refused.headers["retry-after"], "61");
}
