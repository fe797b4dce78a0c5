//! What is known of a person, for that person.

use domain::access::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Answer, HUB, PASSWORD, Server};

const ARCHIVE: &str = "/v1/people/current/archive";
const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";

async fn permit(server: &Server, secret: &str) -> String {
    let made = server.post(ARCHIVE, secret, &json!({ "password": PASSWORD })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.body["expires_in"], 120);
    made.body["permit"].as_str().unwrap().to_owned()
}

async fn get(server: &Server, path: &str, secret: &str, permit: &str) -> Answer {
    let request = server.request(Method::GET, path).bearer_auth(secret).header("x-wattline-permit", permit);
    server.send(request).await
}

#[tokio::test]
async fn it_takes_the_password_just_now_of_just_this_person() {
    let server = Server::with_sqlite().await;
    server.settle(ADA, false).await;
    server.settle(BOB, false).await;
    let (ada, bob) = (server.secret_of(ADA).await, server.secret_of(BOB).await);
    let wrong = server.post(ARCHIVE, &ada, &json!({ "password": "wrong password" })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["field"]), (422, &json!("password")));
    let (of_ada, of_bob) = (permit(&server, &ada).await, permit(&server, &bob).await);
    assert_eq!(get(&server, ARCHIVE, &ada, &of_ada).await.body["email"], ADA);
    let household = server.get("/v1/sessions/current", &ada).await.body["households"][0]["id"].clone();
    let token = server.post("/v1/tokens", &ada, &json!({ "household": household })).await;
    // A token that gives access is signed by the same keys, and no permit.
    let access = token.body["access_token"].as_str().unwrap();
    let signature = of_ada.rsplit_once('.').unwrap().1;
    let forged = of_bob.replace(of_bob.rsplit_once('.').unwrap().1, signature);
    for none in [&of_bob, access, &forged, "", "nonsense"] {
        let refused = get(&server, ARCHIVE, &ada, none).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    }
    server.clock.set(server.now().plus_millis(120_000));
    for path in [ARCHIVE.to_owned(), format!("{ARCHIVE}/deeds")] {
        assert_eq!(get(&server, &path, &ada, &of_ada).await.status, StatusCode::FORBIDDEN);
    }
    server.stop().await;
}

#[tokio::test]
async fn all_of_it_is_there_and_no_secret() {
    let server = Server::with_sqlite().await;
    let (ada, factor, codes) = crate::second_factor::protected(&server).await;
    let since = server.now();
    let home = server.settle(ADA, true).await;
    let token = json!({ "name": "Shelf", "household": home.to_string(), "scopes": ["usage"], "password": PASSWORD, "code": codes[2] });
    let token = server.post("/v1/personal-tokens", &ada, &token).await.body["token"].clone();
    let made = server.post(ARCHIVE, &ada, &json!({ "password": PASSWORD, "code": codes[0] })).await;
    let permit = made.body["permit"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned();
    let you = get(&server, ARCHIVE, &ada, &permit).await.body;
    assert_eq!((&you["name"], &you["personal_tokens"][0]["name"]), (&json!("Ada"), &json!("Shelf")));
    assert_eq!(you["second_factor"]["on"], true);
    let on = domain::UtcMillis::parse_rfc3339(you["second_factor"]["since"].as_str().unwrap()).unwrap();
    assert!(since.millis_since(on).abs() <= 60_000, "{on}");
    assert!(you["sessions"].as_array().unwrap().len() >= 2);

    let deeds = get(&server, &format!("{ARCHIVE}/deeds"), &ada, &permit).await.body;
    assert_eq!((&deeds["deeds"][0]["action"], &deeds["more"]), (&json!("token_made"), &json!(false)));
    let last = deeds["deeds"].as_array().unwrap().last().unwrap()["number"].clone();
    let rest = get(&server, &format!("{ARCHIVE}/deeds?after={last}"), &ada, &permit).await.body;
    assert_eq!(rest["deeds"], json!([]));

    let whole = get(&server, &format!("/v1/households/{home}/archive"), &ada, &permit).await.body;
    assert_eq!((&whole["hubs"][0]["hub"], &whole["sockets"][0]["name"]), (&json!(HUB), &json!("Lamp")));
    let audit = server.get(&format!("/v1/households/{home}/audit"), &ada).await.body;
    assert_eq!(audit["entries"][0]["action"], "archive_taken", "{audit}");
    assert_eq!(audit["entries"][0]["by_name"], "Ada");
    let everything = format!("{you}{deeds}{whole}");
    let typed = data_encoding::BASE32_NOPAD.encode(&factor);
    for secret in [token.as_str().unwrap(), &ada, &codes[1], &typed, "argon2", "hash", PASSWORD] {
        assert!(!everything.contains(secret), "{secret} is in it");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_guest_takes_nothing_of_the_home_along() {
    let server = Server::with_sqlite().await;
    let home = server.settle(ADA, true).await;
    server.settle(BOB, false).await;
    let bob = server.person(BOB).await;
    let secret = server.secret_of(BOB).await;
    let permit = permit(&server, &secret).await;
    let path = format!("/v1/households/{home}/archive");
    for (role, status, whole) in [(Role::Guest, 403, false), (Role::Member, 200, true)] {
        server.accounts.put_member(home, bob, role).await.unwrap();
        assert_eq!(get(&server, &path, &secret, &permit).await.status.as_u16(), status);
        let you = get(&server, ARCHIVE, &secret, &permit).await.body;
        let its = you["households"].as_array().unwrap().iter().find(|one| one["id"] == home.to_string());
        assert_eq!(its.unwrap()["whole"], Value::Bool(whole));
    }
    server.stop().await;
}
