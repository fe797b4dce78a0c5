use domain::access::Role;
use futures_util::future::join;

use super::{People, at, home, member, nobody, owners, person};

/// Who comes first is a matter of luck, so it is tried so many times.
const ROUNDS: usize = 16;

pub(super) async fn an_owner_changes_who_is_there(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    store.admit(household.id, ada.id, Role::Guest, Some(at(10)), nobody(), at(0)).await.unwrap();
    let change = async |role, until, now| {
        store.change_member(household.id, ada.id, role, until, olga.id, now).await.unwrap()
    };
    assert!(change(Role::Guest, Some(at(100)), at(9)).await);
    let expected = [member(&olga, Role::Owner, None), member(&ada, Role::Guest, Some(at(100)))];
    assert_eq!(store.members(household.id, at(50)).await.unwrap(), expected);
    assert!(!change(Role::Member, None, at(100)).await, "whose time is over is no member");
    assert!(change(Role::Member, None, at(99)).await);
    assert_eq!(owners(store, household.id).await, [olga.id]);
}

pub(super) async fn nobody_else_changes_anybody(store: &impl People) {
    let ((household, olga), (other, oscar)) = (home(store).await, home(store).await);
    let (ada, bob) = (person(store, "Ada").await, person(store, "Bob").await);
    store.admit(household.id, ada.id, Role::Member, None, nobody(), at(0)).await.unwrap();
    let before = store.members(household.id, at(0)).await.unwrap();
    for by in [ada.id, bob.id, oscar.id, nobody()] {
        for person in [ada.id, olga.id] {
            let role = Role::Owner;
            assert!(!store.change_member(household.id, person, role, None, by, at(0)).await.unwrap());
        }
    }
    for (household, person) in [(household.id, bob.id), (household.id, nobody()), (other.id, ada.id)] {
        let role = Role::Owner;
        assert!(!store.change_member(household, person, role, None, olga.id, at(0)).await.unwrap());
    }
    assert_eq!(store.members(household.id, at(0)).await.unwrap(), before);
}

pub(super) async fn who_is_removed_does_not_come_back_by_what_was_under_way(store: &impl People) {
    for _ in 0..ROUNDS {
        let (household, olga) = home(store).await;
        let eve = person(store, "Eve").await;
        store.admit(household.id, eve.id, Role::Owner, None, nobody(), at(0)).await.unwrap();
        let stay = store.change_member(household.id, eve.id, Role::Owner, None, eve.id, at(0));
        let (gone, stayed) = join(store.dismiss(household.id, eve.id, olga.id, at(0)), stay).await;
        assert!(gone.unwrap());
        stayed.unwrap();
        assert_eq!(owners(store, household.id).await, [olga.id]);
    }
}
