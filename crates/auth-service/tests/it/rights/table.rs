use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cast::{Cast, INVITED};
use crate::server::PASSWORD;

/// An endpoint, who may use it, and with what.
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) who: Who,
    /// The status for those who may.
    pub(super) done: u16,
    pub(super) body: fn(&Cast) -> Value,
}

#[derive(Clone, Copy)]
pub(super) enum Who {
    /// Whoever asks, with whatever credentials.
    Anybody,
    /// Without credentials, or with those of a session.
    NobodyOrSomebody,
    /// Who is logged in; no program.
    Session,
    /// Members from this role on; programs with this scope.
    Household { role: &'static str, scope: &'static str, stranger: u16 },
}

const fn home(role: &'static str, scope: &'static str) -> Who {
    Who::Household { role, scope, stranger: 404 }
}

const fn row(method: &'static str, path: &'static str, who: Who, done: u16, body: fn(&Cast) -> Value) -> Row {
    Row { method, path, who, done, body }
}

fn none(_: &Cast) -> Value {
    Value::Null
}

/// Of nothing that was ever sent.
fn link(_: &Cast) -> Value {
    json!({ "secret": format!("wlt_{}", "A".repeat(43)) })
}

fn new_password(_: &Cast) -> Value {
    json!({ "secret": format!("wlt_{}", "A".repeat(43)), "password": PASSWORD })
}

fn newcomer(_: &Cast) -> Value {
    json!({ "secret": format!("wlt_{}", "A".repeat(43)), "name": "New", "password": PASSWORD })
}

fn household(cast: &Cast) -> Value {
    json!({ "household": cast.household.to_string() })
}

fn token(cast: &Cast) -> Value {
    json!({ "name": "Shelf", "household": cast.household.to_string(), "scopes": ["usage"], "password": PASSWORD })
}

fn password(_: &Cast) -> Value {
    json!({ "password": PASSWORD })
}

const NOBODYS: Who = Who::Anybody;

pub(super) const TABLE: &[Row] = &[
    row("GET", "/.well-known/jwks.json", NOBODYS, 200, none),
    row("POST", "/v1/people", NOBODYS, 202, |_| json!({ "email": "new@example.org", "name": "New" })),
    row("POST", "/v1/confirmations", NOBODYS, 404, link),
    row("POST", "/v1/password-resets", NOBODYS, 202, |_| json!({ "email": "nobody@example.org" })),
    row("POST", "/v1/new-passwords", NOBODYS, 404, new_password),
    row("POST", "/v1/invitations/look", NOBODYS, 404, link),
    row("POST", "/v1/invitations/accept", Who::NobodyOrSomebody, 404, newcomer),
    // Wrong ones too often would be another answer.
    row("POST", "/v1/sessions", NOBODYS, 422, |_| json!({ "email": "", "password": "x" })),
    row("GET", "/v1/sessions", Who::Session, 200, none),
    row("DELETE", "/v1/sessions", Who::Session, 204, none),
    row("GET", "/v1/sessions/current", Who::Session, 200, none),
    row("DELETE", "/v1/sessions/current", Who::Session, 204, none),
    row("DELETE", "/v1/sessions/{id}", Who::Session, 404, none),
    row("GET", "/v1/people/current", Who::Session, 200, none),
    row("PUT", "/v1/people/current", Who::Session, 200, |_| json!({ "name": "Another" })),
    row(
        "PUT",
        "/v1/people/current/password",
        Who::Session,
        204,
        |_| json!({ "current": PASSWORD, "new": "another password" }),
    ),
    row(
        "PUT",
        "/v1/people/current/email",
        Who::Session,
        202,
        |_| json!({ "password": PASSWORD, "email": "another@example.org" }),
    ),
    row("POST", "/v1/people/current/second-factor", Who::Session, 201, password),
    row("PUT", "/v1/people/current/second-factor", Who::Session, 422, |_| json!({ "code": "000000" })),
    row(
        "POST",
        "/v1/people/current/second-factor/removal",
        Who::Session,
        204,
        |_| json!({ "password": PASSWORD, "code": "000000" }),
    ),
    row("POST", "/v1/people/current/archive", Who::Session, 201, password),
    // Who is logged in and has not just said the password.
    row("GET", "/v1/people/current/archive", Who::Session, 403, none),
    row("GET", "/v1/people/current/archive/deeds", Who::Session, 403, none),
    row("GET", "/v1/people/current/deletion", Who::Session, 200, none),
    // The password of nobody: whoever is deleted could not be asked about again.
    row(
        "POST",
        "/v1/people/current/deletion",
        Who::Session,
        422,
        |_| json!({ "password": "wrong password", "households": [] }),
    ),
    row("GET", "/v1/providers", NOBODYS, 200, none),
    // None is set up.
    row("POST", "/v1/providers/{provider}/flows", NOBODYS, 404, |_| json!({})),
    row("POST", "/v1/providers/{provider}/answers", NOBODYS, 410, |_| json!({ "secret": "", "state": "" })),
    row("POST", "/v1/second-steps", NOBODYS, 410, |_| json!({ "secret": "", "code": "000000" })),
    row("GET", "/v1/people/current/identities", Who::Session, 200, none),
    row(
        "POST",
        "/v1/people/current/identities",
        Who::Session,
        404,
        |_| json!({ "provider": "nobody", "password": PASSWORD }),
    ),
    row("POST", "/v1/people/current/identities/{id}/removal", Who::Session, 404, password),
    row("GET", "/v1/personal-tokens", Who::Session, 200, none),
    row(
        "POST",
        "/v1/personal-tokens",
        Who::Household { role: "guest", scope: "none", stranger: 403 },
        201,
        token,
    ),
    row("DELETE", "/v1/personal-tokens/{id}", Who::Session, 404, none),
    row("POST", "/v1/tokens", Who::Household { role: "guest", scope: "any", stranger: 403 }, 200, household),
    row("POST", "/v1/households", Who::Session, 201, |_| json!({ "name": "Hut", "zone": "Europe/Oslo" })),
    row("GET", "/v1/households/{household}", home("guest", "usage"), 200, none),
    row(
        "PUT",
        "/v1/households/{household}/hubs/{hub}",
        home("member", "manage"),
        200,
        |_| json!({ "name": "Cellar", "sockets": [] }),
    ),
    row("DELETE", "/v1/households/{household}/hubs/{hub}", home("owner", "manage"), 204, none),
    row("POST", "/v1/pairings", NOBODYS, 201, |_| {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        json!({ "hub": Uuid::new_v4(), "secret_hash": hash })
    }),
    // With the secret of a hub that waits.
    row("GET", "/v1/pairings/current", NOBODYS, 401, none),
    // Who may not is told so before the name is looked at.
    row(
        "POST",
        "/v1/households/{household}/pairings",
        home("owner", "manage"),
        422,
        |_| json!({ "code": "ABCD-EFGH", "name": "" }),
    ),
    row("GET", "/v1/households/{household}/alerts", home("guest", "usage"), 200, none),
    row("POST", "/v1/households/{household}/alerts/{id}/acknowledge", home("member", "manage"), 204, none),
    row("GET", "/v1/households/{household}/settings", home("guest", "usage"), 200, none),
    // Of a revision that was never there: who may not is told so before that is looked at.
    row("PUT", "/v1/households/{household}/settings", home("member", "manage"), 409, |cast| {
        cast.settings.clone()
    }),
    row("GET", "/v1/households/{household}/members", home("member", "none"), 200, none),
    row(
        "PUT",
        "/v1/households/{household}/members/{person}",
        home("owner", "none"),
        200,
        |_| json!({ "role": "guest", "until": null }),
    ),
    row("DELETE", "/v1/households/{household}/members/{person}", home("owner", "none"), 204, none),
    row(
        "POST",
        "/v1/households/{household}/invitations",
        home("owner", "none"),
        201,
        |_| json!({ "email": INVITED, "role": "member", "until": null }),
    ),
    row("DELETE", "/v1/households/{household}/invitations/{email}", home("owner", "none"), 204, none),
    row("GET", "/v1/households/{household}/audit", home("owner", "none"), 200, none),
    // With a permit: its own test.
    row("GET", "/v1/households/{household}/archive", Who::Session, 403, none),
    row("GET", "/v1/households/{household}/deletion", home("owner", "none"), 200, none),
    row("POST", "/v1/households/{household}/deletion", home("owner", "none"), 204, password),
];
