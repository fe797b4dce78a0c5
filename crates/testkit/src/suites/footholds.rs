//! What every store of the accounts has to end with a password, an address or all sessions: what somebody who should not
//! be there could come back by.

mod meanwhile;

use std::time::Duration;

use domain::access::Role;
use domain::accounts::{Accounts, AccountsError, Person, Session};
use domain::identities::{Aim, Flow, Identities, Identity, IdentityId};
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens};
use domain::tickets::{Purpose, Ticket, Tickets};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::people::{at, household, nobody, person, some_email};

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The accounts, with all by which somebody gets into one: views of one store.
pub trait WaysIn: Accounts + Tickets + Identities + PersonalTokens {}

impl<T: Accounts + Tickets + Identities + PersonalTokens> WaysIn for T {}

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &impl WaysIn) {
    macro_rules! run {
        ($($case:path),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        a_password_that_is_set_ends_what_is_under_way,
        a_password_that_is_changed_ends_other_sessions_too,
        a_password_that_is_reset_ends_all_sessions_and_tokens_too,
        to_log_out_everywhere_ends_what_is_under_way,
        another_address_ends_links_to_the_one_of_before,
        a_link_resets_one_password_once,
        what_is_no_reset_link_resets_nothing,
        a_link_to_an_address_of_before_resets_nothing,
        an_address_changes_by_its_link_only,
        an_address_of_another_is_not_taken_and_the_link_stays,
        meanwhile::a_session_that_has_ended_leaves_no_way_back,
        meanwhile::who_knows_the_password_of_before_does_not_come_in,
        meanwhile::whoever_comes_at_the_same_time_as_a_reset_is_not_there_after_it,
        meanwhile::a_link_asked_for_while_all_log_out_is_none,
    );
}

/// Somebody with one of everything.
struct Settled {
    person: Person,
    reset: Ticket,
    change: Ticket,
    flows: [Flow; 2],
    sessions: [Session; 2],
    token: PersonalToken,
    identity: Identity,
}

/// What is left of it.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    /// That resets the password, and that changes the address.
    links: [bool; 2],
    flows: usize,
    sessions: [bool; 2],
    token: bool,
    identity: bool,
}

const ALL: Left = Left { links: [true; 2], flows: 2, sessions: [true; 2], token: true, identity: true };
const NOTHING_UNDER_WAY: Left = Left { links: [false; 2], flows: 0, ..ALL };

fn ticket(email: &str, purpose: Purpose) -> Ticket {
    Ticket {
        secret_hash: rand::random(),
        email: email.to_owned(),
        purpose,
        created: at(0),
        expires: at(1_000),
    }
}

async fn settle(store: &impl WaysIn) -> Settled {
    let owner = person(store, "Ada").await;
    let (id, home) = (owner.id, household(store).await);
    store.put_member(home, id, Role::Owner).await.unwrap();
    let reset = ticket(&owner.email, Purpose::Reset { person: id });
    let change = ticket(&some_email(), Purpose::ChangeEmail { person: id });
    for ticket in [&reset, &change] {
        store.put_ticket(ticket, None).await.unwrap();
    }
    let session = || Session {
        secret_hash: rand::random(),
        person: id,
        created: at(0),
        expires: at(1_000),
        client: String::new(),
        last_used: at(0),
    };
    let sessions = [session(), session()];
    for session in &sessions {
        store.open_session(session).await.unwrap();
    }
    let connect = Aim::Connect { person: id, session: sessions[0].secret_hash };
    let flow =
        |aim| Flow { secret_hash: rand::random(), provider: "home".to_owned(), aim, expires: at(1_000) };
    let flows = [connect, Aim::Code { person: id }].map(flow);
    for flow in &flows {
        store.put_flow(flow).await.unwrap();
    }
    let token = PersonalToken {
        id: PersonalTokenId::from_bytes(rand::random()),
        person: id,
        household: home,
        name: "Shelf".to_owned(),
        scopes: Vec::new(),
        secret_hash: rand::random(),
        created: at(0),
        expires: None,
        last_used: None,
    };
    assert!(store.create_token(&token, 10, None).await.unwrap());
    let identity = Identity {
        id: IdentityId::from_bytes(rand::random()),
        person: id,
        issuer: "https://id.example.org".to_owned(),
        subject: nobody().to_string(),
        label: String::new(),
        connected: at(0),
    };
    assert!(store.connect_identity(&identity, None).await.unwrap());
    Settled { person: owner, reset, change, flows, sessions, token, identity }
}

async fn left(store: &impl WaysIn, of: &Settled) -> Left {
    let is_there = async |ticket: &Ticket| store.ticket(&ticket.secret_hash, at(1)).await.unwrap().is_some();
    let mut flows = 0;
    for flow in &of.flows {
        flows += usize::from(store.flow(&flow.secret_hash, at(1)).await.unwrap().is_some());
    }
    let mut sessions = [false; 2];
    for (open, session) in sessions.iter_mut().zip(&of.sessions) {
        *open = store.session(&session.secret_hash, at(1)).await.unwrap().is_some();
    }
    Left {
        links: [is_there(&of.reset).await, is_there(&of.change).await],
        flows,
        sessions,
        token: store.use_token(&of.token.secret_hash, at(1)).await.unwrap().is_some(),
        identity: store.identities(of.person.id).await.unwrap() == [of.identity.clone()],
    }
}

async fn password_of(store: &impl WaysIn, of: &Settled) -> String {
    store.credentials_by_email(&of.person.email).await.unwrap().unwrap().password_hash
}

async fn a_password_that_is_set_ends_what_is_under_way(store: &impl WaysIn) {
    let (ada, bob) = (settle(store).await, settle(store).await);
    assert_eq!(left(store, &ada).await, ALL);
    assert!(store.set_password_hash(ada.person.id, "another").await.unwrap());
    assert_eq!(left(store, &ada).await, NOTHING_UNDER_WAY);
    assert_eq!(left(store, &bob).await, ALL);
}

async fn a_password_that_is_changed_ends_other_sessions_too(store: &impl WaysIn) {
    let (ada, bob) = (settle(store).await, settle(store).await);
    let here = ada.sessions[0].secret_hash;
    assert!(store.change_password(ada.person.id, "another", &here).await.unwrap());
    assert_eq!(password_of(store, &ada).await, "another");
    assert_eq!(left(store, &ada).await, Left { sessions: [true, false], ..NOTHING_UNDER_WAY });
    assert_eq!(left(store, &bob).await, ALL);
    // A session that has ended changes nothing, nor does one of somebody else.
    for session in [ada.sessions[1].secret_hash, bob.sessions[0].secret_hash] {
        assert!(!store.change_password(ada.person.id, "a third", &session).await.unwrap());
    }
    assert_eq!(password_of(store, &ada).await, "another");
    assert_eq!(left(store, &ada).await, Left { sessions: [true, false], ..NOTHING_UNDER_WAY });
    assert_eq!(left(store, &bob).await, ALL);
    assert!(!store.change_password(nobody(), "another", &here).await.unwrap());
}

async fn a_password_that_is_reset_ends_all_sessions_and_tokens_too(store: &impl WaysIn) {
    let (ada, bob) = (settle(store).await, settle(store).await);
    // One more, that was sent before the address was written in another way.
    let other = ticket(&some_email(), Purpose::Reset { person: ada.person.id });
    store.put_ticket(&other, None).await.unwrap();
    let reset = store.reset_password(&ada.reset.secret_hash, "another", at(1)).await.unwrap();
    assert_eq!(reset.as_ref(), Some(&ada.person));
    assert_eq!(password_of(store, &ada).await, "another");
    // Who may log in at a provider is for the person to say, who is told.
    assert_eq!(left(store, &ada).await, Left { sessions: [false; 2], token: false, ..NOTHING_UNDER_WAY });
    assert_eq!(store.ticket(&other.secret_hash, at(1)).await.unwrap(), None);
    assert_eq!(left(store, &bob).await, ALL);
}

async fn to_log_out_everywhere_ends_what_is_under_way(store: &impl WaysIn) {
    let (ada, bob) = (settle(store).await, settle(store).await);
    assert_eq!(store.close_sessions(ada.person.id).await.unwrap(), 2);
    assert_eq!(left(store, &ada).await, Left { sessions: [false; 2], ..NOTHING_UNDER_WAY });
    assert_eq!(left(store, &bob).await, ALL);
}

async fn another_address_ends_links_to_the_one_of_before(store: &impl WaysIn) {
    let (ada, bob) = (settle(store).await, settle(store).await);
    let before = store.change_email(&ada.change.secret_hash, at(1)).await.unwrap();
    assert_eq!(before.as_ref(), Some(&ada.person));
    let moved = Person { email: ada.change.email.clone(), ..ada.person.clone() };
    assert_eq!(store.person(moved.id).await.unwrap().as_ref(), Some(&moved));
    assert_eq!(store.credentials_by_email(&ada.person.email).await.unwrap(), None);
    assert_eq!(store.credentials_by_email(&moved.email).await.unwrap().unwrap().person, moved);
    assert_eq!(left(store, &ada).await, Left { links: [false; 2], ..ALL });
    assert_eq!(left(store, &bob).await, ALL);
}

async fn a_link_resets_one_password_once(store: &impl WaysIn) {
    let ada = settle(store).await;
    let wishes = (0..8).map(|n| {
        let (secret_hash, hash) = (ada.reset.secret_hash, n.to_string());
        async move { store.reset_password(&secret_hash, &hash, at(1)).await.unwrap().is_some() }
    });
    let done = join_all(wishes).await;
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    let by = done.iter().position(|done| *done).unwrap();
    assert_eq!(password_of(store, &ada).await, by.to_string());
}

async fn what_is_no_reset_link_resets_nothing(store: &impl WaysIn) {
    let ada = settle(store).await;
    for (secret_hash, now) in
        [(ada.change.secret_hash, at(1)), (rand::random(), at(1)), (ada.reset.secret_hash, at(1_000))]
    {
        assert_eq!(store.reset_password(&secret_hash, "another", now).await.unwrap(), None);
    }
    assert_eq!(password_of(store, &ada).await, "hash");
    assert_eq!(left(store, &ada).await, ALL);
}

async fn a_link_to_an_address_of_before_resets_nothing(store: &impl WaysIn) {
    let ada = settle(store).await;
    let old = ticket(&some_email(), Purpose::Reset { person: ada.person.id });
    store.put_ticket(&old, None).await.unwrap();
    assert_eq!(store.reset_password(&old.secret_hash, "another", at(1)).await.unwrap(), None);
    assert_eq!(password_of(store, &ada).await, "hash");
    assert_eq!(left(store, &ada).await, ALL);
}

async fn an_address_changes_by_its_link_only(store: &impl WaysIn) {
    let ada = settle(store).await;
    for (secret_hash, now) in
        [(ada.reset.secret_hash, at(1)), (rand::random(), at(1)), (ada.change.secret_hash, at(1_000))]
    {
        assert_eq!(store.change_email(&secret_hash, now).await.unwrap(), None);
    }
    assert_eq!(store.person(ada.person.id).await.unwrap().as_ref(), Some(&ada.person));
    assert_eq!(left(store, &ada).await, ALL);
    // The address of somebody is free for them.
    let same = ticket(&ada.person.email, Purpose::ChangeEmail { person: ada.person.id });
    store.put_ticket(&same, None).await.unwrap();
    assert_eq!(store.change_email(&same.secret_hash, at(1)).await.unwrap().as_ref(), Some(&ada.person));
    assert_eq!(store.change_email(&same.secret_hash, at(1)).await.unwrap(), None);
}

async fn an_address_of_another_is_not_taken_and_the_link_stays(store: &impl WaysIn) {
    let (ada, bob) = (settle(store).await, settle(store).await);
    let taken = ticket(&bob.person.email, Purpose::ChangeEmail { person: ada.person.id });
    store.put_ticket(&taken, None).await.unwrap();
    let refused = store.change_email(&taken.secret_hash, at(1)).await;
    assert!(matches!(refused, Err(AccountsError::EmailTaken)), "{refused:?}");
    assert_eq!(store.person(ada.person.id).await.unwrap().as_ref(), Some(&ada.person));
    assert_eq!(store.person(bob.person.id).await.unwrap().as_ref(), Some(&bob.person));
    assert_eq!(store.ticket(&taken.secret_hash, at(1)).await.unwrap(), Some(taken));
    assert_eq!(left(store, &ada).await, ALL);
}
