use domain::accounts::{Accounts, AccountsError, SESSIONS_AT_MOST, Session, USE_STEP_MILLIS};
use domain::{PersonId, UtcMillis};

use super::{at, bytes, person};

/// Not used since it was opened.
fn session(person: PersonId, created: UtcMillis, expires: UtcMillis) -> Session {
    let client = "Käsekästchen/7.0 (Linux)".to_owned();
    Session { secret_hash: rand::random(), person, created, expires, client, last_used: created }
}

pub(super) async fn a_session_is_open_until_it_expires(accounts: &dyn Accounts) {
    let session = session(person(accounts).await, at(0), at(1_000));
    accounts.open_session(&session).await.unwrap();
    assert_eq!(accounts.session(&session.secret_hash, at(999)).await.unwrap().as_ref(), Some(&session));
    assert_eq!(accounts.session(&session.secret_hash, at(1_000)).await.unwrap(), None);
}

pub(super) async fn a_closed_session_is_gone(accounts: &dyn Accounts) {
    let person = person(accounts).await;
    let (closed, other) = (session(person, at(0), at(1_000)), session(person, at(0), at(1_000)));
    accounts.open_session(&closed).await.unwrap();
    accounts.open_session(&other).await.unwrap();
    assert!(accounts.close_session(&closed.secret_hash).await.unwrap());
    assert!(!accounts.close_session(&closed.secret_hash).await.unwrap());
    assert_eq!(accounts.session(&closed.secret_hash, at(1)).await.unwrap(), None);
    assert_eq!(accounts.session(&other.secret_hash, at(1)).await.unwrap(), Some(other));
}

pub(super) async fn a_purge_forgets_expired_sessions_only(accounts: &dyn Accounts) {
    // Decades before the sessions of the other cases, which it must not touch.
    let then = UtcMillis(1_000);
    let person = person(accounts).await;
    let expired = session(person, UtcMillis(0), then);
    let open = session(person, UtcMillis(0), then.plus_millis(1));
    accounts.open_session(&expired).await.unwrap();
    accounts.open_session(&open).await.unwrap();
    assert_eq!(accounts.purge_sessions(then).await.unwrap(), 1);
    assert_eq!(accounts.purge_sessions(then).await.unwrap(), 0);
    assert!(!accounts.close_session(&expired.secret_hash).await.unwrap());
    assert!(accounts.close_session(&open.secret_hash).await.unwrap());
}

pub(super) async fn a_session_needs_a_person(accounts: &dyn Accounts) {
    let refused = accounts.open_session(&session(PersonId::from_bytes(bytes()), at(0), at(1))).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
}

async fn opened(accounts: &dyn Accounts, person: PersonId, created: UtcMillis) -> Session {
    let session = session(person, created, at(100 * USE_STEP_MILLIS));
    accounts.open_session(&session).await.unwrap();
    session
}

pub(super) async fn a_use_is_written_down_once_an_hour(accounts: &dyn Accounts) {
    let somebody = person(accounts).await;
    let session = opened(accounts, somebody, at(5)).await;
    for (now, written) in [
        (6, at(5)),
        (4 + USE_STEP_MILLIS, at(5)),
        (5 + USE_STEP_MILLIS, at(5 + USE_STEP_MILLIS)),
        (6 + USE_STEP_MILLIS, at(5 + USE_STEP_MILLIS)),
    ] {
        let used = Session { last_used: written, ..session.clone() };
        let seen = accounts.session(&session.secret_hash, at(now)).await.unwrap();
        assert_eq!(seen.as_ref(), Some(&used), "{now}");
        assert_eq!(accounts.sessions(somebody, at(now)).await.unwrap(), [used], "{now}");
    }
}

pub(super) async fn a_use_does_not_go_back_in_time(accounts: &dyn Accounts) {
    let somebody = person(accounts).await;
    let session = opened(accounts, somebody, at(0)).await;
    let late = at(10 * USE_STEP_MILLIS);
    accounts.session(&session.secret_hash, late).await.unwrap();
    accounts.session(&session.secret_hash, at(USE_STEP_MILLIS)).await.unwrap().unwrap();
    assert_eq!(accounts.sessions(somebody, late).await.unwrap()[0].last_used, late);
}

pub(super) async fn a_use_of_one_session_is_none_of_another(accounts: &dyn Accounts) {
    let somebody = person(accounts).await;
    let (used, other) = (opened(accounts, somebody, at(1)).await, opened(accounts, somebody, at(0)).await);
    let now = at(2 * USE_STEP_MILLIS);
    accounts.session(&used.secret_hash, now).await.unwrap();
    let used = Session { last_used: now, ..used };
    assert_eq!(accounts.sessions(somebody, now).await.unwrap(), [used, other]);
}

pub(super) async fn open_sessions_are_listed_latest_first(accounts: &dyn Accounts) {
    let somebody = person(accounts).await;
    opened(accounts, person(accounts).await, at(0)).await;
    assert_eq!(accounts.sessions(somebody, at(0)).await.unwrap(), []);
    let second = opened(accounts, somebody, at(2)).await;
    let third = Session { client: String::new(), ..session(somebody, at(3), at(10)) };
    accounts.open_session(&third).await.unwrap();
    let first = opened(accounts, somebody, at(1)).await;
    assert_eq!(accounts.sessions(somebody, at(9)).await.unwrap(), [third, second.clone(), first.clone()]);
    assert_eq!(accounts.sessions(somebody, at(10)).await.unwrap(), [second, first]);
}

pub(super) async fn all_sessions_are_closed(accounts: &dyn Accounts) {
    let somebody = person(accounts).await;
    let foreign = opened(accounts, person(accounts).await, at(0)).await;
    for n in 0..2 {
        opened(accounts, somebody, at(n)).await;
    }
    assert_eq!(accounts.close_sessions(somebody).await.unwrap(), 2);
    assert_eq!(accounts.close_sessions(somebody).await.unwrap(), 0);
    assert_eq!(accounts.sessions(somebody, at(3)).await.unwrap(), []);
    assert!(accounts.session(&foreign.secret_hash, at(3)).await.unwrap().is_some());
}

pub(super) async fn of_many_sessions_those_used_last_stay_open(accounts: &dyn Accounts) {
    let (somebody, other) = (person(accounts).await, person(accounts).await);
    let elsewhere = opened(accounts, other, at(0)).await;
    let mut all = Vec::new();
    for n in 0..i64::from(SESSIONS_AT_MOST) {
        all.push(opened(accounts, somebody, at(n)).await);
    }
    // The oldest is in use, so the second oldest goes.
    let now = at(2 * USE_STEP_MILLIS);
    assert!(accounts.session(&all[0].secret_hash, now).await.unwrap().is_some());
    let last = session(somebody, now, at(100 * USE_STEP_MILLIS));
    accounts.open_session(&last).await.unwrap();
    let open = accounts.sessions(somebody, now).await.unwrap();
    assert_eq!(open.len(), SESSIONS_AT_MOST as usize);
    assert_eq!(open[0].secret_hash, last.secret_hash);
    assert!(open.iter().any(|one| one.secret_hash == all[0].secret_hash));
    assert!(open.iter().all(|one| one.secret_hash != all[1].secret_hash));
    assert_eq!(accounts.sessions(other, now).await.unwrap(), [elsewhere]);
}
