//! What every store of the accounts has to keep.

mod hubs;
mod sessions;

use std::time::Duration;

use domain::access::Role;
use domain::accounts::{Accounts, AccountsError, Credentials, Household, Membership, Person};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use tokio::time::timeout;

use super::people::nobody;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs every case. The cases do not get in one another's way, so one store serves them all, and a store that
/// went through the suite before is as good as a fresh one.
pub async fn run_all(accounts: &dyn Accounts) {
    macro_rules! run {
        ($($case:path),* $(,)?) => {
            $(timeout(PATIENCE, $case(accounts)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        it_is_ready,
        a_person_is_found_by_email_and_id,
        an_email_address_belongs_to_one_person,
        a_password_hash_is_replaced,
        a_name_is_replaced,
        what_is_unknown_is_not_found,
        sessions::a_session_is_open_until_it_expires,
        sessions::a_closed_session_is_gone,
        sessions::a_purge_forgets_expired_sessions_only,
        sessions::a_session_needs_a_person,
        sessions::a_use_is_written_down_once_an_hour,
        sessions::a_use_does_not_go_back_in_time,
        sessions::a_use_of_one_session_is_none_of_another,
        sessions::open_sessions_are_listed_latest_first,
        sessions::of_many_sessions_those_used_last_stay_open,
        sessions::all_sessions_are_closed,
        a_household_is_created_and_replaced,
        memberships_come_by_name_with_the_latest_role,
        a_membership_needs_both_sides,
        hubs::assigning_again_replaces_name_and_start,
        hubs::a_hub_in_another_household_is_taken,
        hubs::a_released_hub_may_move_but_not_back_in_time,
        hubs::a_household_takes_its_hub_back,
        hubs::only_its_household_releases_a_hub,
        hubs::a_release_before_the_start_forgets_the_assignment,
        hubs::hubs_come_oldest_first,
        hubs::of_many_who_want_a_hub_one_gets_it,
        hubs::an_assignment_has_a_length_and_a_household,
        hubs::labels_are_replaced_as_a_whole,
        hubs::labels_belong_to_one_household,
        hubs::refused_labels_change_nothing,
    );
}

fn bytes() -> [u8; 16] {
    rand::random()
}

fn at(millis: i64) -> UtcMillis {
    UtcMillis(1_800_000_000_000 + millis)
}

fn somebody() -> Credentials {
    let id = PersonId::from_bytes(bytes());
    Credentials {
        person: Person { id, email: format!("{id}@example.org"), name: "Zoë Müller".to_owned() },
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA".to_owned(),
    }
}

async fn created(accounts: &dyn Accounts) -> Credentials {
    let credentials = somebody();
    accounts.create_person(&credentials).await.unwrap();
    credentials
}

async fn person(accounts: &dyn Accounts) -> PersonId {
    created(accounts).await.person.id
}

fn some_household(name: &str) -> Household {
    Household {
        id: HouseholdId::from_bytes(bytes()),
        name: name.to_owned(),
        zone: "Europe/Berlin".parse().unwrap(),
    }
}

async fn household(accounts: &dyn Accounts) -> HouseholdId {
    let household = some_household("Home");
    accounts.put_household(&household).await.unwrap();
    household.id
}

async fn it_is_ready(accounts: &dyn Accounts) {
    accounts.ready().await.unwrap();
}

async fn a_person_is_found_by_email_and_id(accounts: &dyn Accounts) {
    let credentials = somebody();
    accounts.create_person(&credentials).await.unwrap();
    let found = accounts.credentials_by_email(&credentials.person.email).await.unwrap();
    assert_eq!(found.as_ref(), Some(&credentials));
    assert_eq!(accounts.person(credentials.person.id).await.unwrap(), Some(credentials.person));
}

async fn an_email_address_belongs_to_one_person(accounts: &dyn Accounts) {
    let first = somebody();
    accounts.create_person(&first).await.unwrap();
    let mut second = somebody();
    second.person.email.clone_from(&first.person.email);
    let refused = accounts.create_person(&second).await;
    assert!(matches!(refused, Err(AccountsError::EmailTaken)), "{refused:?}");
    assert_eq!(accounts.person(second.person.id).await.unwrap(), None);
    assert_eq!(accounts.credentials_by_email(&first.person.email).await.unwrap(), Some(first));
}

async fn a_password_hash_is_replaced(accounts: &dyn Accounts) {
    let credentials = somebody();
    accounts.create_person(&credentials).await.unwrap();
    assert!(accounts.set_password_hash(credentials.person.id, "another").await.unwrap());
    let found = accounts.credentials_by_email(&credentials.person.email).await.unwrap().unwrap();
    assert_eq!(found.password_hash, "another");
    assert!(!accounts.set_password_hash(PersonId::from_bytes(bytes()), "another").await.unwrap());
}

async fn a_name_is_replaced(accounts: &dyn Accounts) {
    let Credentials { person, .. } = created(accounts).await;
    assert!(accounts.set_name(person.id, "Zoë Schmidt").await.unwrap());
    let renamed = Person { name: "Zoë Schmidt".to_owned(), ..person };
    assert_eq!(accounts.person(renamed.id).await.unwrap(), Some(renamed));
    assert!(!accounts.set_name(PersonId::from_bytes(bytes()), "Nobody").await.unwrap());
}

async fn what_is_unknown_is_not_found(accounts: &dyn Accounts) {
    let person = PersonId::from_bytes(bytes());
    let household = HouseholdId::from_bytes(bytes());
    let hub = HubId::from_bytes(bytes());
    assert_eq!(accounts.credentials_by_email("nobody@example.org").await.unwrap(), None);
    assert_eq!(accounts.person(person).await.unwrap(), None);
    assert_eq!(accounts.session(&rand::random(), at(0)).await.unwrap(), None);
    assert!(!accounts.close_session(&rand::random()).await.unwrap());
    assert_eq!(accounts.sessions(person, at(0)).await.unwrap(), []);
    assert_eq!(accounts.close_sessions(person).await.unwrap(), 0);
    assert_eq!(accounts.household(household).await.unwrap(), None);
    assert_eq!(accounts.memberships(person, at(0)).await.unwrap(), []);
    assert_eq!(accounts.hubs(household).await.unwrap(), []);
    assert_eq!(accounts.sockets(household, hub).await.unwrap(), []);
    assert!(!accounts.release_hub(household, hub, nobody(), at(0)).await.unwrap());
}

async fn a_household_is_created_and_replaced(accounts: &dyn Accounts) {
    let mut household = some_household("Home");
    accounts.put_household(&household).await.unwrap();
    assert_eq!(accounts.household(household.id).await.unwrap().as_ref(), Some(&household));
    household.name = format!("{}, sweet home", household.name);
    household.zone = "Australia/Lord_Howe".parse().unwrap();
    accounts.put_household(&household).await.unwrap();
    assert_eq!(accounts.household(household.id).await.unwrap(), Some(household));
}

async fn memberships_come_by_name_with_the_latest_role(accounts: &dyn Accounts) {
    let somebody = person(accounts).await;
    let (zebra, aardvark) = (some_household("Zebra"), some_household("Aardvark"));
    for household in [&zebra, &aardvark] {
        accounts.put_household(household).await.unwrap();
        accounts.put_member(household.id, somebody, Role::Guest).await.unwrap();
        accounts.put_member(household.id, person(accounts).await, Role::Owner).await.unwrap();
    }
    accounts.put_member(zebra.id, somebody, Role::Member).await.unwrap();
    assert_eq!(
        accounts.memberships(somebody, at(0)).await.unwrap(),
        [
            Membership { household: aardvark, role: Role::Guest, until: None },
            Membership { household: zebra, role: Role::Member, until: None },
        ]
    );
}

async fn a_membership_needs_both_sides(accounts: &dyn Accounts) {
    let person = person(accounts).await;
    let household = household(accounts).await;
    for (household, person) in
        [(household, PersonId::from_bytes(bytes())), (HouseholdId::from_bytes(bytes()), person)]
    {
        let refused = accounts.put_member(household, person, Role::Owner).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    }
}
