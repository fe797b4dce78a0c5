//! Invitations of somebody who owns the home no more.

use domain::HouseholdId;
use domain::access::Role;
use reqwest::StatusCode;
use serde_json::json;

use crate::server::{PASSWORD, Server};

const MALLORY: &str = "mallory@example.org";

/// Ada's home, of which Eve is an owner too and has invited somebody to own it: the home, the sessions of Ada and Eve, and
/// the secret of the link.
async fn with_a_guest_at_the_door(server: &Server) -> (HouseholdId, String, String, String) {
    let home = server.settle("ada@example.org", false).await;
    server.settle("eve@example.org", false).await;
    let eve = server.person("eve@example.org").await;
    server.accounts.put_member(home, eve, Role::Owner).await.unwrap();
    let (ada, eve) = (server.secret_of("ada@example.org").await, server.secret_of("eve@example.org").await);
    let invitation = json!({ "email": MALLORY, "role": "owner", "until": null });
    let invited = server.post(&format!("/v1/households/{home}/invitations"), &eve, &invitation).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.body);
    (home, ada, eve, Server::link_of(&invited))
}

async fn assert_worthless(server: &Server, home: HouseholdId, owner: &str, secret: &str) {
    let look = server.ask("/v1/invitations/look", &json!({ "secret": secret })).await;
    assert_eq!(look.status, StatusCode::NOT_FOUND, "{}", look.body);
    let newcomer = json!({ "secret": secret, "name": "Mallory", "password": PASSWORD });
    let accepted = server.ask("/v1/invitations/accept", &newcomer).await;
    assert_eq!(accepted.status, StatusCode::NOT_FOUND, "{}", accepted.body);
    // Nor has anybody come to be who may try again.
    assert_eq!(server.log_in(MALLORY, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let members = server.get(&format!("/v1/households/{home}/members"), owner).await;
    assert_eq!(members.body["invitations"], json!([]), "{}", members.body);
}

#[tokio::test]
async fn who_is_removed_has_invited_nobody() {
    let server = Server::with_sqlite().await;
    let (home, ada, _, secret) = with_a_guest_at_the_door(&server).await;
    let eve = server.person("eve@example.org").await;
    let removed = server.delete(&format!("/v1/households/{home}/members/{eve}"), &ada).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_worthless(&server, home, &ada, &secret).await;
    server.stop().await;
}

#[tokio::test]
async fn who_becomes_less_has_invited_nobody() {
    let server = Server::with_sqlite().await;
    let (home, ada, _, secret) = with_a_guest_at_the_door(&server).await;
    let eve = server.person("eve@example.org").await;
    let less = json!({ "role": "member", "until": null });
    let changed = server.put(&format!("/v1/households/{home}/members/{eve}"), &ada, &less).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_worthless(&server, home, &ada, &secret).await;
    server.stop().await;
}

#[tokio::test]
async fn who_leaves_has_invited_nobody() {
    let server = Server::with_sqlite().await;
    let (home, ada, session, secret) = with_a_guest_at_the_door(&server).await;
    let eve = server.person("eve@example.org").await;
    let left = server.delete(&format!("/v1/households/{home}/members/{eve}"), &session).await;
    assert_eq!(left.status, StatusCode::NO_CONTENT);
    assert_worthless(&server, home, &ada, &secret).await;
    server.stop().await;
}

#[tokio::test]
async fn who_is_deleted_has_invited_nobody() {
    let server = Server::with_sqlite().await;
    let (home, ada, session, secret) = with_a_guest_at_the_door(&server).await;
    let preview = server.get("/v1/people/current/deletion", &session).await.body;
    let own: Vec<_> = preview["households"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let wish = json!({ "password": PASSWORD, "households": own });
    let deleted = server.post("/v1/people/current/deletion", &session, &wish).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.body);
    assert_worthless(&server, home, &ada, &secret).await;
    server.stop().await;
}
