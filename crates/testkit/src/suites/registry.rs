//! What every store of the homes' settings has to keep.

use std::time::Duration;

use domain::accounts::{Accounts, AccountsError, Household, SocketLabel};
use domain::registry::{HomeSettings, HomeSocket, Registry, StoredSettings};
use domain::tariff::Nano;
use domain::{HouseholdId, HubId, PersonId, SocketNumber, UtcMillis};
use futures_util::future::join_all;
use tokio::time::timeout;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The settings, and the households that have them: two views of one store.
pub trait Homes: Accounts + Registry {}

impl<T: Accounts + Registry> Homes for T {}

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(homes: &dyn Homes) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(homes)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        without_any_the_settings_are_the_defaults,
        settings_come_back_as_they_were_put,
        each_change_counts,
        who_is_too_late_changes_nothing,
        of_many_at_once_one_is_first,
        what_people_change_is_the_name_and_zone_too,
        an_unknown_household_is_refused,
        households_do_not_mix,
        the_sockets_of_a_home_come_by_hub_and_number,
        hidden_sockets_are_among_them_and_say_so,
    );
}

fn bytes() -> [u8; 16] {
    rand::random()
}

async fn household(homes: &dyn Homes) -> HouseholdId {
    let id = HouseholdId::from_bytes(bytes());
    let zone = "Europe/Berlin".parse().unwrap();
    homes.put_household(&Household { id, name: "Home".to_owned(), zone }).await.unwrap();
    id
}

/// With a bit of everything.
fn some_settings() -> HomeSettings {
    let settings = serde_json::json!({
        "currency": "CHF",
        "budget_n": 120_000_000_000_i64,
        "tariffs": [{
            "valid_from": "2026-01-01",
            "name": "Tag & \"Nacht\", günstig",
            "bands": [
                { "name": "Tag", "price_n": 310_000_000, "from": "06:00", "to": "22:00",
                  "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
                { "name": "Nacht", "price_n": 270_000_000, "from": "22:00", "to": "06:00",
                  "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
            ],
            "standing_n": 12_500_000_000_i64, "standing_per": "month", "feed_in_n": 81_000_000,
        }],
        "successions": [{
            "hub": HubId::from_bytes([1; 16]), "socket": 0,
            "into_hub": HubId::from_bytes([2; 16]), "into_socket": 63, "until": 1_795_219_200,
        }],
    });
    serde_json::from_value(settings).unwrap()
}

fn with_budget(units: i64) -> HomeSettings {
    HomeSettings { budget: Some(Nano(units * Nano::ONE.0)), ..HomeSettings::default() }
}

async fn stored(homes: &dyn Homes, household: HouseholdId) -> StoredSettings {
    homes.settings(household).await.unwrap()
}

async fn without_any_the_settings_are_the_defaults(homes: &dyn Homes) {
    let defaults = StoredSettings { revision: 0, settings: HomeSettings::default() };
    assert_eq!(stored(homes, household(homes).await).await, defaults);
    assert_eq!(stored(homes, HouseholdId::from_bytes(bytes())).await, defaults);
}

async fn settings_come_back_as_they_were_put(homes: &dyn Homes) {
    let home = household(homes).await;
    let settings = some_settings();
    assert_eq!(homes.put_settings(home, 0, &settings).await.unwrap(), Some(1));
    assert_eq!(stored(homes, home).await, StoredSettings { revision: 1, settings });
}

async fn each_change_counts(homes: &dyn Homes) {
    let home = household(homes).await;
    for revision in 0..5 {
        let settings = with_budget(revision + 1);
        assert_eq!(homes.put_settings(home, revision, &settings).await.unwrap(), Some(revision + 1));
        assert_eq!(stored(homes, home).await, StoredSettings { revision: revision + 1, settings });
    }
    // The same again is a change too: somebody else may have seen it in between.
    let same = stored(homes, home).await.settings;
    assert_eq!(homes.put_settings(home, 5, &same).await.unwrap(), Some(6));
}

async fn who_is_too_late_changes_nothing(homes: &dyn Homes) {
    let home = household(homes).await;
    for wrong in [1, -1, i64::MAX] {
        assert_eq!(homes.put_settings(home, wrong, &with_budget(9)).await.unwrap(), None, "{wrong}");
    }
    assert_eq!(stored(homes, home).await.revision, 0);
    homes.put_settings(home, 0, &with_budget(1)).await.unwrap();
    homes.put_settings(home, 1, &with_budget(2)).await.unwrap();
    for wrong in [0, 1, 3, -2, i64::MIN] {
        assert_eq!(homes.put_settings(home, wrong, &with_budget(9)).await.unwrap(), None, "{wrong}");
    }
    assert_eq!(stored(homes, home).await, StoredSettings { revision: 2, settings: with_budget(2) });
}

async fn of_many_at_once_one_is_first(homes: &dyn Homes) {
    let home = household(homes).await;
    for revision in 0..4 {
        let wishes = [1, 2, 3, 4].map(with_budget);
        let answers =
            join_all(wishes.iter().map(|settings| homes.put_settings(home, revision, settings))).await;
        let answers: Vec<Option<i64>> = answers.into_iter().map(Result::unwrap).collect();
        let first: Vec<i64> =
            answers.iter().zip(1..).filter(|(answer, _)| answer.is_some()).map(|(_, n)| n).collect();
        assert_eq!(first.len(), 1, "{answers:?}");
        let settings = with_budget(first[0]);
        assert_eq!(stored(homes, home).await, StoredSettings { revision: revision + 1, settings });
    }
}

async fn what_people_change_is_the_name_and_zone_too(homes: &dyn Homes) {
    let id = household(homes).await;
    let (by, now) = (PersonId::from_bytes(bytes()), UtcMillis(1));
    let named = |name: &str| Household { id, name: name.to_owned(), zone: "Asia/Kolkata".parse().unwrap() };
    let (farm, late) = (named("Farm"), named("Castle"));
    assert_eq!(homes.change_settings(&farm, 0, &with_budget(1), by, now).await.unwrap(), Some(1));
    assert_eq!(homes.change_settings(&late, 0, &with_budget(2), by, now).await.unwrap(), None);
    assert_eq!(stored(homes, id).await, StoredSettings { revision: 1, settings: with_budget(1) });
    assert_eq!(homes.household(id).await.unwrap(), Some(farm));

    let nobodys = Household { id: HouseholdId::from_bytes(bytes()), ..late };
    let refused = homes.change_settings(&nobodys, 0, &with_budget(1), by, now).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
}

async fn an_unknown_household_is_refused(homes: &dyn Homes) {
    let nobody = HouseholdId::from_bytes(bytes());
    for revision in [0, 1] {
        let refused = homes.put_settings(nobody, revision, &with_budget(1)).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(stored(homes, nobody).await, StoredSettings::default());
    assert_eq!(homes.home_sockets(nobody).await.unwrap(), []);
}

async fn households_do_not_mix(homes: &dyn Homes) {
    let (one, two) = (household(homes).await, household(homes).await);
    homes.put_settings(one, 0, &with_budget(1)).await.unwrap();
    assert_eq!(stored(homes, two).await, StoredSettings::default());
    homes.put_settings(two, 0, &with_budget(2)).await.unwrap();
    assert_eq!(stored(homes, one).await.settings, with_budget(1));
}

fn label(number: u8, hidden: bool) -> SocketLabel {
    SocketLabel {
        number: SocketNumber::new(number).unwrap(),
        name: format!("Steckdose {number}"),
        room: number.is_multiple_of(2).then(|| "Küche".to_owned()),
        icon: number.is_multiple_of(3).then(|| "lamp".to_owned()),
        hidden,
    }
}

async fn the_sockets_of_a_home_come_by_hub_and_number(homes: &dyn Homes) {
    let (home, other) = (household(homes).await, household(homes).await);
    let mut hubs = [HubId::from_bytes(bytes()), HubId::from_bytes(bytes()), HubId::from_bytes(bytes())];
    for hub in hubs {
        homes.put_sockets(home, hub, &[label(63, false), label(0, true), label(10, false)]).await.unwrap();
        homes.put_sockets(other, hub, &[label(5, false)]).await.unwrap();
    }
    hubs.sort_unstable();
    let labels = [label(0, true), label(10, false), label(63, false)];
    let expected: Vec<HomeSocket> =
        hubs.iter().flat_map(|&hub| labels.clone().map(|label| HomeSocket { hub, label })).collect();
    assert_eq!(homes.home_sockets(home).await.unwrap(), expected);
    assert_eq!(homes.home_sockets(other).await.unwrap().len(), 3);
}

async fn hidden_sockets_are_among_them_and_say_so(homes: &dyn Homes) {
    let home = household(homes).await;
    let hub = HubId::from_bytes(bytes());
    for hidden in [true, false, true] {
        let sent = [label(1, hidden), label(2, !hidden)];
        homes.put_sockets(home, hub, &sent).await.unwrap();
        assert_eq!(homes.sockets(home, hub).await.unwrap(), sent);
        let all = homes.home_sockets(home).await.unwrap();
        assert_eq!(all.iter().map(|socket| socket.label.hidden).collect::<Vec<_>>(), [hidden, !hidden]);
    }
}
