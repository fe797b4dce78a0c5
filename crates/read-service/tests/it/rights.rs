//! Every endpoint against everybody who could ask. What is in the description of the API and not in the table fails; that the
//! description is the one that is served is a test of its own.

use std::collections::BTreeSet;

use domain::HouseholdId;
use domain::access::{AccessClaims, Role};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::keys::Key;
use crate::server::{Server, household, utc};

const RANGE: &str = "from=2026-11-21T00:00:00Z&to=2026-11-21T01:00:00Z";

/// What is asked about a household, with the scope that it takes.
const TABLE: &[(&str, &str, &str)] = &[
    ("bills", "", "usage"),
    ("duration", RANGE, "usage"),
    ("export", RANGE, "usage"),
    ("live", "", "live"),
    ("measured-times", "", "usage"),
    ("measurements", "hub=0197a3c2-0000-7000-8000-000000000001&from=0&until=1", "usage"),
    ("metrics", "", "usage"),
    ("sockets", "", "usage"),
    ("today", "", "usage"),
    ("usage", RANGE, "usage"),
];

#[test]
fn every_endpoint_is_classified() {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    let classified: BTreeSet<String> =
        TABLE.iter().map(|(name, _, _)| format!("get /v1/households/{{household}}/{name}")).collect();
    assert_eq!(described, classified);
}

async fn status(server: &Server, name: &str, query: &str, token: Option<&str>) -> StatusCode {
    let path = format!("/v1/households/{}/{name}?{query}", household());
    let mut request = server.request(Method::GET, &path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    // The head is enough: the live stream has no end.
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_answered_what_their_token_says() {
    let server = Server::start(utc("2026-11-21T12:00:00Z")).await;
    let claims = server.claims("Europe/Berlin", &[]);
    let changed = |change: fn(&mut AccessClaims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        server.key.sign(&claims)
    };
    let nobodys = Key::new(9, &server.key.id).sign(&claims);
    let refused = [
        ("another issuer", changed(|claims| claims.iss = "somebody".to_owned())),
        ("another audience", changed(|claims| claims.aud = "somebody".to_owned())),
        ("another key", nobodys),
        ("expired", changed(|claims| claims.exp = claims.iat - 31)),
        ("a session", format!("wls_{}", "A".repeat(43))),
        ("a personal token", format!("wlp_{}", "A".repeat(43))),
    ];
    let stranger = changed(|claims| claims.household = HouseholdId::from_bytes([9; 16]));
    let roles = [
        ("guest", changed(|claims| claims.role = Role::Guest)),
        ("member", changed(|claims| claims.role = Role::Member)),
        ("owner", changed(|claims| claims.role = Role::Owner)),
    ];
    let scopes = [
        ("usage", changed(|claims| claims.scope = "usage".to_owned())),
        ("live", changed(|claims| claims.scope = "live".to_owned())),
        ("manage", changed(|claims| claims.scope = "manage".to_owned())),
        ("nothing", changed(|claims| claims.scope = String::new())),
    ];
    let mut wrong = Vec::new();
    let mut check = |who: &str, name: &str, status: StatusCode, expected: u16| {
        if status.as_u16() != expected {
            wrong.push(format!("{name} as {who}: {status} in place of {expected}"));
        }
    };
    for (name, query, scope) in TABLE {
        check("nobody", name, status(&server, name, query, None).await, 401);
        for (who, token) in &refused {
            check(who, name, status(&server, name, query, Some(token)).await, 401);
        }
        check("a stranger", name, status(&server, name, query, Some(&stranger)).await, 404);
        for (who, token) in &scopes {
            let expected = if who == scope { 200 } else { 403 };
            check(who, name, status(&server, name, query, Some(token)).await, expected);
        }
        for (who, token) in &roles {
            check(who, name, status(&server, name, query, Some(token)).await, 200);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
