//! What every store of the audit has to keep.

use std::time::Duration;

use domain::accounts::{Accounts, AccountsError};
use domain::audit::{Action, Audit, Deed, Entry};
use domain::{HouseholdId, UtcMillis};
use tokio::time::timeout;

use super::people::{at, household, nobody, nowhere, person};

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &(impl Accounts + Audit)) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        a_deed_comes_back_as_it_was_written_down,
        every_action_comes_back,
        what_was_written_last_comes_first_whatever_the_clock_said,
        entries_come_in_pages,
        other_households_have_other_deeds,
        what_is_written_down_at_once_has_a_number_each,
        a_deed_needs_a_household,
    );
}

fn deed(household: HouseholdId, about: &str) -> Deed {
    let about = about.to_owned();
    Deed { household, at: at(0), by: Some(nobody()), action: Action::HubAdded, about }
}

async fn all(store: &impl Audit, household: HouseholdId) -> Vec<Entry> {
    store.entries(household, None, 1_000).await.unwrap()
}

async fn deeds(store: &impl Audit, household: HouseholdId) -> Vec<Deed> {
    all(store, household).await.into_iter().map(|entry| entry.deed).collect()
}

async fn a_deed_comes_back_as_it_was_written_down(store: &(impl Accounts + Audit)) {
    let home = household(store).await;
    assert_eq!(all(store, home).await, []);
    let first = Deed { by: Some(person(store, "Ada").await.id), ..deed(home, "Küche \"links\"\n") };
    // Nobody did it, or somebody who is not there any more.
    let second = Deed { by: None, ..deed(home, "") };
    let third = Deed { at: UtcMillis(-1), ..deed(home, "zoë@example.org") };
    for deed in [&first, &second, &third] {
        store.write_down(deed).await.unwrap();
    }
    assert_eq!(deeds(store, home).await, [third, second, first]);
}

async fn every_action_comes_back(store: &(impl Accounts + Audit)) {
    let home = household(store).await;
    for action in Action::ALL {
        store.write_down(&Deed { action, ..deed(home, "it") }).await.unwrap();
    }
    let mut seen: Vec<_> = deeds(store, home).await.into_iter().map(|deed| deed.action).collect();
    seen.reverse();
    assert_eq!(seen, Action::ALL);
}

async fn what_was_written_last_comes_first_whatever_the_clock_said(store: &(impl Accounts + Audit)) {
    let home = household(store).await;
    for millis in [5, 9, 1] {
        store.write_down(&Deed { at: at(millis), ..deed(home, "it") }).await.unwrap();
    }
    let entries = all(store, home).await;
    assert!(entries.is_sorted_by(|one, next| one.number > next.number), "{entries:?}");
    let times: Vec<_> = entries.into_iter().map(|entry| entry.deed.at).collect();
    assert_eq!(times, [at(1), at(9), at(5)]);
}

async fn entries_come_in_pages(store: &(impl Accounts + Audit)) {
    let (home, other) = (household(store).await, household(store).await);
    for n in 0..5 {
        store.write_down(&deed(home, &n.to_string())).await.unwrap();
        store.write_down(&deed(other, "elsewhere")).await.unwrap();
    }
    let everything = all(store, home).await;
    assert_eq!(everything.len(), 5);
    for limit in [1, 2, 3, 5] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = store.entries(home, before, limit).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            let Some(last) = page.last() else { break };
            before = Some(last.number);
            seen.extend(page);
        }
        assert_eq!(seen, everything, "{limit}");
    }
    // A number need not be one of the household's.
    let between = everything[1].number + 1;
    assert_eq!(store.entries(home, Some(between), 2).await.unwrap(), everything[1..3]);
    assert_eq!(store.entries(home, Some(0), 2).await.unwrap(), []);
    assert_eq!(store.entries(home, None, 0).await.unwrap(), []);
}

async fn other_households_have_other_deeds(store: &(impl Accounts + Audit)) {
    let (home, other) = (household(store).await, household(store).await);
    let here = deed(home, "here");
    store.write_down(&here).await.unwrap();
    assert_eq!(all(store, other).await, []);
    assert_eq!(all(store, nowhere()).await, []);
    store.write_down(&deed(other, "there")).await.unwrap();
    assert_eq!(deeds(store, home).await, [here]);
}

async fn what_is_written_down_at_once_has_a_number_each(store: &(impl Accounts + Audit)) {
    let home = household(store).await;
    let writing = (0..8).map(|n| async move {
        store.write_down(&deed(home, &n.to_string())).await.unwrap();
    });
    futures_util::future::join_all(writing).await;
    let entries = all(store, home).await;
    assert!(entries.is_sorted_by(|one, next| one.number > next.number), "{entries:?}");
    let mut about: Vec<_> = entries.into_iter().map(|entry| entry.deed.about).collect();
    about.sort_unstable();
    assert_eq!(about, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

async fn a_deed_needs_a_household(store: &(impl Accounts + Audit)) {
    let nowhere = nowhere();
    let refused = store.write_down(&deed(nowhere, "it")).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    assert_eq!(all(store, nowhere).await, []);
}
