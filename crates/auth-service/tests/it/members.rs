//! Who is in a household, how they come in and how they go.

use domain::HouseholdId;
use domain::access::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{PASSWORD, Server};

const DAY_MILLIS: i64 = 86_400_000;

fn members(household: HouseholdId) -> String {
    format!("/v1/households/{household}/members")
}

fn invitations(household: HouseholdId) -> String {
    format!("/v1/households/{household}/invitations")
}

fn invitation(email: &str, role: &str) -> Value {
    json!({ "email": email, "role": role, "until": null })
}

/// The household of Ada, who is logged in.
async fn home(server: &Server) -> (HouseholdId, String) {
    let home = server.settle("ada@example.org", true).await;
    (home, server.secret_of("ada@example.org").await)
}

async fn roles(server: &Server, household: HouseholdId, secret: &str) -> Vec<(String, String)> {
    let list = server.get(&members(household), secret).await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    let text = |member: &Value, field: &str| member[field].as_str().unwrap_or("-").to_owned();
    let all = list.body["members"].as_array().unwrap();
    all.iter().map(|member| (text(member, "email"), text(member, "role"))).collect()
}

#[tokio::test]
async fn somebody_new_comes_in_by_a_link() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    let invited = server.post(&invitations(home), &ada, &invitation("bob@example.org", "member")).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.body);
    let secret = Server::link_of(&invited);
    let waiting = server.get(&members(home), &ada).await;
    assert_eq!(waiting.body["invitations"][0]["email"], "bob@example.org");

    let look = server.ask("/v1/invitations/look", &json!({ "secret": secret })).await;
    assert_eq!((&look.body["household"], &look.body["by"]), (&json!("Home"), &json!("Ada")));
    assert_eq!((&look.body["known"], &look.body["role"]), (&json!(false), &json!("member")));
    let accept = |more: Value| {
        let mut body = json!({ "secret": secret });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let nameless = server.ask("/v1/invitations/accept", &accept(json!({}))).await;
    assert_eq!(nameless.status, StatusCode::CONFLICT);
    let bob = accept(json!({ "name": "Bob", "password": PASSWORD }));
    let accepted = server.ask("/v1/invitations/accept", &bob).await;
    assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
    assert_eq!(accepted.body["household"], json!(home.to_string()));
    assert_eq!(server.ask("/v1/invitations/accept", &bob).await.status, StatusCode::NOT_FOUND);

    let bob = server.secret_of("bob@example.org").await;
    assert_eq!(server.get(&format!("/v1/households/{home}"), &bob).await.body["role"], "member");
    let expected = [("ada@example.org", "owner"), ("bob@example.org", "member")];
    assert_eq!(roles(&server, home, &ada).await, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    // Addresses are for those who manage people.
    assert!(roles(&server, home, &bob).await.iter().all(|(email, _)| email == "-"));
    server.stop().await;
}

#[tokio::test]
async fn who_is_known_logs_in_first_and_is_the_one_who_was_invited() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    server.settle("bob@example.org", false).await;
    server.settle("eve@example.org", false).await;
    let invited = server.post(&invitations(home), &ada, &invitation("Bob@example.org", "guest")).await;
    let body = json!({ "secret": Server::link_of(&invited) });
    assert_eq!(server.ask("/v1/invitations/look", &body).await.body["known"], true);
    let taken = json!({ "secret": Server::link_of(&invited), "name": "Eve", "password": PASSWORD });
    assert_eq!(server.ask("/v1/invitations/accept", &taken).await.status, StatusCode::CONFLICT);
    let eve = server.secret_of("eve@example.org").await;
    assert_eq!(server.post("/v1/invitations/accept", &eve, &body).await.status, StatusCode::FORBIDDEN);
    let bob = server.secret_of("bob@example.org").await;
    assert_eq!(server.post("/v1/invitations/accept", &bob, &body).await.status, StatusCode::OK);
    assert_eq!(server.get(&format!("/v1/households/{home}"), &bob).await.body["role"], "guest");
    // An invitation to less is no way down.
    let again = server.post(&invitations(home), &ada, &invitation("ada@example.org", "guest")).await;
    let body = json!({ "secret": Server::link_of(&again) });
    assert_eq!(server.post("/v1/invitations/accept", &ada, &body).await.status, StatusCode::OK);
    assert_eq!(server.get(&format!("/v1/households/{home}"), &ada).await.body["role"], "owner");
    server.stop().await;
}

#[tokio::test]
async fn a_guest_stays_until_the_end_and_so_does_the_token() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    server.settle("bob@example.org", false).await;
    let end = server.now().plus_millis(60_000);
    let wish = json!({ "email": "bob@example.org", "role": "guest", "until": end.to_string() });
    let invited = server.post(&invitations(home), &ada, &wish).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.body);
    let bob = server.secret_of("bob@example.org").await;
    let body = json!({ "secret": Server::link_of(&invited) });
    assert_eq!(server.post("/v1/invitations/accept", &bob, &body).await.status, StatusCode::OK);
    let token = server.post("/v1/tokens", &bob, &json!({ "household": home.to_string() })).await;
    assert_eq!((token.status, &token.body["expires_in"]), (StatusCode::OK, &json!(60)));
    server.clock.set(end);
    assert_eq!(server.get(&format!("/v1/households/{home}"), &bob).await.status, StatusCode::NOT_FOUND);
    let token = server.post("/v1/tokens", &bob, &json!({ "household": home.to_string() })).await;
    assert_eq!(token.status, StatusCode::FORBIDDEN);
    assert_eq!(roles(&server, home, &ada).await.len(), 1);
    for (wish, field) in [
        (json!({ "email": "bob@example.org", "role": "member", "until": end.to_string() }), "until"),
        (json!({ "email": "bob@example.org", "role": "guest", "until": "tomorrow" }), "until"),
        (
            json!({ "email": "bob@example.org", "role": "guest",
                    "until": end.plus_millis(731 * DAY_MILLIS).to_string() }),
            "until",
        ),
        (json!({ "email": "bob@example.org", "role": "king", "until": null }), "role"),
    ] {
        let refused = server.post(&invitations(home), &ada, &wish).await;
        assert_eq!(
            (refused.status, &refused.body["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field))
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_home_is_handed_over_and_never_without_an_owner() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    server.settle("bob@example.org", false).await;
    let bob = server.secret_of("bob@example.org").await;
    let (id_of_ada, id_of_bob) =
        (server.person("ada@example.org").await, server.person("bob@example.org").await);
    server.accounts.put_member(home, id_of_bob, Role::Member).await.unwrap();
    let path = |id| format!("{}/{id}", members(home));
    assert_eq!(server.delete(&path(id_of_ada), &ada).await.status, StatusCode::CONFLICT);
    let down = json!({ "role": "member", "until": null });
    assert_eq!(server.put(&path(id_of_ada), &ada, &down).await.status, StatusCode::CONFLICT);
    let up = json!({ "role": "owner", "until": null });
    assert_eq!(server.put(&path(id_of_bob), &bob, &up).await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.put(&path(id_of_bob), &ada, &up).await.status, StatusCode::OK);
    assert_eq!(server.delete(&path(id_of_ada), &ada).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&format!("/v1/households/{home}"), &ada).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&format!("/v1/households/{home}"), &bob).await.body["role"], "owner");
    server.stop().await;
}

#[tokio::test]
async fn a_member_who_is_removed_has_nothing_left() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    server.settle("bob@example.org", false).await;
    let (bob, id) = (server.secret_of("bob@example.org").await, server.person("bob@example.org").await);
    server.accounts.put_member(home, id, Role::Member).await.unwrap();
    let wish =
        json!({ "name": "Shelf", "household": home.to_string(), "scopes": ["usage"], "password": PASSWORD });
    let token = server.post("/v1/personal-tokens", &bob, &wish).await;
    let token = token.body["token"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/households/{home}"), token).await.status, StatusCode::OK);
    assert_eq!(server.delete(&format!("{}/{id}", members(home)), &ada).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&format!("/v1/households/{home}"), token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get(&format!("/v1/households/{home}"), &bob).await.status, StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn an_invitation_is_withdrawn() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    let invited = server.post(&invitations(home), &ada, &invitation("bob+home@example.org", "member")).await;
    let path = format!("{}/bob%2Bhome@example.org", invitations(home));
    assert_eq!(server.delete(&path, &ada).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.delete(&path, &ada).await.status, StatusCode::NOT_FOUND);
    let body = json!({ "secret": Server::link_of(&invited), "name": "Bob", "password": PASSWORD });
    assert_eq!(server.ask("/v1/invitations/accept", &body).await.status, StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn owners_read_who_did_what() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    let invited = server.post(&invitations(home), &ada, &invitation("bob@example.org", "guest")).await;
    let body = json!({ "secret": Server::link_of(&invited), "name": "Bob", "password": PASSWORD });
    let path = format!("/v1/households/{home}/audit");
    let open = server.get(&path, &ada).await;
    assert_eq!(open.body["entries"][0]["about"], "bob@example.org: guest");
    server.ask("/v1/invitations/accept", &body).await;
    let page = server.get(&path, &ada).await;
    let entries = page.body["entries"].as_array().unwrap();
    let told: Vec<(&str, &str, &str)> = entries
        .iter()
        .map(|entry| {
            let text = |field: &str| entry[field].as_str().unwrap();
            (text("by_name"), text("action"), text("about"))
        })
        .collect();
    // The address went with the invitation, and was never written down.
    assert_eq!(told, [("Bob", "member_joined", "guest"), ("Ada", "member_invited", ": guest")]);
    let written = server.audit.entries(home, None, 10).await.unwrap();
    assert!(written.iter().all(|entry| !entry.deed.about.contains('@')), "{written:?}");
    assert_eq!(page.body["more"], false);
    let before = format!("{path}?before={}", entries[0]["number"]);
    assert_eq!(server.get(&before, &ada).await.body["entries"].as_array().unwrap().len(), 1);
    for bad in ["before=1&before=2", "after=1"] {
        assert_eq!(server.get(&format!("{path}?{bad}"), &ada).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let nonsense = server.get(&format!("{path}?before=x"), &ada).await;
    assert_eq!(
        (nonsense.status, &nonsense.body["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("before"))
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_written_down_names_members_who_are_there_and_nobody_who_is_gone() {
    let server = Server::with_sqlite().await;
    let (home, ada) = home(&server).await;
    server.settle("bob@example.org", false).await;
    let (bob, id) = (server.secret_of("bob@example.org").await, server.person("bob@example.org").await);
    server.put("/v1/people/current", &bob, &json!({ "name": "Bob the builder" })).await;
    server.accounts.put_member(home, id, Role::Guest).await.unwrap();
    let path = format!("{}/{id}", members(home));
    let up = json!({ "role": "member", "until": null });
    assert_eq!(server.put(&path, &ada, &up).await.status, StatusCode::OK);
    assert_eq!(server.delete(&path, &ada).await.status, StatusCode::NO_CONTENT);
    let told = async || {
        let page = server.get(&format!("/v1/households/{home}/audit"), &ada).await.body;
        let about = |entry: &Value| entry["about"].as_str().unwrap().to_owned();
        page["entries"].as_array().unwrap().iter().map(about).collect::<Vec<_>>()
    };
    assert_eq!(told().await, ["Bob the builder", "Bob the builder: member"]);

    let preview = server.get("/v1/people/current/deletion", &bob).await.body;
    let own: Vec<_> = preview["households"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let wish = json!({ "password": PASSWORD, "households": own });
    assert_eq!(server.post("/v1/people/current/deletion", &bob, &wish).await.status, StatusCode::NO_CONTENT);
    assert_eq!(told().await, ["", ": member"]);
    let kept = server.audit.entries(home, None, 10).await.unwrap();
    assert!(kept.iter().all(|one| !one.deed.about.contains("Bob")), "{kept:?}");
    server.stop().await;
}
