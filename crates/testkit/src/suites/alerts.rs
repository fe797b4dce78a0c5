//! What every store of alerts has to keep.

mod letters;
mod life;
mod raising;
mod watched;

use std::time::Duration;

use domain::accounts::{Accounts, Household};
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Alerts, Channel, Facts, Letter, LetterId};
use domain::registry::Registry;
use domain::{HouseholdId, HubId, Joules, Milliwatts, SocketNumber, UtcMillis};
use tokio::time::timeout;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The alerts, and the households that have them: views of one store.
pub trait Homes: Accounts + Registry + Alerts {}

impl<T: Accounts + Registry + Alerts> Homes for T {}

/// Runs every case. The cases do not get in one another's way, so one store serves them all, as long as nobody else
/// takes letters from it.
pub async fn run_all(homes: &dyn Homes) {
    macro_rules! run {
        ($($case:path),* $(,)?) => {
            $(timeout(PATIENCE, $case(homes)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        watched::a_household_is_watched_with_all_that_is_known_of_it,
        watched::a_hub_is_watched_in_the_household_that_it_is_in_now,
        watched::without_anything_it_is_watched_with_the_defaults,
        watched::households_come_in_pages_by_their_ids,
        raising::alerts_come_back_as_they_were_raised,
        raising::what_is_open_already_is_passed_over,
        raising::other_keys_are_other_alerts,
        raising::one_key_twice_at_once_is_one_alert,
        raising::letters_are_kept_with_the_alerts_that_are_new,
        raising::where_nothing_is_new_no_letter_is_kept,
        raising::an_unknown_household_is_refused_and_nothing_kept,
        raising::of_many_who_raise_the_same_one_does,
        life::the_one_raised_last_comes_first,
        life::what_ended_before_is_left_out,
        life::open_ones_are_never_left_out_for_others,
        life::other_households_have_others,
        life::an_open_one_is_told_with_other_facts,
        life::an_alert_ends_once_and_may_come_anew,
        life::one_that_had_ended_is_open_again,
        life::of_two_with_the_same_key_one_is_open,
        life::an_alert_is_acknowledged_once,
        life::only_its_household_acknowledges_an_alert,
        life::what_ended_long_ago_is_forgotten,
        letters::a_letter_comes_as_it_was_written,
        letters::a_letter_is_taken_when_it_is_due,
        letters::those_due_for_longest_come_first,
        letters::until_the_lease_nobody_else_gets_it,
        letters::what_is_done_is_forgotten,
        letters::what_failed_is_taken_again_then,
        letters::of_many_who_take_at_once_no_two_get_the_same,
    );
}

fn at(millis: i64) -> UtcMillis {
    UtcMillis(1_800_000_000_000 + millis)
}

async fn household(homes: &dyn Homes) -> HouseholdId {
    let id = HouseholdId::from_bytes(rand::random());
    let zone = "Europe/Berlin".parse().unwrap();
    homes.put_household(&Household { id, name: "Zuhause".to_owned(), zone }).await.unwrap();
    id
}

fn some_hub() -> HubId {
    HubId::from_bytes(rand::random())
}

fn number(number: u8) -> SocketNumber {
    SocketNumber::new(number).unwrap()
}

/// An open one.
fn alert(household: HouseholdId, key: AlertKey, raised: UtcMillis) -> Alert {
    Alert {
        id: AlertId::from_bytes(rand::random()),
        household,
        key,
        began: raised.plus_millis(-60_000),
        raised,
        ended: None,
        acknowledged: None,
        facts: Facts::default(),
    }
}

fn facts() -> Facts {
    Facts { power: Some(Milliwatts(1_250_000)), energy: Some(Joules(-7)), ..Facts::default() }
}

fn letter(household: HouseholdId, created: UtcMillis) -> Letter {
    Letter {
        id: LetterId::from_bytes(rand::random()),
        household,
        channel: Channel::Email,
        to: "zoë@example.org".to_owned(),
        subject: "Die Küche ist aus".to_owned(),
        body: "Zeile 1\n\"Zeile\" 2\n".to_owned(),
        created,
        attempts: 0,
    }
}

/// Raises it, which must be possible.
async fn raise(homes: &dyn Homes, alert: Alert) -> Alert {
    assert!(homes.raise(std::slice::from_ref(&alert), &[]).await.unwrap());
    alert
}

/// One about a socket of a hub of its own, so that it is in nobody's way.
async fn raised(homes: &dyn Homes, household: HouseholdId, raised: UtcMillis) -> Alert {
    let key = AlertKey::socket(AlertKind::LeftOn, some_hub(), number(63));
    raise(homes, alert(household, key, raised)).await
}

/// All of them.
async fn listed(homes: &dyn Homes, household: HouseholdId) -> Vec<Alert> {
    homes.alerts(household, UtcMillis(i64::MIN), 1_000).await.unwrap()
}
