//! What every store of members has to keep.

mod changing;
mod founding;
mod invitations;
mod owners;

use std::time::Duration;

use domain::access::Role;
use domain::accounts::{Accounts, AccountsError, Household, Membership, Person};
use domain::audit::Audit;
use domain::members::{Member, Members};
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens};
use domain::tickets::Tickets;
use domain::{HouseholdId, PersonId, UtcMillis};
use tokio::time::timeout;

use super::people::{at, household, nobody, nowhere, person, some_email, some_household};

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The members, with what is theirs: views of one store.
pub trait People: Accounts + Members + PersonalTokens + Tickets + Audit {}

impl<T: Accounts + Members + PersonalTokens + Tickets + Audit> People for T {}

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &impl People) {
    macro_rules! run {
        ($($case:path),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        members_come_by_role_and_name,
        what_is_unknown_is_not_found,
        somebody_is_admitted_and_then_something_else,
        a_membership_is_none_from_its_end_on,
        another_role_without_an_end_has_none,
        a_membership_needs_both_sides,
        a_membership_ends_with_its_tokens,
        a_purge_forgets_ended_memberships_only,
        changing::an_owner_changes_who_is_there,
        changing::nobody_else_changes_anybody,
        changing::who_is_removed_does_not_come_back_by_what_was_under_way,
        owners::an_owner_has_no_end,
        owners::the_last_owner_is_not_dismissed,
        owners::the_last_owner_does_not_become_a_member,
        owners::an_owner_leaves_where_another_stays,
        owners::of_two_owners_who_leave_at_once_one_stays,
        owners::of_two_owners_who_step_down_at_once_one_stays,
        owners::where_nobody_owns_anybody_may_come_and_go,
        invitations::an_invitation_makes_members_and_is_written_down,
        invitations::an_invitation_is_no_way_to_lose_a_role,
        invitations::what_is_no_invitation_lets_nobody_in,
        invitations::where_the_address_is_somebodys_the_invitation_stays,
        invitations::of_many_who_accept_an_invitation_one_does,
        invitations::who_is_no_owner_any_more_invites_nobody,
        invitations::an_invitation_needs_an_owner_when_it_is_accepted,
        founding::a_household_is_founded_with_its_owner,
        founding::nobody_founds_more_than_allowed,
        founding::only_what_somebody_owns_counts,
        founding::of_several_founded_at_once_no_more_than_allowed_are,
        founding::a_household_is_founded_once,
        founding::nobody_founds_nothing,
    );
}

/// A household with its only owner.
async fn home(store: &impl People) -> (Household, Person) {
    let (household, owner) = (some_household(), person(store, "Olga").await);
    assert!(store.found_household(&household, owner.id, 1, at(0)).await.unwrap());
    (household, owner)
}

fn member(person: &Person, role: Role, until: Option<UtcMillis>) -> Member {
    Member { person: person.clone(), role, until }
}

async fn owners(store: &impl People, household: HouseholdId) -> Vec<PersonId> {
    let members = store.members(household, at(0)).await.unwrap();
    members.into_iter().filter(|one| one.role == Role::Owner).map(|one| one.person.id).collect()
}

async fn members_come_by_role_and_name(store: &impl People) {
    let (household, olga) = home(store).await;
    let mut expected = vec![member(&olga, Role::Owner, None)];
    for (name, role) in
        [("Zoë", Role::Owner), ("Ada", Role::Guest), ("Bob", Role::Member), ("Zed", Role::Guest)]
    {
        let person = person(store, name).await;
        let until = (role == Role::Guest).then(|| at(1_000));
        store.admit(household.id, person.id, role, until, nobody(), at(0)).await.unwrap();
        expected.push(member(&person, role, until));
    }
    let elsewhere = home(store).await;
    assert_eq!(store.members(household.id, at(0)).await.unwrap(), expected);
    assert_eq!(
        store.members(elsewhere.0.id, at(0)).await.unwrap(),
        [member(&elsewhere.1, Role::Owner, None)]
    );
}

async fn what_is_unknown_is_not_found(store: &impl People) {
    let (household, _) = home(store).await;
    assert_eq!(store.members(nowhere(), at(0)).await.unwrap(), []);
    for (household, person) in
        [(household.id, nobody()), (nowhere(), nobody()), (household.id, person(store, "Ada").await.id)]
    {
        assert!(!store.dismiss(household, person, nobody(), at(0)).await.unwrap());
    }
}

async fn somebody_is_admitted_and_then_something_else(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    for (role, until) in [
        (Role::Guest, Some(at(10))),
        (Role::Guest, Some(at(20))),
        (Role::Member, None),
        (Role::Owner, None),
        (Role::Member, Some(at(30))),
    ] {
        store.admit(household.id, ada.id, role, until, nobody(), at(0)).await.unwrap();
        let mut expected = [member(&olga, Role::Owner, None), member(&ada, role, until)];
        if role == Role::Owner {
            // By name.
            expected.swap(0, 1);
        }
        assert_eq!(store.members(household.id, at(0)).await.unwrap(), expected);
        let membership = Membership { household: household.clone(), role, until };
        assert_eq!(store.memberships(ada.id, at(0)).await.unwrap(), [membership]);
    }
    assert!(store.dismiss(household.id, ada.id, nobody(), at(0)).await.unwrap());
    assert!(!store.dismiss(household.id, ada.id, nobody(), at(0)).await.unwrap());
    assert_eq!(store.memberships(ada.id, at(0)).await.unwrap(), []);
    assert_eq!(store.members(household.id, at(0)).await.unwrap(), [member(&olga, Role::Owner, None)]);
}

async fn a_membership_is_none_from_its_end_on(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    store.admit(household.id, ada.id, Role::Member, Some(at(100)), nobody(), at(0)).await.unwrap();
    assert_eq!(store.members(household.id, at(99)).await.unwrap().len(), 2);
    assert_eq!(store.memberships(ada.id, at(99)).await.unwrap()[0].until, Some(at(100)));
    assert_eq!(store.members(household.id, at(100)).await.unwrap(), [member(&olga, Role::Owner, None)]);
    assert_eq!(store.memberships(ada.id, at(100)).await.unwrap(), []);
    // It may go on.
    store.admit(household.id, ada.id, Role::Member, Some(at(200)), nobody(), at(0)).await.unwrap();
    assert_eq!(store.members(household.id, at(100)).await.unwrap().len(), 2);
}

async fn another_role_without_an_end_has_none(store: &impl People) {
    let (household, _) = home(store).await;
    let ada = person(store, "Ada").await;
    for role in [Role::Member, Role::Owner] {
        store.admit(household.id, ada.id, Role::Guest, Some(at(100)), nobody(), at(0)).await.unwrap();
        store.put_member(household.id, ada.id, role).await.unwrap();
        let membership = Membership { household: household.clone(), role, until: None };
        assert_eq!(store.memberships(ada.id, at(100)).await.unwrap(), [membership]);
    }
}

async fn a_membership_needs_both_sides(store: &impl People) {
    let (household, _) = home(store).await;
    let ada = person(store, "Ada").await;
    for (household, person) in [(household.id, nobody()), (nowhere(), ada.id)] {
        for role in [Role::Owner, Role::Guest] {
            let refused = store.admit(household, person, role, None, nobody(), at(0)).await;
            assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
        }
    }
}

async fn token(store: &impl People, household: HouseholdId, person: PersonId) -> PersonalToken {
    let token = PersonalToken {
        id: PersonalTokenId::from_bytes(rand::random()),
        person,
        household,
        name: "Regal".to_owned(),
        scopes: Vec::new(),
        secret_hash: rand::random(),
        created: at(0),
        expires: None,
        last_used: None,
    };
    assert!(store.create_token(&token, 10, None).await.unwrap());
    token
}

async fn a_membership_ends_with_its_tokens(store: &impl People) {
    let ((home, _), (other, _)) = (home(store).await, home(store).await);
    let ada = person(store, "Ada").await.id;
    for household in [home.id, other.id] {
        store.admit(household, ada, Role::Member, None, nobody(), at(0)).await.unwrap();
    }
    let gone = token(store, home.id, ada).await;
    let kept = token(store, other.id, ada).await;
    assert!(store.dismiss(home.id, ada, nobody(), at(0)).await.unwrap());
    assert_eq!(store.use_token(&gone.secret_hash, at(0)).await.unwrap(), None);
    assert_eq!(store.tokens(ada).await.unwrap(), [kept]);
}

async fn a_purge_forgets_ended_memberships_only(store: &impl People) {
    // Decades before the memberships of the other cases, which it must not touch.
    let then = UtcMillis(1_000);
    let (household, olga) = home(store).await;
    let (ended, running) = (person(store, "Ada").await, person(store, "Bob").await);
    store.admit(household.id, ended.id, Role::Guest, Some(then), nobody(), at(0)).await.unwrap();
    store
        .admit(household.id, running.id, Role::Guest, Some(then.plus_millis(1)), nobody(), at(0))
        .await
        .unwrap();
    token(store, household.id, ended.id).await;
    assert_eq!(store.purge_members(then).await.unwrap(), 1);
    assert_eq!(store.purge_members(then).await.unwrap(), 0);
    let left = [member(&olga, Role::Owner, None), member(&running, Role::Guest, Some(then.plus_millis(1)))];
    assert_eq!(store.members(household.id, UtcMillis(0)).await.unwrap(), left);
    assert_eq!(store.tokens(ended.id).await.unwrap(), []);
    assert!(store.dismiss(household.id, running.id, nobody(), at(0)).await.unwrap());
}
