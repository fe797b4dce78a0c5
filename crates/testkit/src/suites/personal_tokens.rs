//! What every store of personal access tokens has to keep.

use std::time::Duration;

use domain::access::{Role, Scope};
use domain::accounts::{Accounts, AccountsError, Credentials, Household, Person};
use domain::members::Members;
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens, USE_STEP_MILLIS};
use domain::{HouseholdId, PersonId, UtcMillis};
use tokio::time::timeout;

use super::people::nobody;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
const MANY: u32 = 50;

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &(impl Accounts + Members + PersonalTokens)) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        a_token_is_found_by_its_secret_and_listed,
        what_is_unknown_is_not_found,
        a_token_is_valid_until_it_expires,
        a_use_is_written_down_once_a_minute,
        a_use_does_not_go_back_in_time,
        only_the_person_deletes_a_token,
        a_purge_forgets_expired_tokens_only,
        nobody_has_more_than_allowed,
        of_many_made_at_once_no_more_than_allowed_are,
        a_token_needs_a_membership,
        another_role_leaves_the_token_alone,
        where_the_membership_has_ended_the_token_is_not_valid,
        a_secret_belongs_to_one_token,
    );
}

fn at(millis: i64) -> UtcMillis {
    UtcMillis(1_800_000_000_000 + millis)
}

/// A member of a household.
struct Member {
    person: PersonId,
    household: HouseholdId,
}

impl Member {
    async fn new(store: &impl Accounts) -> Self {
        let member = Self {
            person: PersonId::from_bytes(rand::random()),
            household: HouseholdId::from_bytes(rand::random()),
        };
        let person = Person {
            id: member.person,
            email: format!("{}@example.org", member.person),
            name: "Zoë".to_owned(),
        };
        let household =
            Household { id: member.household, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
        store.create_person(&Credentials { person, password_hash: "hash".to_owned() }).await.unwrap();
        store.put_household(&household).await.unwrap();
        store.put_member(member.household, member.person, Role::Member).await.unwrap();
        member
    }

    fn token(&self, created: UtcMillis) -> PersonalToken {
        PersonalToken {
            id: PersonalTokenId::from_bytes(rand::random()),
            person: self.person,
            household: self.household,
            name: "Küche".to_owned(),
            scopes: vec![Scope::Usage, Scope::Manage],
            secret_hash: rand::random(),
            created,
            expires: None,
            last_used: None,
        }
    }

    async fn with_token(&self, store: &impl PersonalTokens) -> PersonalToken {
        let token = self.token(at(0));
        assert!(store.create_token(&token, MANY, None).await.unwrap());
        token
    }
}

async fn a_token_is_found_by_its_secret_and_listed(store: &(impl Accounts + PersonalTokens)) {
    let (ada, bob) = (Member::new(store).await, Member::new(store).await);
    let later = PersonalToken { expires: Some(at(9_000)), scopes: Scope::ALL.to_vec(), ..ada.token(at(2)) };
    let sooner = PersonalToken { scopes: vec![Scope::Live], ..ada.token(at(1)) };
    for token in [&later, &sooner] {
        assert!(store.create_token(token, MANY, None).await.unwrap());
    }
    assert_eq!(store.tokens(ada.person).await.unwrap(), [sooner, later.clone()]);
    assert_eq!(store.tokens(bob.person).await.unwrap(), []);
    let used = PersonalToken { last_used: Some(at(10)), ..later };
    assert_eq!(store.use_token(&used.secret_hash, at(10)).await.unwrap(), Some(used));
}

async fn what_is_unknown_is_not_found(store: &(impl Accounts + PersonalTokens)) {
    let person = PersonId::from_bytes(rand::random());
    assert_eq!(store.use_token(&rand::random(), at(0)).await.unwrap(), None);
    assert_eq!(store.tokens(person).await.unwrap(), []);
    assert!(!store.delete_token(person, PersonalTokenId::from_bytes(rand::random()), at(5)).await.unwrap());
}

async fn a_token_is_valid_until_it_expires(store: &(impl Accounts + PersonalTokens)) {
    let ada = Member::new(store).await;
    let token = PersonalToken { expires: Some(at(1_000)), ..ada.token(at(0)) };
    store.create_token(&token, MANY, None).await.unwrap();
    assert!(store.use_token(&token.secret_hash, at(999)).await.unwrap().is_some());
    assert_eq!(store.use_token(&token.secret_hash, at(1_000)).await.unwrap(), None);
    let endless = ada.with_token(store).await;
    assert!(store.use_token(&endless.secret_hash, UtcMillis(i64::MAX)).await.unwrap().is_some());
}

async fn last_used(store: &impl PersonalTokens, ada: &Member) -> Option<UtcMillis> {
    store.tokens(ada.person).await.unwrap()[0].last_used
}

async fn a_use_is_written_down_once_a_minute(store: &(impl Accounts + PersonalTokens)) {
    let ada = Member::new(store).await;
    let token = ada.with_token(store).await;
    assert_eq!(last_used(store, &ada).await, None);
    for (now, written) in [
        (5, at(5)),
        (6, at(5)),
        (4 + USE_STEP_MILLIS, at(5)),
        (5 + USE_STEP_MILLIS, at(5 + USE_STEP_MILLIS)),
        (6 + USE_STEP_MILLIS, at(5 + USE_STEP_MILLIS)),
    ] {
        let used = store.use_token(&token.secret_hash, at(now)).await.unwrap().unwrap();
        assert_eq!(used.last_used, Some(written), "{now}");
        assert_eq!(last_used(store, &ada).await, Some(written), "{now}");
    }
}

async fn a_use_does_not_go_back_in_time(store: &(impl Accounts + PersonalTokens)) {
    let ada = Member::new(store).await;
    let token = ada.with_token(store).await;
    let late = at(10 * USE_STEP_MILLIS);
    store.use_token(&token.secret_hash, late).await.unwrap();
    store.use_token(&token.secret_hash, at(0)).await.unwrap().unwrap();
    assert_eq!(last_used(store, &ada).await, Some(late));
}

async fn only_the_person_deletes_a_token(store: &(impl Accounts + PersonalTokens)) {
    let (ada, bob) = (Member::new(store).await, Member::new(store).await);
    let (token, other) = (ada.with_token(store).await, ada.with_token(store).await);
    assert!(!store.delete_token(bob.person, token.id, at(5)).await.unwrap());
    assert!(store.use_token(&token.secret_hash, at(1)).await.unwrap().is_some());
    assert!(store.delete_token(ada.person, token.id, at(5)).await.unwrap());
    assert!(!store.delete_token(ada.person, token.id, at(5)).await.unwrap());
    assert_eq!(store.use_token(&token.secret_hash, at(1)).await.unwrap(), None);
    assert_eq!(store.tokens(ada.person).await.unwrap(), [other]);
}

async fn a_purge_forgets_expired_tokens_only(store: &(impl Accounts + PersonalTokens)) {
    // Decades before the tokens of the other cases, which it must not touch.
    let then = UtcMillis(1_000);
    let ada = Member::new(store).await;
    let expired = PersonalToken { expires: Some(then), ..ada.token(UtcMillis(0)) };
    let valid = PersonalToken { expires: Some(then.plus_millis(1)), ..ada.token(UtcMillis(1)) };
    let endless = ada.token(UtcMillis(2));
    for token in [&expired, &valid, &endless] {
        store.create_token(token, MANY, None).await.unwrap();
    }
    assert_eq!(store.tokens(ada.person).await.unwrap().len(), 3);
    assert_eq!(store.purge_tokens(then).await.unwrap(), 1);
    assert_eq!(store.purge_tokens(then).await.unwrap(), 0);
    assert_eq!(store.tokens(ada.person).await.unwrap(), [valid.clone(), endless]);
    assert!(store.delete_token(ada.person, valid.id, at(5)).await.unwrap());
}

async fn nobody_has_more_than_allowed(store: &(impl Accounts + PersonalTokens)) {
    let (ada, bob) = (Member::new(store).await, Member::new(store).await);
    let first = ada.token(at(0));
    assert!(store.create_token(&first, 2, None).await.unwrap());
    assert!(store.create_token(&ada.token(at(1)), 2, None).await.unwrap());
    assert!(!store.create_token(&ada.token(at(2)), 2, None).await.unwrap());
    assert_eq!(store.tokens(ada.person).await.unwrap().len(), 2);
    assert!(store.create_token(&bob.token(at(2)), 2, None).await.unwrap());
    assert!(store.delete_token(ada.person, first.id, at(5)).await.unwrap());
    assert!(store.create_token(&ada.token(at(3)), 2, None).await.unwrap());
}

async fn of_many_made_at_once_no_more_than_allowed_are(store: &(impl Accounts + PersonalTokens)) {
    let ada = Member::new(store).await;
    let wishes = (0..8).map(|n| {
        let token = ada.token(at(n));
        async move { store.create_token(&token, 3, None).await.unwrap() }
    });
    let made = futures_util::future::join_all(wishes).await.into_iter().filter(|made| *made).count();
    assert_eq!((made, store.tokens(ada.person).await.unwrap().len()), (3, 3));
}

async fn a_token_needs_a_membership(store: &(impl Accounts + PersonalTokens)) {
    let (ada, bob) = (Member::new(store).await, Member::new(store).await);
    let elsewhere = PersonalToken { household: bob.household, ..ada.token(at(0)) };
    let nobody = PersonalToken { person: PersonId::from_bytes(rand::random()), ..ada.token(at(0)) };
    for token in [elsewhere, nobody] {
        let refused = store.create_token(&token, MANY, None).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
        assert_eq!(store.use_token(&token.secret_hash, at(1)).await.unwrap(), None);
    }
}

async fn another_role_leaves_the_token_alone(store: &(impl Accounts + PersonalTokens)) {
    let ada = Member::new(store).await;
    let token = ada.with_token(store).await;
    store.put_member(ada.household, ada.person, Role::Guest).await.unwrap();
    assert_eq!(store.tokens(ada.person).await.unwrap(), [token]);
}

async fn where_the_membership_has_ended_the_token_is_not_valid(
    store: &(impl Accounts + Members + PersonalTokens),
) {
    let ada = Member::new(store).await;
    let token = ada.with_token(store).await;
    store.admit(ada.household, ada.person, Role::Guest, Some(at(1_000)), nobody(), at(0)).await.unwrap();
    assert!(store.use_token(&token.secret_hash, at(999)).await.unwrap().is_some());
    assert_eq!(store.use_token(&token.secret_hash, at(1_000 + USE_STEP_MILLIS)).await.unwrap(), None);
    // That was no use of it.
    assert_eq!(last_used(store, &ada).await, Some(at(999)));
    // Before the end it is the same membership, and after it another one, whose tokens are to be made anew.
    store.admit(ada.household, ada.person, Role::Guest, Some(at(2_000)), nobody(), at(999)).await.unwrap();
    assert!(store.use_token(&token.secret_hash, at(1_000)).await.unwrap().is_some());
    store.admit(ada.household, ada.person, Role::Guest, Some(at(9_000)), nobody(), at(2_000)).await.unwrap();
    assert_eq!(store.use_token(&token.secret_hash, at(2_001)).await.unwrap(), None);
    assert_eq!(store.tokens(ada.person).await.unwrap(), []);
}

async fn a_secret_belongs_to_one_token(store: &(impl Accounts + PersonalTokens)) {
    let ada = Member::new(store).await;
    let token = ada.with_token(store).await;
    let twin = PersonalToken { secret_hash: token.secret_hash, ..ada.token(at(1)) };
    let refused = store.create_token(&twin, MANY, None).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    assert_eq!(store.tokens(ada.person).await.unwrap(), [token]);
}
