use domain::access::Role;
use domain::accounts::AccountsError;
use futures_util::future::join_all;

use super::{People, at, home, household, member, nobody, owners, person};

fn is_refused<T: std::fmt::Debug>(answer: &Result<T, AccountsError>) -> bool {
    matches!(answer, Err(AccountsError::LastOwner))
}

pub(super) async fn an_owner_has_no_end(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    store.admit(household.id, ada.id, Role::Guest, None, nobody(), at(0)).await.unwrap();
    for person in [&olga, &ada] {
        let refused = store.admit(household.id, person.id, Role::Owner, Some(at(100)), nobody(), at(0)).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    }
    let unchanged = [member(&olga, Role::Owner, None), member(&ada, Role::Guest, None)];
    assert_eq!(store.members(household.id, at(0)).await.unwrap(), unchanged);
}

pub(super) async fn the_last_owner_is_not_dismissed(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    store.admit(household.id, ada.id, Role::Member, None, nobody(), at(0)).await.unwrap();
    // To own another household is nothing to this one.
    let (other, _) = home(store).await;
    store.admit(other.id, olga.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
    let refused = store.dismiss(household.id, olga.id, nobody(), at(0)).await;
    assert!(is_refused(&refused), "{refused:?}");
    assert_eq!(owners(store, household.id).await, [olga.id]);
    assert!(store.dismiss(household.id, ada.id, nobody(), at(0)).await.unwrap());
}

pub(super) async fn the_last_owner_does_not_become_a_member(store: &impl People) {
    let (household, olga) = home(store).await;
    for (role, until) in [(Role::Member, None), (Role::Guest, Some(at(100)))] {
        let refused = store.admit(household.id, olga.id, role, until, nobody(), at(0)).await;
        assert!(is_refused(&refused), "{refused:?}");
    }
    store.admit(household.id, olga.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
    assert_eq!(owners(store, household.id).await, [olga.id]);
}

pub(super) async fn an_owner_leaves_where_another_stays(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    store.admit(household.id, ada.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
    store.admit(household.id, olga.id, Role::Guest, Some(at(100)), nobody(), at(0)).await.unwrap();
    assert_eq!(owners(store, household.id).await, [ada.id]);
    assert!(is_refused(&store.dismiss(household.id, ada.id, nobody(), at(0)).await));
    store.admit(household.id, olga.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
    assert!(store.dismiss(household.id, ada.id, nobody(), at(0)).await.unwrap());
    assert_eq!(owners(store, household.id).await, [olga.id]);
}

/// Who comes between two others is a matter of luck, so it is tried so many times.
const ROUNDS: usize = 16;

pub(super) async fn of_two_owners_who_leave_at_once_one_stays(store: &impl People) {
    for _ in 0..ROUNDS {
        let (household, olga) = home(store).await;
        let ada = person(store, "Ada").await;
        store.admit(household.id, ada.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
        let leaving = [&olga, &ada].map(|owner| store.dismiss(household.id, owner.id, nobody(), at(0)));
        let answers = join_all(leaving).await;
        let left = answers.iter().filter(|answer| matches!(answer, Ok(true))).count();
        let refused = answers.iter().filter(|answer| is_refused(answer)).count();
        assert_eq!((left, refused), (1, 1), "{answers:?}");
        assert_eq!(owners(store, household.id).await.len(), 1);
    }
}

pub(super) async fn of_two_owners_who_step_down_at_once_one_stays(store: &impl People) {
    for round in 0..ROUNDS {
        let (household, olga) = home(store).await;
        let ada = person(store, "Ada").await;
        store.admit(household.id, ada.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
        let steps_down = store.admit(household.id, olga.id, Role::Member, None, nobody(), at(0));
        let other = async {
            if round % 2 == 0 {
                store.admit(household.id, ada.id, Role::Guest, Some(at(100)), nobody(), at(0)).await
            } else {
                store.dismiss(household.id, ada.id, nobody(), at(0)).await.map(|_| ())
            }
        };
        let (one, other) = futures_util::future::join(steps_down, other).await;
        assert!(is_refused(&one) != is_refused(&other), "{one:?}, {other:?}");
        assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
        assert_eq!(owners(store, household.id).await.len(), 1);
    }
}

pub(super) async fn where_nobody_owns_anybody_may_come_and_go(store: &impl People) {
    let household = household(store).await;
    let (ada, bob) = (person(store, "Ada").await, person(store, "Bob").await);
    for person in [&ada, &bob] {
        store.admit(household, person.id, Role::Guest, None, nobody(), at(0)).await.unwrap();
    }
    assert!(store.dismiss(household, bob.id, nobody(), at(0)).await.unwrap());
    store.admit(household, ada.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
    assert!(is_refused(&store.dismiss(household, ada.id, nobody(), at(0)).await));
}
