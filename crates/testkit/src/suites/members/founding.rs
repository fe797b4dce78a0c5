use domain::access::Role;
use domain::accounts::{AccountsError, Household, Membership};
use futures_util::future::join_all;

use super::{People, at, home, member, nobody, person, some_household};

pub(super) async fn a_household_is_founded_with_its_owner(store: &impl People) {
    let (household, olga) = home(store).await;
    assert_eq!(store.household(household.id).await.unwrap().as_ref(), Some(&household));
    assert_eq!(store.members(household.id, at(0)).await.unwrap(), [member(&olga, Role::Owner, None)]);
    let membership = Membership { household, role: Role::Owner, until: None };
    assert_eq!(store.memberships(olga.id, at(0)).await.unwrap(), [membership]);
}

pub(super) async fn nobody_founds_more_than_allowed(store: &impl People) {
    let ada = person(store, "Ada").await.id;
    assert!(store.found_household(&some_household(), ada, 2, at(0)).await.unwrap());
    assert!(store.found_household(&some_household(), ada, 2, at(0)).await.unwrap());
    let (third, bob) = (some_household(), person(store, "Bob").await.id);
    assert!(!store.found_household(&third, ada, 2, at(0)).await.unwrap());
    assert_eq!(store.household(third.id).await.unwrap(), None);
    assert_eq!(store.memberships(ada, at(0)).await.unwrap().len(), 2);
    assert!(store.found_household(&third, bob, 2, at(0)).await.unwrap());
    assert!(!store.found_household(&some_household(), bob, 0, at(0)).await.unwrap());
}

pub(super) async fn only_what_somebody_owns_counts(store: &impl People) {
    let ada = person(store, "Ada").await.id;
    for role in [Role::Guest, Role::Member] {
        store.admit(home(store).await.0.id, ada, role, None, nobody(), at(0)).await.unwrap();
    }
    let founded = some_household();
    assert!(store.found_household(&founded, ada, 1, at(0)).await.unwrap());
    assert!(!store.found_household(&some_household(), ada, 1, at(0)).await.unwrap());
    store.admit(founded.id, person(store, "Bob").await.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
    store.dismiss(founded.id, ada, nobody(), at(0)).await.unwrap();
    assert!(store.found_household(&some_household(), ada, 1, at(0)).await.unwrap());
}

pub(super) async fn of_several_founded_at_once_no_more_than_allowed_are(store: &impl People) {
    // Who comes between two others is a matter of luck.
    for _ in 0..16 {
        let ada = person(store, "Ada").await.id;
        let homes = [some_household(), some_household(), some_household()];
        let wishes = homes.each_ref().map(|home| store.found_household(home, ada, 1, at(0)));
        let made: Vec<_> = join_all(wishes).await.into_iter().map(Result::unwrap).collect();
        let founded = made.iter().filter(|made| **made).count();
        assert_eq!((founded, store.memberships(ada, at(0)).await.unwrap().len()), (1, 1));
    }
}

pub(super) async fn a_household_is_founded_once(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await.id;
    let again = Household { name: "Mine".to_owned(), ..household.clone() };
    for person in [ada, olga.id] {
        let refused = store.found_household(&again, person, 10, at(0)).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(store.members(household.id, at(0)).await.unwrap(), [member(&olga, Role::Owner, None)]);
    assert_eq!(store.household(household.id).await.unwrap(), Some(household));
}

pub(super) async fn nobody_founds_nothing(store: &impl People) {
    let household = some_household();
    let refused = store.found_household(&household, nobody(), 10, at(0)).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    assert_eq!(store.household(household.id).await.unwrap(), None);
}
