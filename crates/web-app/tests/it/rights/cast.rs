use std::cell::Cell;
use std::collections::HashMap;

use domain::access::Role;
use domain::accounts::{Accounts as _, Credentials, Household, HubAssignment, Person, Session};
use domain::alerts::{AlertId, AlertKind};
use domain::{Clock as _, HouseholdId, PersonId, UtcMillis};
use reqwest::header::COOKIE;
use reqwest::{Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::table::Row;
use crate::world::{EMAIL, PASSWORD, World, hub};

const DAY_MILLIS: i64 = 86_400_000;
/// Of something that is not there.
const NOBODYS_ID: &str = "0197a3c2-0000-7000-8000-00000000dead";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Nobody,
    /// With the cookie of a session that was closed.
    Closed,
    /// Who is logged in, and owns another household.
    Stranger,
    /// A program with a token of the owner to read.
    UsageToken,
    /// A program with a token of the owner to watch.
    LiveToken,
    /// A program with a token of the owner to change things.
    ManageToken,
    Guest,
    Member,
    /// A page of another site, in the browser of the owner.
    AnotherSite,
    Owner,
}

pub(super) const CALLERS: &[Caller] = &[
    Caller::Nobody,
    Caller::Closed,
    Caller::Stranger,
    Caller::UsageToken,
    Caller::LiveToken,
    Caller::ManageToken,
    Caller::Guest,
    Caller::Member,
    Caller::AnotherSite,
    Caller::Owner,
];

/// The three services with a household, and everybody who could ask something.
pub(super) struct Cast {
    pub(super) world: World,
    /// As they would be written once more, for a revision that never was.
    pub(super) settings: Value,
    http: reqwest::Client,
    people: HashMap<Caller, PersonId>,
    tokens: HashMap<Caller, String>,
    alert: AlertId,
    sessions: Cell<u32>,
}

impl Cast {
    pub(super) async fn gather() -> Self {
        let world = World::start().await;
        let Credentials { person: owner, password_hash } =
            world.accounts.credentials_by_email(EMAIL).await.unwrap().unwrap();
        let other = HouseholdId::from_bytes([9; 16]);
        let zone = "Europe/Berlin".parse().unwrap();
        let household = Household { id: other, name: "Other".to_owned(), zone };
        world.accounts.put_household(&household).await.unwrap();
        let mut people = HashMap::from([(Caller::Owner, owner.id)]);
        for (number, caller, household, role) in [
            (1, Caller::Stranger, other, Role::Owner),
            (2, Caller::Guest, world.household, Role::Guest),
            (3, Caller::Member, world.household, Role::Member),
        ] {
            let person = arrive(&world, number, &password_hash).await;
            world.accounts.put_member(household, person, role).await.unwrap();
            people.insert(caller, person);
        }
        arrive(&world, TARGET, &password_hash).await;

        let cookie = world.log_in().await;
        let mut tokens = HashMap::new();
        for (caller, scope) in
            [(Caller::UsageToken, "usage"), (Caller::LiveToken, "live"), (Caller::ManageToken, "manage")]
        {
            let wish = json!({
                "name": "Shelf", "household": world.household.to_string(), "scopes": [scope],
                "password": PASSWORD,
            });
            let request = world.request(Method::POST, "/api/tokens").header(COOKIE, &cookie);
            let made: Value = request.json(&wish).send().await.unwrap().json().await.unwrap();
            tokens.insert(caller, made["token"].as_str().unwrap().to_owned());
        }
        let mut settings = world.get(&world.path("/settings"), &cookie).await.body;
        settings["revision"] = json!(1_000);
        let alert = world.raise([7; 16], AlertKind::HubOffline).await;
        let http = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { world, settings, http, people, tokens, alert, sessions: Cell::new(0) }
    }

    pub(super) async fn ask(&self, row: &Row, caller: Caller) -> Response {
        self.restore().await;
        let own = if row.path.contains("/alerts/") { self.alert.to_string() } else { NOBODYS_ID.to_owned() };
        let path = row
            .path
            .replace("{household}", &self.world.household.to_string())
            .replace("{hub}", &hub().to_string())
            .replace("{person}", &person(TARGET).to_string())
            .replace("{email}", "invited@example.org")
            .replace("{provider}", "nobody")
            .replace("{id}", &own);
        let method: Method = row.method.parse().unwrap();
        let request = self.http.request(method, format!("{}{path}{}", self.world.web.url, row.query));
        let body = (row.body)(self);
        let request = if body.is_null() { request } else { request.json(&body) };
        self.with_credentials(request, caller).await.send().await.unwrap()
    }

    /// What whoever asked before may have undone.
    async fn restore(&self) {
        let (household, accounts) = (self.world.household, &self.world.accounts);
        let (since, name) = (UtcMillis(0), "Cellar".to_owned());
        let assignment = HubAssignment { hub: hub(), household, name, since, until: None };
        accounts.assign_hub(&assignment).await.unwrap();
        accounts.put_member(household, person(TARGET), Role::Member).await.unwrap();
    }

    async fn with_credentials(&self, request: RequestBuilder, caller: Caller) -> RequestBuilder {
        if let Some(token) = self.tokens.get(&caller) {
            return request.bearer_auth(token);
        }
        let person = match caller {
            Caller::Nobody => return request,
            Caller::Closed | Caller::AnotherSite => self.people[&Caller::Owner],
            _ => self.people[&caller],
        };
        let secret = self.session(person).await;
        if caller == Caller::Closed {
            self.world.accounts.close_session(&hash(&secret)).await.unwrap();
        }
        let request = request.header(COOKIE, format!("wattline_session={secret}"));
        if caller == Caller::AnotherSite { request.header("sec-fetch-site", "cross-site") } else { request }
    }

    /// The secret of a new one: whoever asked before may have closed theirs.
    async fn session(&self, person: PersonId) -> String {
        self.sessions.set(self.sessions.get() + 1);
        let secret = format!("wls_{:0>42}A", self.sessions.get());
        let created = self.world.clock.now();
        let session = Session {
            secret_hash: hash(&secret),
            person,
            created,
            expires: created.plus_millis(30 * DAY_MILLIS),
            client: String::new(),
            last_used: created,
        };
        self.world.accounts.open_session(&session).await.unwrap();
        secret
    }
}

/// A member whom others may change.
const TARGET: u8 = 4;

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

async fn arrive(world: &World, number: u8, password_hash: &str) -> PersonId {
    let id = person(number);
    let person = Person { id, email: format!("{number}@example.org"), name: "Somebody".to_owned() };
    let credentials = Credentials { person, password_hash: password_hash.to_owned() };
    world.accounts.create_person(&credentials).await.unwrap();
    id
}
