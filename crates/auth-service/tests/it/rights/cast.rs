use std::collections::HashMap;
use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, phc::PasswordHash};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::access::{AUDIENCE, ISSUER, Role, Scope};
use domain::accounts::{Credentials, Household, HubAssignment, Person, Session};
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Facts};
use domain::identities::{Identity, IdentityId};
use domain::personal_tokens::{PersonalToken, PersonalTokenId};
use domain::{HouseholdId, PersonId, UtcMillis};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::foreign;
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
    /// With a token that another issuer has signed, and that says all that ours would.
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
    pub(super) secrets: HashMap<Caller, String>,
    /// Who [`Caller::Owner`] is.
    pub(super) owner: PersonId,
    /// Of whoever is a stranger here.
    pub(super) other: HouseholdId,
    /// A member whom others may change.
    target: PersonId,
    pub(super) targets: Belongings,
    pub(super) alert: AlertId,
}

/// What is the target's alone: nobody else sees it, or ends it.
pub(super) struct Belongings {
    pub(super) session: String,
    pub(super) session_id: String,
    pub(super) token_id: String,
    pub(super) identity_id: String,
}

impl Cast {
    pub(super) async fn gather() -> Self {
        let server = Server::with_sqlite().await;
        let (household, other) = (found(&server).await, found(&server).await);
        let (mut secrets, mut people) = (HashMap::new(), HashMap::new());
        for (caller, household, role) in [
            (Caller::Stranger, other, Role::Owner),
            (Caller::Guest, household, Role::Guest),
            (Caller::Member, household, Role::Member),
            (Caller::Owner, household, Role::Owner),
        ] {
            let person = arrive(&server, household, role).await;
            secrets.insert(caller, session(&server, person, server.now()).await);
            people.insert(caller, person);
        }
        let target = arrive(&server, household, Role::Member).await;
        let owner = arrive(&server, household, Role::Owner).await;
        let session_of_owner = session(&server, owner, server.now()).await;

        let closed = session(&server, owner, server.now()).await;
        server.delete("/v1/sessions/current", &closed).await;
        secrets.insert(Caller::Closed, closed);
        let long_ago = server.now().plus_millis(-90 * DAY_MILLIS);
        secrets.insert(Caller::Expired, session(&server, owner, long_ago).await);
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": people[&Caller::Owner], "iat": server.now().secs(),
            "exp": server.now().secs() + 600, "household": household, "role": "owner", "zone": "Europe/Berlin",
            "hubs": [], "scope": "usage live manage",
        });
        secrets.insert(Caller::Foreign, foreign::signed(&claims, "theirs"));

        let (read, change) = ([Scope::Usage], [Scope::Manage]);
        let (both, soon) = ([Scope::Usage, Scope::Manage], server.now().plus_millis(DAY_MILLIS));
        let (_, expired) = token(&server, owner, household, &both, server.now()).await;
        secrets.insert(Caller::ExpiredToken, expired);
        let (id, gone) = token(&server, owner, household, &both, soon).await;
        server.delete(&format!("/v1/personal-tokens/{id}"), &session_of_owner).await;
        secrets.insert(Caller::RevokedToken, gone);
        for (caller, scopes) in [(Caller::UsageToken, read), (Caller::ManageToken, change)] {
            secrets.insert(caller, token(&server, owner, household, &scopes, soon).await.1);
        }

        let alert = raise(&server, household).await;
        let path = format!("/v1/households/{household}/invitations");
        let invitation = json!({ "email": INVITED, "role": "member", "until": null });
        assert_eq!(server.post(&path, &session_of_owner, &invitation).await.status, StatusCode::CREATED);
        let path = format!("/v1/households/{household}/settings");
        let mut settings = server.get(&path, &session_of_owner).await.body;
        settings["revision"] = json!(1_000);
        let targets = belongings(&server, target, household).await;
        let owner = people[&Caller::Owner];
        Self { server, household, settings, secrets, owner, other, target, targets, alert }
    }

    pub(super) async fn ask(&self, row: &Row, caller: Caller) -> Answer {
        // Whoever asked before may have given it up.
        let (since, name) = (UtcMillis(0), "Cellar".to_owned());
        let assignment = HubAssignment { hub: hub(), household: self.household, name, since, until: None };
        self.server.accounts.assign_hub(&assignment).await.unwrap();
        // Of somebody else, but for the alert.
        let id = match row.path.split('/').nth(2) {
            Some("sessions") => self.targets.session_id.clone(),
            Some("personal-tokens") => self.targets.token_id.clone(),
            Some("people") => self.targets.identity_id.clone(),
            _ => self.alert.to_string(),
        };
        let path = row
            .path
            .replace("{household}", &self.household.to_string())
            .replace("{hub}", HUB)
            .replace("{person}", &self.target.to_string())
            .replace("{email}", INVITED)
            .replace("{provider}", "nobody")
            .replace("{id}", &id);
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

async fn belongings(server: &Server, person: PersonId, household: HouseholdId) -> Belongings {
    let secret = session(server, person, server.now()).await;
    let soon = server.now().plus_millis(DAY_MILLIS);
    let (token_id, _) = token(server, person, household, &[Scope::Usage], soon).await;
    let id = IdentityId::from_bytes(rand::random());
    let identity = Identity {
        id,
        person,
        issuer: "https://id.example.org".to_owned(),
        subject: "target".to_owned(),
        label: String::new(),
        connected: server.now(),
    };
    assert!(server.identities.connect_identity(&identity, None).await.unwrap());
    let sessions = server.get("/v1/sessions", &secret).await.body;
    let session_id = sessions["sessions"][0]["id"].as_str().unwrap().to_owned();
    Belongings { session: secret, session_id, token_id, identity_id: id.to_string() }
}

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

/// The id and the secret of one that ends then. Without the password: it takes its time on purpose.
async fn token(
    server: &Server,
    person: PersonId,
    household: HouseholdId,
    scopes: &[Scope],
    expires: UtcMillis,
) -> (String, String) {
    let id = PersonalTokenId::from_bytes(rand::random());
    let secret = format!("wlp_{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
    let token = PersonalToken {
        id,
        person,
        household,
        name: "Shelf".to_owned(),
        scopes: scopes.to_vec(),
        secret_hash: Sha256::digest(secret.as_bytes()).into(),
        created: expires.plus_millis(-DAY_MILLIS),
        expires: Some(expires),
        last_used: None,
    };
    assert!(server.personal_tokens.create_token(&token, 50, None).await.unwrap());
    (id.to_string(), secret)
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
