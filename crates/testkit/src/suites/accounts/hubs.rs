use domain::accounts::{Accounts, AccountsError, HubAssignment, SocketLabel};
use domain::{HouseholdId, HubId, SocketNumber, UtcMillis};

use super::{at, bytes, household};
use crate::suites::people::nobody;

fn assignment(hub: HubId, household: HouseholdId, since: UtcMillis) -> HubAssignment {
    HubAssignment { hub, household, name: "Cellar".to_owned(), since, until: None }
}

fn label(number: u8, name: &str) -> SocketLabel {
    let number = SocketNumber::new(number).unwrap();
    SocketLabel { number, name: name.to_owned(), room: None, icon: None, hidden: false }
}

pub(super) async fn assigning_again_replaces_name_and_start(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    for since in [at(20), at(5)] {
        let again = HubAssignment { name: "Attic".to_owned(), ..assignment(hub, home, since) };
        accounts.assign_hub(&again).await.unwrap();
        assert_eq!(accounts.hubs(home).await.unwrap(), [again]);
    }
}

pub(super) async fn a_hub_in_another_household_is_taken(accounts: &dyn Accounts) {
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

pub(super) async fn a_released_hub_may_move_but_not_back_in_time(accounts: &dyn Accounts) {
    let (home, other) = (household(accounts).await, household(accounts).await);
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    assert!(accounts.release_hub(home, hub, nobody(), at(20)).await.unwrap());
    // What it measured at `at(19)` is the business of `home` alone.
    let refused = accounts.assign_hub(&assignment(hub, other, at(19))).await;
    assert!(matches!(refused, Err(AccountsError::HubTaken)), "{refused:?}");
    let moved = assignment(hub, other, at(20));
    accounts.assign_hub(&moved).await.unwrap();
    assert_eq!(accounts.hubs(other).await.unwrap(), [moved]);
    let ended = HubAssignment { until: Some(at(20)), ..assignment(hub, home, at(10)) };
    assert_eq!(accounts.hubs(home).await.unwrap(), [ended]);
}

pub(super) async fn a_household_takes_its_hub_back(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    accounts.release_hub(home, hub, nobody(), at(20)).await.unwrap();
    let again = assignment(hub, home, at(15));
    accounts.assign_hub(&again).await.unwrap();
    let earlier = HubAssignment { until: Some(at(15)), ..assignment(hub, home, at(10)) };
    assert_eq!(accounts.hubs(home).await.unwrap(), [earlier, again]);
}

pub(super) async fn only_its_household_releases_a_hub(accounts: &dyn Accounts) {
    let (home, other) = (household(accounts).await, household(accounts).await);
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    assert!(!accounts.release_hub(other, hub, nobody(), at(20)).await.unwrap());
    assert!(accounts.release_hub(home, hub, nobody(), at(20)).await.unwrap());
    assert!(!accounts.release_hub(home, hub, nobody(), at(30)).await.unwrap());
    assert_eq!(accounts.hubs(home).await.unwrap()[0].until, Some(at(20)));
}

pub(super) async fn a_release_before_the_start_forgets_the_assignment(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.assign_hub(&assignment(hub, home, at(10))).await.unwrap();
    assert!(accounts.release_hub(home, hub, nobody(), at(10)).await.unwrap());
    assert_eq!(accounts.hubs(home).await.unwrap(), []);
}

pub(super) async fn hubs_come_oldest_first(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    for since in [at(30), at(10), at(20)] {
        accounts.assign_hub(&assignment(HubId::from_bytes(bytes()), home, since)).await.unwrap();
    }
    let since: Vec<_> = accounts.hubs(home).await.unwrap().into_iter().map(|hub| hub.since).collect();
    assert_eq!(since, [at(10), at(20), at(30)]);
}

pub(super) async fn of_many_who_want_a_hub_one_gets_it(accounts: &dyn Accounts) {
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

pub(super) async fn an_assignment_has_a_length_and_a_household(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let empty = HubAssignment { until: Some(at(10)), ..assignment(HubId::from_bytes(bytes()), home, at(10)) };
    let homeless = assignment(HubId::from_bytes(bytes()), HouseholdId::from_bytes(bytes()), at(10));
    for wrong in [empty, homeless] {
        let refused = accounts.assign_hub(&wrong).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(accounts.hubs(home).await.unwrap(), []);
}

pub(super) async fn labels_are_replaced_as_a_whole(accounts: &dyn Accounts) {
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

pub(super) async fn labels_belong_to_one_household(accounts: &dyn Accounts) {
    let (home, other) = (household(accounts).await, household(accounts).await);
    let hub = HubId::from_bytes(bytes());
    accounts.put_sockets(home, hub, &[label(1, "Bed")]).await.unwrap();
    accounts.put_sockets(other, hub, &[label(1, "Desk")]).await.unwrap();
    assert_eq!(accounts.sockets(home, hub).await.unwrap(), [label(1, "Bed")]);
    assert_eq!(accounts.sockets(other, hub).await.unwrap(), [label(1, "Desk")]);
}

pub(super) async fn refused_labels_change_nothing(accounts: &dyn Accounts) {
    let home = household(accounts).await;
    let hub = HubId::from_bytes(bytes());
    accounts.put_sockets(home, hub, &[label(1, "Bed")]).await.unwrap();
    let refused = accounts.put_sockets(home, hub, &[label(2, "Desk"), label(2, "Lamp")]).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    assert_eq!(accounts.sockets(home, hub).await.unwrap(), [label(1, "Bed")]);
}
