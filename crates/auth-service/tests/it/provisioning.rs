use auth_service::provision::{Change, Home, ProvisionError};
use auth_service::{provision, provision_missing};
use domain::access::Role;
use domain::accounts::AccountsError;
use reqwest::StatusCode;

use crate::server::{PASSWORD, Server, home, hub};

#[tokio::test]
async fn the_same_home_again_changes_nothing() {
    let server = Server::with_sqlite().await;
    let first = provision(&*server.accounts, &*server.clock, &home("ada@example.org")).await.unwrap();
    assert_eq!(
        first.changes,
        [Change::Person, Change::Household, Change::Membership, Change::Hub(hub()), Change::Sockets(hub())]
    );
    let deeds = first.deeds(&home("ada@example.org"), server.now());
    assert!(deeds.iter().all(|deed| deed.by.is_none() && deed.household == first.household));
    let told: Vec<(&str, &str)> =
        deeds.iter().map(|deed| (deed.action.as_str(), deed.about.as_str())).collect();
    let owner = format!("{}: owner", first.person);
    assert_eq!(
        told,
        [
            ("settings_changed", ""),
            ("member_changed", owner.as_str()),
            ("hub_added", "Cellar"),
            ("hub_labelled", "Cellar"),
        ]
    );
    server.clock.advance_millis(60_000);
    let again = provision(&*server.accounts, &*server.clock, &home(" Ada@example.ORG")).await.unwrap();
    assert_eq!(again.changes, []);
    assert_eq!(again.deeds(&home("ada@example.org"), server.now()), []);
    assert_eq!((again.person, again.household), (first.person, first.household));
    server.stop().await;
}

#[tokio::test]
async fn the_ids_follow_from_the_names_or_are_given() {
    let (one, other) = (Server::with_sqlite().await, Server::with_sqlite().await);
    let mut home = home("ada@example.org");
    let derived = provision(&*one.accounts, &*one.clock, &home).await.unwrap();
    let elsewhere = provision(&*other.accounts, &*other.clock, &home).await.unwrap();
    assert_eq!((derived.person, derived.household), (elsewhere.person, elsewhere.household));

    let given = Server::with_sqlite().await;
    home.person.id = Some(domain::PersonId::from_bytes([1; 16]));
    home.household.id = Some(domain::HouseholdId::from_bytes([2; 16]));
    let provisioned = provision(&*given.accounts, &*given.clock, &home).await.unwrap();
    assert_eq!(Some(provisioned.person), home.person.id);
    assert_eq!(Some(provisioned.household), home.household.id);
    for server in [one, other, given] {
        server.stop().await;
    }
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one() {
    let server = Server::with_sqlite().await;
    let mut home = home("ada@example.org");
    provision(&*server.accounts, &*server.clock, &home).await.unwrap();
    home.person.password = "a better one".into();
    let again = provision(&*server.accounts, &*server.clock, &home).await.unwrap();
    assert_eq!(again.changes, [Change::Password]);
    assert_eq!(server.log_in("ada@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.log_in("ada@example.org", "a better one").await.status, StatusCode::CREATED);
    server.stop().await;
}

#[tokio::test]
async fn what_people_have_changed_stays_when_only_what_is_missing_is_made() {
    let server = Server::with_sqlite().await;
    let mut described = home("ada@example.org");
    let first = provision_missing(&*server.accounts, &*server.clock, &described).await.unwrap();
    assert_eq!(first.changes.len(), 5);
    let changed = serde_json::json!({
        "person": { "email": "ada@example.org", "name": "Ada", "password": PASSWORD },
        "household": { "id": first.household, "name": "Attic", "zone": "UTC" },
        "hubs": [{
            "id": hub(), "name": "Shelf", "since": "epoch", "sockets": [{ "number": 3, "name": "Freezer", "hidden": true }],
        }],
    });
    let changed: Home = serde_json::from_value(changed).unwrap();
    provision(&*server.accounts, &*server.clock, &changed).await.unwrap();
    server.accounts.put_member(first.household, first.person, Role::Member).await.unwrap();

    described.hubs[0].sockets.retain(|socket| socket.number.get() == 3);
    let again = provision_missing(&*server.accounts, &*server.clock, &described).await.unwrap();
    assert_eq!((again.household, again.changes), (first.household, vec![]));
    let membership = &server.accounts.memberships(first.person, server.now()).await.unwrap()[0];
    assert_eq!((membership.household.name.as_str(), membership.household.zone.name()), ("Attic", "UTC"));
    assert_eq!(membership.role, Role::Member);
    assert_eq!(server.accounts.hubs(first.household).await.unwrap()[0].name, "Shelf");

    // A socket that is new gets its label, and the other one keeps its own.
    let again = provision_missing(&*server.accounts, &*server.clock, &home("ada@example.org")).await.unwrap();
    assert_eq!(again.changes, [Change::Sockets(hub())]);
    let sockets = server.accounts.sockets(first.household, hub()).await.unwrap();
    let names: Vec<&str> = sockets.iter().map(|socket| socket.name.as_str()).collect();
    assert_eq!((names, sockets[1].hidden), (vec!["Lamp", "Freezer"], true));
    server.stop().await;
}

#[tokio::test]
async fn a_hub_without_a_start_is_in_the_household_from_now_on() {
    let server = Server::with_sqlite().await;
    let mut home = home("ada@example.org");
    home.hubs[0].since = None;
    let begin = server.now();
    let first = provision(&*server.accounts, &*server.clock, &home).await.unwrap();
    server.clock.advance_millis(60_000);
    assert_eq!(provision(&*server.accounts, &*server.clock, &home).await.unwrap().changes, []);
    assert_eq!(server.accounts.hubs(first.household).await.unwrap()[0].since, begin);
    server.stop().await;
}

#[tokio::test]
async fn a_hub_of_somebody_else_is_not_taken_away() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", true).await;
    let refused = provision(&*server.accounts, &*server.clock, &home("eve@example.org")).await;
    assert!(matches!(refused, Err(ProvisionError::Accounts(AccountsError::HubTaken))), "{refused:?}");
    server.stop().await;
}

#[test]
fn a_description_says_its_times_in_rfc_3339() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home.json");
    let text = r#"{
        "person": { "email": "a@example.org", "name": "A", "password": "x" },
        "household": { "name": "Home", "zone": "Europe/Berlin" },
        "hubs": [{ "id": "0197a3c2-0000-7000-8000-000000000001", "name": "Hub", "since": "2026-11-01T00:00:00+01:00" }]
    }"#;
    std::fs::write(&path, text).unwrap();
    let home = Home::read(&path).unwrap();
    assert_eq!(home.hubs[0].since, Some(domain::UtcMillis(1_793_487_600_000)));
    std::fs::write(&path, text.replace("Europe/Berlin", "Europe/Nowhere")).unwrap();
    assert!(Home::read(&path).is_err());
}
