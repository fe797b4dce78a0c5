use domain::access::{HubGrant, Role};
use domain::accounts::{Credentials, HubAssignment, Person, SocketLabel};
use domain::alerts::{AlertSettings, Watched};
use domain::registry::{HomeSettings, HomeSocket};
use domain::tariff::Nano;
use domain::{HouseholdId, HubId, PersonId, UtcMillis};

use super::{Homes, at, household, number, some_hub};
use crate::suites::people::nobody;

/// Everything, page by page; what other cases left is among it.
async fn all(homes: &dyn Homes, limit: u32) -> Vec<Watched> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = homes.watched(after, limit).await.unwrap();
        assert!(page.len() <= usize::try_from(limit).unwrap());
        let Some(last) = page.last() else { return all };
        after = Some(last.household.id);
        all.extend(page);
    }
}

async fn watched(homes: &dyn Homes, household: HouseholdId) -> Watched {
    all(homes, 100).await.into_iter().find(|watched| watched.household.id == household).unwrap()
}

async fn member(homes: &dyn Homes, household: HouseholdId, email: &str, role: Role) -> String {
    let id = PersonId::from_bytes(rand::random());
    let person = Person { id, email: format!("{email}-{id}@example.org"), name: "Zoë".to_owned() };
    let email = person.email.clone();
    homes.create_person(&Credentials { person, password_hash: "hash".to_owned() }).await.unwrap();
    homes.put_member(household, id, role).await.unwrap();
    email
}

async fn assign(homes: &dyn Homes, household: HouseholdId, hub: HubId, since: UtcMillis) {
    let name = format!("Keller {}", since.0);
    homes.assign_hub(&HubAssignment { hub, household, name, since, until: None }).await.unwrap();
}

fn in_it_since(hub: HubId, since: UtcMillis) -> (HubGrant, String) {
    (HubGrant { hub, since, until: None }, format!("Keller {}", since.0))
}

fn label(n: u8) -> SocketLabel {
    let (room, icon) = (Some("Küche".to_owned()), None);
    SocketLabel { number: number(n), name: format!("Steckdose {n}"), room, icon, hidden: n == 9 }
}

pub(super) async fn a_household_is_watched_with_all_that_is_known_of_it(homes: &dyn Homes) {
    let (home, other) = (household(homes).await, household(homes).await);
    let alerts =
        AlertSettings { webhook: Some("https://example.org/".to_owned()), ..AlertSettings::default() };
    let settings = HomeSettings { budget: Some(Nano::ONE), alerts, ..HomeSettings::default() };
    homes.put_settings(home, 0, &settings).await.unwrap();
    let mut hubs = [some_hub(), some_hub(), some_hub()];
    hubs.sort_unstable();
    // The ids are not in the order in which they came.
    for (n, hub) in hubs.into_iter().rev().enumerate() {
        assign(homes, home, hub, at(i64::try_from(n).unwrap())).await;
        homes.put_sockets(home, hub, &[label(10), label(9)]).await.unwrap();
    }
    let foreign = some_hub();
    assign(homes, other, foreign, at(0)).await;
    homes.put_sockets(other, foreign, &[label(1)]).await.unwrap();
    let zoe = member(homes, home, "z", Role::Owner).await;
    let bob = member(homes, home, "b", Role::Member).await;
    member(homes, home, "a", Role::Guest).await;
    member(homes, other, "c", Role::Owner).await;

    let seen = watched(homes, home).await;
    assert_eq!(seen.household, homes.household(home).await.unwrap().unwrap());
    assert_eq!(seen.settings, settings);
    assert_eq!(seen.hubs, [(2, hubs[0]), (1, hubs[1]), (0, hubs[2])].map(|(n, hub)| in_it_since(hub, at(n))));
    let sockets: Vec<HomeSocket> =
        hubs.iter().flat_map(|&hub| [label(9), label(10)].map(|label| HomeSocket { hub, label })).collect();
    assert_eq!(seen.sockets, sockets);
    assert_eq!(seen.emails, [bob, zoe]);
}

pub(super) async fn a_hub_is_watched_in_the_household_that_it_is_in_now(homes: &dyn Homes) {
    let (old, new) = (household(homes).await, household(homes).await);
    let hub = some_hub();
    assign(homes, old, hub, at(0)).await;
    assert_eq!(watched(homes, old).await.hubs, [in_it_since(hub, at(0))]);
    assert!(homes.release_hub(old, hub, nobody(), at(5)).await.unwrap());
    assert_eq!(watched(homes, old).await.hubs, []);
    assign(homes, new, hub, at(5)).await;
    assert_eq!(watched(homes, old).await.hubs, []);
    assert_eq!(watched(homes, new).await.hubs, [in_it_since(hub, at(5))]);
}

pub(super) async fn without_anything_it_is_watched_with_the_defaults(homes: &dyn Homes) {
    let home = household(homes).await;
    let seen = watched(homes, home).await;
    assert_eq!(seen.settings, HomeSettings::default());
    assert_eq!((seen.hubs, seen.sockets, seen.emails), (Vec::new(), Vec::new(), Vec::new()));
}

pub(super) async fn households_come_in_pages_by_their_ids(homes: &dyn Homes) {
    let mut ids = Vec::new();
    for n in 0..5 {
        let id = household(homes).await;
        assign(homes, id, some_hub(), at(n)).await;
        ids.push(id);
    }
    ids.sort_unstable();
    let everything = all(homes, 1_000).await;
    assert!(everything.is_sorted_by(|one, next| one.household.id < next.household.id));
    for limit in [1, 2, 3] {
        assert_eq!(all(homes, limit).await, everything, "{limit}");
    }
    let ours: Vec<_> =
        everything.iter().map(|home| home.household.id).filter(|id| ids.contains(id)).collect();
    assert_eq!(ours, ids);
    let next = everything.iter().find(|home| home.household.id > ids[0]).unwrap();
    assert_eq!(homes.watched(Some(ids[0]), 1).await.unwrap(), std::slice::from_ref(next));
    // Nobody has to have the id.
    let [least, most] = [[0; 16], [0xff; 16]].map(HouseholdId::from_bytes);
    assert_eq!(homes.watched(Some(least), 1).await.unwrap(), everything[..1]);
    assert_eq!(homes.watched(Some(most), 1).await.unwrap(), []);
}
