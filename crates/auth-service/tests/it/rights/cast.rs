use std::collections::HashMap;
use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, phc::PasswordHash};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::access::Role;
use domain::accounts::{Credentials, Household, HubAssignment, Person, Session};
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Facts};
use domain::{HouseholdId, PersonId, UtcMillis};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::table::Row;
use crate::server::{Answer, HUB, PASSWORD, Server, hub};

pub(super) const INVITED: &str = "invited@example.org";
const DAY_MILLIS: i64 = 86_400_000;

/// Once: it takes its time on purpose.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let hash: PasswordHash = argon2::Argon2::default().hash_password(PASSWORD.as_bytes()).unwrap();
    hash.to_string()
});

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Nobody,
    /// With a session that was closed.
    Closed,
    /// With a session that has expired.
    Expired,
    /// With a personal token that was deleted.
    RevokedToken,
    /// With a personal token that has expired.
    ExpiredToken,
    /// With a token of another issuer.
    Foreign,
    /// Who is logged in, and owns another household.
    Stranger,
    /// A program with a token of an owner to read.
    UsageToken,
    /// A program with a token of an owner to change things.
    ManageToken,
    Guest,
    Member,
    Owner,
}

pub(super) const CALLERS: &[Caller] = &[
    Caller::Nobody,
    Caller::Closed,
    Caller::Expired,
    Caller::RevokedToken,
    Caller::ExpiredToken,
    Caller::Foreign,
    Caller::Stranger,
    Caller::UsageToken,
    Caller::ManageToken,
    Caller::Guest,
    Caller::Member,
    Caller::Owner,
];

/// A service with a household, and everybody who could ask it something.
pub(super) struct Cast {
    pub(super) server: Server,
    pub(super) household: HouseholdId,
    /// As they would be written once more, for a revision that never was.
    pub(super) settings: Value,
    secrets: HashMap<Caller, String>,
    /// A member whom others may change.
    target: PersonId,
    alert: AlertId,
}

impl Cast {
    pub(super) async fn gather() -> Self {
        let server = Server::with_sqlite().await;
        let (household, other) = (found(&server).await, found(&server).await);
        let mut secrets = HashMap::new();
        for (caller, household, role) in [
            (Caller::Stranger, other, Role::Owner),
            (Caller::Guest, household, Role::Guest),
            (Caller::Member, household, Role::Member),
            (Caller::Owner, household, Role::Owner),
        ] {
            let person = arrive(&server, household, role).await;
            secrets.insert(caller, session(&server, person, server.now()).await);
        }
        let target = arrive(&server, household, Role::Member).await;
        let owner = arrive(&server, household, Role::Owner).await;
        let session_of_owner = session(&server, owner, server.now()).await;

        let closed = session(&server, owner, server.now()).await;
        server.delete("/v1/sessions/current", &closed).await;
        secrets.insert(Caller::Closed, closed);
        let long_ago = server.now().plus_millis(-90 * DAY_MILLIS);
        secrets.insert(Caller::Expired, session(&server, owner, long_ago).await);
        // Signed by nobody of ours.
        secrets.insert(Caller::Foreign, "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJldmUifQ.AAAA".to_owned());

        let (id, gone) = token(&server, &session_of_owner, household, &["usage", "manage"]).await;
        server.delete(&format!("/v1/personal-tokens/{id}"), &session_of_owner).await;
        secrets.insert(Caller::RevokedToken, gone);
        secrets.insert(Caller::ExpiredToken, expired(&server, &session_of_owner, household).await);
        let (_, usage) = token(&server, &session_of_owner, household, &["usage"]).await;
        secrets.insert(Caller::UsageToken, usage);
        let (_, manage) = token(&server, &session_of_owner, household, &["manage"]).await;
        secrets.insert(Caller::ManageToken, manage);

        let alert = raise(&server, household).await;
        let path = format!("/v1/households/{household}/invitations");
        let invitation = json!({ "email": INVITED, "role": "member", "until": null });
        assert_eq!(server.post(&path, &session_of_owner, &invitation).await.status, StatusCode::CREATED);
        let path = format!("/v1/households/{household}/settings");
        let mut settings = server.get(&path, &session_of_owner).await.body;
        settings["revision"] = json!(1_000);
        Self { server, household, settings, secrets, target, alert }
    }

    pub(super) async fn ask(&self, row: &Row, caller: Caller) -> Answer {
        // Whoever asked before may have given it up.
        let (since, name) = (UtcMillis(0), "Cellar".to_owned());
        let assignment = HubAssignment { hub: hub(), household: self.household, name, since, until: None };
        self.server.accounts.assign_hub(&assignment).await.unwrap();
        let own = if row.path.contains("/alerts/") { self.alert.to_string() } else { NOBODYS_ID.to_owned() };
        let path = row
            .path
            .replace("{household}", &self.household.to_string())
            .replace("{hub}", HUB)
            .replace("{person}", &self.target.to_string())
            .replace("{email}", INVITED)
            .replace("{provider}", "nobody")
            .replace("{id}", &own);
        let method: Method = row.method.parse().unwrap();
        let mut request = self.server.request(method, &path);
        if let Some(secret) = self.secrets.get(&caller) {
            request = request.bearer_auth(secret);
        }
        let body = (row.body)(self);
        if !body.is_null() {
            request = request.json(&body);
        }
        self.server.send(request).await
    }
}

/// Of a session or a token that is not there.
const NOBODYS_ID: &str = "0197a3c2-0000-7000-8000-00000000dead";

async fn found(server: &Server) -> HouseholdId {
    let id = HouseholdId::from_bytes(rand::random());
    let zone = "Europe/Berlin".parse().unwrap();
    server.accounts.put_household(&Household { id, name: "Home".to_owned(), zone }).await.unwrap();
    id
}

async fn arrive(server: &Server, household: HouseholdId, role: Role) -> PersonId {
    let id = PersonId::from_bytes(rand::random());
    let person = Person { id, email: format!("{id}@example.org"), name: "Somebody".to_owned() };
    let credentials = Credentials { person, password_hash: HASH.clone() };
    server.accounts.create_person(&credentials).await.unwrap();
    server.accounts.put_member(household, id, role).await.unwrap();
    id
}

/// The secret of a session that lasts for thirty days.
async fn session(server: &Server, person: PersonId, created: UtcMillis) -> String {
    let secret = format!("wls_{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
    let session = Session {
        secret_hash: Sha256::digest(secret.as_bytes()).into(),
        person,
        created,
        expires: created.plus_millis(30 * DAY_MILLIS),
        client: String::new(),
        last_used: created,
    };
    server.accounts.open_session(&session).await.unwrap();
    secret
}

async fn token(server: &Server, session: &str, household: HouseholdId, scopes: &[&str]) -> (String, String) {
    let wish = json!({ "name": "Shelf", "household": household.to_string(), "scopes": scopes });
    let made = server.post("/v1/personal-tokens", session, &wish).await;
    let text = |field: &str| made.body[field].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

/// One that was good for a day, until just now.
async fn expired(server: &Server, session: &str, household: HouseholdId) -> String {
    let now = server.now();
    server.clock.set(now.plus_millis(-2 * DAY_MILLIS));
    let wish = json!({
        "name": "Shelf", "household": household.to_string(), "scopes": ["usage", "manage"], "expires_in_days": 1,
    });
    let made = server.post("/v1/personal-tokens", session, &wish).await;
    server.clock.set(now);
    made.body["token"].as_str().unwrap().to_owned()
}

async fn raise(server: &Server, household: HouseholdId) -> AlertId {
    let id = AlertId::from_bytes(rand::random());
    let now = server.now();
    let alert = Alert {
        id,
        household,
        key: AlertKey::hub(AlertKind::HubOffline, hub()),
        began: now,
        raised: now,
        ended: None,
        acknowledged: None,
        facts: Facts::default(),
    };
    assert!(server.alerts.raise(&[alert], &[]).await.unwrap());
    id
}
