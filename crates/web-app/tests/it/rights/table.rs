use serde_json::{Value, json};

use super::cast::Cast;

/// An endpoint, who may use it, and with what.
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Behind the path.
    pub(super) query: &'static str,
    pub(super) who: Who,
    /// The status for those who may.
    pub(super) done: u16,
    pub(super) body: fn(&Cast) -> Value,
}

#[derive(Clone, Copy)]
pub(super) enum Who {
    /// Whoever asks, with whatever credentials.
    Anybody,
    /// Without credentials, or with those of a session that is open.
    NobodyOrSomebody,
    /// Whoever has credentials, good or not: what is behind it is found by them alone.
    Holder,
    /// Who is logged in; no program.
    Session,
    /// Everybody but programs. Who is not logged in is logged out already.
    NoProgram,
    /// Members from this role on; programs with this scope.
    Household { role: &'static str, scope: &'static str, stranger: u16 },
}

/// What the auth-service answers for a household.
const fn home(role: &'static str, scope: &'static str) -> Who {
    Who::Household { role, scope, stranger: 404 }
}

/// What the read-service answers for one, for which there is a token to be had first.
const fn energy(scope: &'static str) -> Who {
    Who::Household { role: "guest", scope, stranger: 403 }
}

const fn row(method: &'static str, path: &'static str, who: Who, done: u16, body: fn(&Cast) -> Value) -> Row {
    Row { method, path, query: "", who, done, body }
}

const fn question(path: &'static str, query: &'static str, scope: &'static str) -> Row {
    Row { method: "GET", path, query, who: energy(scope), done: 200, body: none }
}

fn none(_: &Cast) -> Value {
    Value::Null
}

/// For those who get in that far there is something missing in it.
fn nothing(_: &Cast) -> Value {
    json!({})
}

/// Of nothing that was ever sent.
fn link(_: &Cast) -> Value {
    json!({ "secret": format!("wlt_{}", "A".repeat(43)) })
}

fn wrong_password(_: &Cast) -> Value {
    json!({ "password": "not the password" })
}

const HOUR: &str = "?from=2012-01-16T00:00:00Z&to=2012-01-16T01:00:00Z";

pub(super) const TABLE: &[Row] = &[
    row("GET", "/api/session", Who::Session, 200, none),
    row("POST", "/api/session", Who::Anybody, 422, nothing),
    row("DELETE", "/api/session", Who::NoProgram, 204, none),
    row("GET", "/api/households/{household}", home("guest", "usage"), 200, none),
    row("GET", "/api/households/{household}/settings", home("guest", "usage"), 200, none),
    // Of a revision that was never there: who may not is told so before that is looked at.
    row("PUT", "/api/households/{household}/settings", home("member", "manage"), 409, |cast| {
        cast.settings.clone()
    }),
    row(
        "PUT",
        "/api/households/{household}/hubs/{hub}",
        home("member", "manage"),
        200,
        |_| json!({ "name": "Cellar", "sockets": [] }),
    ),
    row("DELETE", "/api/households/{household}/hubs/{hub}", home("owner", "manage"), 204, none),
    // Who may not is told so before the name is looked at.
    row(
        "POST",
        "/api/households/{household}/pairings",
        home("owner", "manage"),
        422,
        |_| json!({ "code": "ABCD-EFGH", "name": "" }),
    ),
    row("POST", "/v1/pairings", Who::Anybody, 422, nothing),
    // With the secret of a hub that waits.
    row("GET", "/v1/pairings/current", Who::Anybody, 401, none),
    row("POST", "/api/people", Who::Anybody, 422, nothing),
    row("POST", "/api/confirmations", Who::Anybody, 422, nothing),
    row("POST", "/api/password-resets", Who::Anybody, 422, nothing),
    row("POST", "/api/new-passwords", Who::Anybody, 422, nothing),
    row("POST", "/api/invitations/look", Who::Anybody, 404, link),
    row("POST", "/api/invitations/accept", Who::NobodyOrSomebody, 422, nothing),
    row("GET", "/api/providers", Who::Anybody, 200, none),
    row("POST", "/api/people/current/identities/{id}/removal", Who::Session, 422, nothing),
    row("GET", "/api/people/current", Who::Session, 200, none),
    row("PUT", "/api/people/current", Who::Session, 200, |_| json!({ "name": "Another" })),
    row("PUT", "/api/people/current/password", Who::Session, 422, nothing),
    row("PUT", "/api/people/current/email", Who::Session, 422, nothing),
    row("POST", "/api/people/current/second-factor", Who::Session, 422, nothing),
    row("PUT", "/api/people/current/second-factor", Who::Session, 422, nothing),
    row("POST", "/api/people/current/second-factor/removal", Who::Session, 422, nothing),
    row("GET", "/api/people/current/deletion", Who::Session, 200, none),
    row("POST", "/api/people/current/deletion", Who::Session, 422, nothing),
    row("GET", "/api/sessions", Who::Session, 200, none),
    row("DELETE", "/api/sessions", Who::Session, 204, none),
    row("DELETE", "/api/sessions/{id}", Who::Session, 404, none),
    row("POST", "/api/households", Who::Session, 422, nothing),
    row("GET", "/api/households/{household}/members", home("member", "none"), 200, none),
    row(
        "PUT",
        "/api/households/{household}/members/{person}",
        home("owner", "none"),
        200,
        |_| json!({ "role": "guest", "until": null }),
    ),
    row("DELETE", "/api/households/{household}/members/{person}", home("owner", "none"), 204, none),
    row(
        "POST",
        "/api/households/{household}/invitations",
        home("owner", "none"),
        201,
        |_| json!({ "email": "invited@example.org", "role": "member", "until": null }),
    ),
    // After the row above.
    row("DELETE", "/api/households/{household}/invitations/{email}", home("owner", "none"), 204, none),
    row("GET", "/api/households/{household}/audit", home("owner", "none"), 200, none),
    row("GET", "/api/households/{household}/deletion", home("owner", "none"), 200, none),
    row("POST", "/api/households/{household}/deletion", home("owner", "none"), 422, wrong_password),
    // Who is logged in and has not just said the password.
    Row {
        method: "GET",
        path: "/api/people/current/archive",
        query: "?id=0197a3c2-0000-7000-8000-0000000000aa",
        who: Who::Session,
        done: 403,
        body: none,
    },
    row("POST", "/api/people/current/archive", Who::Session, 422, nothing),
    row("GET", "/api/people/current/archive/{id}", Who::Holder, 404, none),
    row("DELETE", "/api/people/current/archive/{id}", Who::Holder, 404, none),
    row("POST", "/api/providers/{provider}/flows", Who::Anybody, 404, nothing),
    // Back to the page, which says that it took too long.
    row("GET", "/api/providers/{provider}/answer", Who::Anybody, 303, none),
    row("GET", "/api/people/current/identities", Who::Session, 200, none),
    row("POST", "/api/people/current/identities", Who::Session, 422, nothing),
    row("POST", "/api/second-steps", Who::Anybody, 410, |_| json!({ "code": "000000" })),
    row("GET", "/api/households/{household}/alerts", home("guest", "usage"), 200, none),
    row("POST", "/api/households/{household}/alerts/{id}/acknowledge", home("member", "manage"), 204, none),
    question("/api/households/{household}/live", "", "live"),
    question("/api/households/{household}/usage", HOUR, "usage"),
    question("/api/households/{household}/sockets", HOUR, "usage"),
    question("/api/households/{household}/bills", "", "usage"),
    question("/api/households/{household}/duration", HOUR, "usage"),
    question("/api/households/{household}/today", "", "usage"),
    question("/api/households/{household}/metrics", "", "usage"),
    question("/api/households/{household}/export", HOUR, "usage"),
    row("GET", "/api/tokens", Who::Session, 200, none),
    row("POST", "/api/tokens", Who::Session, 422, nothing),
    row("DELETE", "/api/tokens/{id}", Who::Session, 404, none),
];
