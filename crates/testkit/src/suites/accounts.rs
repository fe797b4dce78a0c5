//! What every store of the accounts has to keep.

use std::time::Duration;

use domain::access::Role;
use domain::accounts::{
    Accounts, AccountsError, Credentials, Household, HubAssignment, Membership, Person, Session, SocketLabel,
};
use domain::{HouseholdId, HubId, PersonId, SocketNumber, UtcMillis};
use tokio::time::timeout;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs every case. The cases do not get in one another's way, so one store serves them all, and a store that
/// went through the suite before is as good as a fresh one.
pub async fn run_all(accounts: &dyn Accounts) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(accounts)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        it_is_ready,
        a_person_is_found_by_email_and_id,
        an_email_address_belongs_to_one_person,
        a_password_hash_is_replaced,
        what_is_unknown_is_not_found,
        a_session_is_open_until_it_expires,
        a_closed_session_is_gone,
        a_purge_forgets_expired_sessions_only,
        a_session_needs_a_person,
        a_household_is_created_and_replaced,
        memberships_come_by_name_with_the_latest_role,
        a_membership_needs_both_sides,
        assigning_again_replaces_name_and_start,
        a_hub_in_another_household_is_taken,
        a_released_hub_may_move_but_not_back_in_time,
        a_household_takes_its_hub_back,
        only_its_household_releases_a_hub,
        a_release_before_the_start_forgets_the_assignment,
        hubs_come_oldest_first,
        of_many_who_want_a_hub_one_gets_it,
        an_assignment_has_a_length_and_a_household,
        labels_are_replaced_as_a_whole,
        labels_belong_to_one_household,
        refused_labels_change_nothing,
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

async fn person(accounts: &dyn Accounts) -> PersonId {
    let credentials = somebody();
    accounts.create_person(&credentials).await.unwrap();
    credentials.person.id
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

fn session(person: PersonId, created: UtcMillis, expires: UtcMillis) -> Session {
    Session { secret_hash: rand::random(), person, created, expires }
}

fn assignment(hub: HubId, household: HouseholdId, since: UtcMillis) -> HubAssignment {
    HubAssignment { hub, household, name: "Cellar".to_owned(), since, until: None }
}

fn label(number: u8, name: &str) -> SocketLabel {
    let number = SocketNumber::new(number).unwrap();
    SocketLabel { number, name: name.to_owned(), room: None, icon: None, hidden: false }
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

async fn what_is_unknown_is_not_found(accounts: &dyn Accounts) {
    let person = PersonId::from_bytes(bytes());
    let household = HouseholdId::from_bytes(bytes());
    let hub = HubId::from_bytes(bytes());
    assert_eq!(accounts.credentials_by_email("nobody@example.org").await.unwrap(), None);
    assert_eq!(accounts.person(person).await.unwrap(), None);
    assert_eq!(accounts.session(&rand::random(), at(0)).await.unwrap(), None);
    assert!(!accounts.close_session(&rand::random()).await.unwrap());
    assert_eq!(accounts.household(household).await.unwrap(), None);
    assert_eq!(accounts.memberships(person).await.unwrap(), []);
    assert_eq!(accounts.hubs(household).await.unwrap(), []);
    assert_eq!(accounts.sockets(household, hub).await.unwrap(), []);
    assert!(!accounts.release_hub(household, hub, at(0)).await.unwrap());
}

async fn a_session_is_open_until_it_expires(accounts: &dyn Accounts) {
    let session = session(person(accounts).await, at(0), at(1_000));
    accounts.open_session(&session).await.unwrap();
    assert_eq!(accounts.session(&session.secret_hash, at(999)).await.unwrap().as_ref(), Some(&session));
    assert_eq!(accounts.session(&session.secret_hash, at(1_000)).await.unwrap(), None);
}

async fn a_closed_session_is_gone(accounts: &dyn Accounts) {
    let person = person(accounts).await;
    let (closed, other) = (session(person, at(0), at(1_000)), session(person, at(0), at(1_000)));
    accounts.open_session(&closed).await.unwrap();
    accounts.open_session(&other).await.unwrap();
    assert!(accounts.close_session(&closed.secret_hash).await.unwrap());
    assert!(!accounts.close_session(&closed.secret_hash).await.unwrap());
    assert_eq!(accounts.session(&closed.secret_hash, at(1)).await.unwrap(), None);
    assert_eq!(accounts.session(&other.secret_hash, at(1)).await.unwrap(), Some(other));
}

async fn a_purge_forgets_expired_sessions_only(accounts: &dyn Accounts) {
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

async fn a_session_needs_a_person(accounts: &dyn Accounts) {
    let refused = accounts.open_session(&session(PersonId::from_bytes(bytes()), at(0), at(1))).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
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
        accounts.memberships(somebody).await.unwrap(),
        [
            Membership { household: aardvark, role: Role::Guest },
            Membership { household: zebra, role: Role::Member },
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

async fn assigning_again_replaces_name_and_start(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    for since in [at(20), at(5)] {
        let again = HubAssignment { name: "Attic".to_owned(), ..assignment(hub, home, since) };
        accounts.assign_hub(&again).await.unwrap();
        assert_eq!(accounts.hubs(home).await.unwrap(), [again]);
    }
}

async fn a_hub_in_another_household_is_taken(accounts: &dyn Accounts) {
    let (home, other) = (household(accounts).await, household(accounts).await);
    let hub = HubId::from_bytes(bytes());
    let running = assignment(hub, home, at(10));
    accounts.assign_hub(&running).await.unwrap();
    // Whatever the start: later, at the same time, before.
    for since in [at(11), at(10), at(9)] {
        let refused = accounts.assign_hub(&assignment(hub, other, since)).await;
        assert!(matches!(refused, Err(AccountsError::HubTaken)), "{refused:?}");
    }
    assert_eq!(accounts.hubs(home).await.unwrap(), [running]);
    assert_eq!(accounts.hubs(other).await.unwrap(), []);
}

async fn a_released_hub_may_move_but_not_back_in_time(accounts: &dyn Accounts) {
    let (home, other) = (household(accounts).await, household(accounts).await);
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    assert!(accounts.release_hub(home, hub, at(20)).await.unwrap());
    // What it measured at `at(19)` is the business of `home` alone.
    let refused = accounts.assign_hub(&assignment(hub, other, at(19))).await;
    assert!(matches!(refused, Err(AccountsError::HubTaken)), "{refused:?}");
    let moved = assignment(hub, other, at(20));
    accounts.assign_hub(&moved).await.unwrap();
    assert_eq!(accounts.hubs(other).await.unwrap(), [moved]);
    let ended = HubAssignment { until: Some(at(20)), ..assignment(hub, home, at(10)) };
    assert_eq!(accounts.hubs(home).await.unwrap(), [ended]);
}

async fn a_household_takes_its_hub_back(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    accounts.release_hub(home, hub, at(20)).await.unwrap();
    let again = assignment(hub, home, at(15));
    accounts.assign_hub(&again).await.unwrap();
    let earlier = HubAssignment { until: Some(at(15)), ..assignment(hub, home, at(10)) };
    assert_eq!(accounts.hubs(home).await.unwrap(), [earlier, again]);
}

async fn only_its_household_releases_a_hub(accounts: &dyn Accounts) {
    let (home, other) = (household(accounts).await, household(accounts).await);
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    assert!(!accounts.release_hub(other, hub, at(20)).await.unwrap());
    assert!(accounts.release_hub(home, hub, at(20)).await.unwrap());
    assert!(!accounts.release_hub(home, hub, at(30)).await.unwrap());
    assert_eq!(accounts.hubs(home).await.unwrap()[0].until, Some(at(20)));
}

async fn a_release_before_the_start_forgets_the_assignment(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    assert!(accounts.release_hub(home, hub, at(10)).await.unwrap());
    assert_eq!(accounts.hubs(home).await.unwrap(), []);
}

async fn hubs_come_oldest_first(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    for since in [at(30), at(10), at(20)] {
        accounts.assign_hub(&assignment(HubId::from_bytes(bytes()), home, since)).await.unwrap();
    }
    let since: Vec<_> = accounts.hubs(home).await.unwrap().into_iter().map(|hub| hub.since).collect();
    assert_eq!(since, [at(10), at(20), at(30)]);
}

async fn of_many_who_want_a_hub_one_gets_it(accounts: &dyn Accounts) {
    let hub = HubId::from_bytes(bytes());
    let mut homes = Vec::new();
    for _ in 0..8 {
        homes.push(household(accounts).await);
    }
    let wishes =
        homes.iter().map(|&home| async move { accounts.assign_hub(&assignment(hub, home, at(0))).await });
    let answers = futures_util::future::join_all(wishes).await;
    let (mut got, mut taken) = (0, 0);
    for answer in &answers {
        match answer {
            Ok(()) => got += 1,
            Err(AccountsError::HubTaken) => taken += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((got, taken), (1, 7));
}

async fn an_assignment_has_a_length_and_a_household(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let empty = HubAssignment { until: Some(at(10)), ..assignment(HubId::from_bytes(bytes()), home, at(10)) };
    let homeless = assignment(HubId::from_bytes(bytes()), HouseholdId::from_bytes(bytes()), at(10));
    for wrong in [empty, homeless] {
        let refused = accounts.assign_hub(&wrong).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(accounts.hubs(home).await.unwrap(), []);
}

async fn labels_are_replaced_as_a_whole(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    let fridge = SocketLabel {
        room: Some("Küche".to_owned()),
        icon: Some("fridge".to_owned()),
        hidden: true,
        ..label(63, "Kühlschrank")
    };
    accounts.put_sockets(home, hub, &[fridge.clone(), label(0, "Lamp")]).await.unwrap();
    assert_eq!(accounts.sockets(home, hub).await.unwrap(), [label(0, "Lamp"), fridge]);
    accounts.put_sockets(home, hub, &[label(7, "Kettle")]).await.unwrap();
    assert_eq!(accounts.sockets(home, hub).await.unwrap(), [label(7, "Kettle")]);
    accounts.put_sockets(home, hub, &[]).await.unwrap();
    assert_eq!(accounts.sockets(home, hub).await.unwrap(), []);
}

async fn labels_belong_to_one_household(accounts: &dyn Accounts) {
    let (home, other) = (household(accounts).await, household(accounts).await);
    let hub = HubId::from_bytes(bytes());
    accounts.put_sockets(home, hub, &[label(1, "Bed")]).await.unwrap();
    accounts.put_sockets(other, hub, &[label(1, "Desk")]).await.unwrap();
    assert_eq!(accounts.sockets(home, hub).await.unwrap(), [label(1, "Bed")]);
    assert_eq!(accounts.sockets(other, hub).await.unwrap(), [label(1, "Desk")]);
}

async fn refused_labels_change_nothing(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.put_sockets(home, hub, &[label(1, "Bed")]).await.unwrap();
    let refused = accounts.put_sockets(home, hub, &[label(2, "Desk"), label(2, "Lamp")]).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    assert_eq!(accounts.sockets(home, hub).await.unwrap(), [label(1, "Bed")]);
}
