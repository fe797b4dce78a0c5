//! What was begun before the end and comes after it: a password takes its time to be looked at.

use domain::accounts::{AccountsError, Session};
use domain::identities::{Identity, IdentityId};
use domain::personal_tokens::{PersonalToken, PersonalTokenId};
use domain::tickets::{Purpose, Ticket};
use futures_util::future::join;

use super::{NOTHING_UNDER_WAY, Settled, WaysIn, at, left, nobody, settle, some_email, ticket};

/// Who comes first is a matter of luck, so it is tried so many times.
const ROUNDS: usize = 16;

/// One more of everything that leaves a way back.
struct Another {
    change: Ticket,
    token: PersonalToken,
    identity: Identity,
}

impl Another {
    fn of(settled: &Settled) -> Self {
        Self {
            change: ticket(&some_email(), Purpose::ChangeEmail { person: settled.person.id }),
            token: PersonalToken {
                id: PersonalTokenId::from_bytes(rand::random()),
                secret_hash: rand::random(),
                ..settled.token.clone()
            },
            identity: Identity {
                id: IdentityId::from_bytes(rand::random()),
                subject: nobody().to_string(),
                ..settled.identity.clone()
            },
        }
    }

    /// How each of them is taken.
    async fn ask(&self, store: &impl WaysIn, session: &Session) -> [Result<(), AccountsError>; 3] {
        let session = Some(&session.secret_hash);
        [
            store.put_ticket(&self.change, session).await,
            store.create_token(&self.token, 10, session).await.map(drop),
            store.connect_identity(&self.identity, session).await.map(drop),
        ]
    }

    async fn is_there(&self, store: &impl WaysIn) -> [bool; 3] {
        let connected = store.identities(self.identity.person).await.unwrap();
        [
            store.ticket(&self.change.secret_hash, at(1)).await.unwrap().is_some(),
            store.use_token(&self.token.secret_hash, at(1)).await.unwrap().is_some(),
            connected.contains(&self.identity),
        ]
    }
}

fn session_of(settled: &Settled) -> Session {
    Session { secret_hash: rand::random(), ..settled.sessions[0].clone() }
}

pub(super) async fn a_session_that_has_ended_leaves_no_way_back(store: &impl WaysIn) {
    let (ada, bob) = (settle(store).await, settle(store).await);
    let another = Another::of(&ada);
    // Nor does one of somebody else.
    assert!(store.close_session(&ada.sessions[1].secret_hash).await.unwrap());
    for session in [&ada.sessions[1], &bob.sessions[0]] {
        for answer in another.ask(store, session).await {
            assert!(matches!(answer, Err(AccountsError::LoggedOut)), "{answer:?}");
        }
    }
    assert_eq!(another.is_there(store).await, [false; 3]);
    for answer in another.ask(store, &ada.sessions[0]).await {
        answer.unwrap();
    }
    assert_eq!(another.is_there(store).await, [true; 3]);
}

pub(super) async fn who_knows_the_password_of_before_does_not_come_in(store: &impl WaysIn) {
    let ada = settle(store).await;
    let (early, late, right) = (session_of(&ada), session_of(&ada), session_of(&ada));
    assert!(store.log_in(&early, "hash").await.unwrap());
    assert!(store.session(&early.secret_hash, at(1)).await.unwrap().is_some());
    assert!(store.set_password_hash(ada.person.id, "another").await.unwrap());
    assert!(!store.log_in(&late, "hash").await.unwrap());
    assert_eq!(store.session(&late.secret_hash, at(1)).await.unwrap(), None);
    assert!(store.log_in(&right, "another").await.unwrap());
    let strange = Session { person: nobody(), ..session_of(&ada) };
    assert!(!store.log_in(&strange, "hash").await.unwrap());
}

pub(super) async fn whoever_comes_at_the_same_time_as_a_reset_is_not_there_after_it(store: &impl WaysIn) {
    for _ in 0..ROUNDS {
        let ada = settle(store).await;
        let (another, session) = (Another::of(&ada), session_of(&ada));
        let reset = store.reset_password(&ada.reset.secret_hash, "another", at(1));
        let come = join(store.log_in(&session, "hash"), another.ask(store, &ada.sessions[0]));
        let (reset, (logged_in, _)) = join(reset, come).await;
        assert!(reset.unwrap().is_some());
        logged_in.unwrap();
        assert_eq!(store.session(&session.secret_hash, at(1)).await.unwrap(), None);
        // Who may log in at a provider is for the person to say, who is told.
        assert_eq!(another.is_there(store).await[..2], [false; 2]);
    }
}

pub(super) async fn a_link_asked_for_while_all_log_out_is_none(store: &impl WaysIn) {
    for _ in 0..ROUNDS {
        let ada = settle(store).await;
        let another = Another::of(&ada);
        let ask = store.put_ticket(&another.change, Some(&ada.sessions[0].secret_hash));
        let (closed, _) = join(store.close_sessions(ada.person.id), ask).await;
        assert_eq!(closed.unwrap(), 2);
        assert!(!another.is_there(store).await[0]);
        let expected = super::Left { sessions: [false; 2], ..NOTHING_UNDER_WAY };
        assert_eq!(left(store, &ada).await, expected);
    }
}
