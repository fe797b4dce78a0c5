use std::slice::from_ref;

use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Facts};
use domain::{HouseholdId, Milliwatts, UtcMillis};

use super::{Homes, alert, at, facts, household, listed, raise, raised, some_hub};

fn unknown() -> AlertId {
    AlertId::from_bytes(rand::random())
}

async fn ended(homes: &dyn Homes, household: HouseholdId, raised_at: UtcMillis, ended: UtcMillis) -> Alert {
    let alert = raised(homes, household, raised_at).await;
    assert!(homes.end(alert.id, ended).await.unwrap());
    Alert { ended: Some(ended), ..alert }
}

pub(super) async fn the_one_raised_last_comes_first(homes: &dyn Homes) {
    let home = household(homes).await;
    let mut all = Vec::new();
    // An open one among those that ended; when it began does not count.
    all.push(ended(homes, home, at(5), at(10)).await);
    let key = AlertKey::hub(AlertKind::HubOffline, some_hub());
    all.push(raise(homes, Alert { began: at(-9_999_999), ..alert(home, key, at(7)) }).await);
    all.push(ended(homes, home, at(9), at(10)).await);
    for _ in 0..4 {
        all.push(raised(homes, home, at(6)).await);
    }
    all.sort_by_key(|alert| (std::cmp::Reverse(alert.raised), alert.id));
    assert_eq!(listed(homes, home).await, all);
    assert_eq!(homes.alerts(home, at(0), 0).await.unwrap(), []);
}

pub(super) async fn what_ended_before_is_left_out(homes: &dyn Homes) {
    let home = household(homes).await;
    let open = raised(homes, home, at(-9_000)).await;
    let at_once = ended(homes, home, at(-8_000), at(0)).await;
    ended(homes, home, at(-7_000), at(-1)).await;
    assert_eq!(homes.alerts(home, at(0), 10).await.unwrap(), [at_once, open.clone()]);
    assert_eq!(homes.alerts(home, at(1), 10).await.unwrap(), [open]);
}

pub(super) async fn open_ones_are_never_left_out_for_others(homes: &dyn Homes) {
    let home = household(homes).await;
    let first = raised(homes, home, at(0)).await;
    let second = raised(homes, home, at(1)).await;
    let early = ended(homes, home, at(2), at(10)).await;
    let late = ended(homes, home, at(3), at(9)).await;
    let few = async |limit| homes.alerts(home, at(0), limit).await.unwrap();
    assert_eq!(few(4).await, [late.clone(), early, second.clone(), first.clone()]);
    assert_eq!(few(3).await, [late, second.clone(), first.clone()]);
    assert_eq!(few(2).await, [second.clone(), first]);
    assert_eq!(few(1).await, [second]);
}

pub(super) async fn other_households_have_others(homes: &dyn Homes) {
    let (home, other) = (household(homes).await, household(homes).await);
    let ours = raised(homes, home, at(0)).await;
    let theirs = raised(homes, other, at(1)).await;
    assert_eq!(listed(homes, home).await, [ours]);
    assert_eq!(listed(homes, other).await, [theirs]);
    assert_eq!(listed(homes, HouseholdId::from_bytes(rand::random())).await, []);
}

pub(super) async fn an_open_one_is_told_with_other_facts(homes: &dyn Homes) {
    let home = household(homes).await;
    let one = raised(homes, home, at(0)).await;
    let other = raised(homes, home, at(-1)).await;
    assert!(homes.update(one.id, &facts()).await.unwrap());
    assert_eq!(listed(homes, home).await, [Alert { facts: facts(), ..one.clone() }, other.clone()]);
    // They are replaced, not added to.
    let power = Facts { power: Some(Milliwatts(1)), ..Facts::default() };
    assert!(homes.update(one.id, &power).await.unwrap());
    let told = Alert { facts: power, ..one };
    assert_eq!(listed(homes, home).await, [told.clone(), other.clone()]);
    assert!(homes.end(told.id, at(5)).await.unwrap());
    assert!(!homes.update(told.id, &facts()).await.unwrap());
    assert!(!homes.update(unknown(), &facts()).await.unwrap());
    assert_eq!(listed(homes, home).await, [Alert { ended: Some(at(5)), ..told }, other]);
}

pub(super) async fn an_alert_ends_once_and_may_come_anew(homes: &dyn Homes) {
    let home = household(homes).await;
    for key in [AlertKey::home(AlertKind::Budget), AlertKey::hub(AlertKind::HubOffline, some_hub())] {
        let home = household(homes).await;
        let old = raise(homes, alert(home, key, at(0))).await;
        assert!(homes.end(old.id, at(5)).await.unwrap());
        assert!(!homes.end(old.id, at(6)).await.unwrap());
        let new = raise(homes, alert(home, key, at(7))).await;
        assert!(!homes.raise(from_ref(&alert(home, key, at(8))), &[]).await.unwrap());
        assert_eq!(listed(homes, home).await, [new, Alert { ended: Some(at(5)), ..old }]);
    }
    assert!(!homes.end(unknown(), at(6)).await.unwrap());
    assert_eq!(listed(homes, home).await, []);
}

pub(super) async fn one_that_had_ended_is_open_again(homes: &dyn Homes) {
    let home = household(homes).await;
    let alert = raised(homes, home, at(0)).await;
    let other = ended(homes, home, at(-1), at(5)).await;
    assert!(!homes.reopen(alert.id).await.unwrap(), "it is open");
    assert!(homes.acknowledge(home, alert.id, at(1)).await.unwrap());
    assert!(homes.end(alert.id, at(5)).await.unwrap());
    assert!(homes.reopen(alert.id).await.unwrap());
    assert!(!homes.reopen(alert.id).await.unwrap());
    assert!(!homes.reopen(unknown()).await.unwrap());
    assert_eq!(listed(homes, home).await, [Alert { acknowledged: Some(at(1)), ..alert.clone() }, other]);
    let again = Alert { id: unknown(), ..alert };
    assert!(!homes.raise(&[again], &[]).await.unwrap());
}

pub(super) async fn of_two_with_the_same_key_one_is_open(homes: &dyn Homes) {
    for key in [AlertKey::home(AlertKind::Budget), AlertKey::hub(AlertKind::HubOffline, some_hub())] {
        let home = household(homes).await;
        let old = raise(homes, alert(home, key, at(0))).await;
        assert!(homes.end(old.id, at(5)).await.unwrap());
        let new = raise(homes, alert(home, key, at(7))).await;
        assert!(!homes.reopen(old.id).await.unwrap());
        let old = Alert { ended: Some(at(5)), ..old };
        assert_eq!(listed(homes, home).await, [new.clone(), old.clone()]);
        assert!(homes.end(new.id, at(9)).await.unwrap());
        assert!(homes.reopen(old.id).await.unwrap());
        let expected = [Alert { ended: Some(at(9)), ..new }, Alert { ended: None, ..old }];
        assert_eq!(listed(homes, home).await, expected);
    }
}

pub(super) async fn an_alert_is_acknowledged_once(homes: &dyn Homes) {
    let home = household(homes).await;
    let open = raised(homes, home, at(1)).await;
    let over = ended(homes, home, at(0), at(5)).await;
    for alert in [&open, &over] {
        for now in [at(6), at(7)] {
            assert!(homes.acknowledge(home, alert.id, now).await.unwrap());
        }
    }
    let expected = [open, over].map(|alert| Alert { acknowledged: Some(at(6)), ..alert });
    assert_eq!(listed(homes, home).await, expected);
}

pub(super) async fn only_its_household_acknowledges_an_alert(homes: &dyn Homes) {
    let (home, other) = (household(homes).await, household(homes).await);
    let alert = raised(homes, home, at(0)).await;
    assert!(!homes.acknowledge(other, alert.id, at(1)).await.unwrap());
    assert!(!homes.acknowledge(home, unknown(), at(1)).await.unwrap());
    assert_eq!(listed(homes, home).await, [alert]);
}

pub(super) async fn what_ended_long_ago_is_forgotten(homes: &dyn Homes) {
    let home = household(homes).await;
    // Decades before the alerts of the other cases, which it must not touch.
    let then = UtcMillis(5_000);
    let open = raised(homes, home, UtcMillis(3)).await;
    let late = ended(homes, home, UtcMillis(2), then).await;
    ended(homes, home, UtcMillis(1), then.plus_millis(-1)).await;
    assert_eq!(listed(homes, home).await.len(), 3);
    assert_eq!(homes.purge_alerts(then).await.unwrap(), 1);
    assert_eq!(homes.purge_alerts(then).await.unwrap(), 0);
    assert_eq!(listed(homes, home).await, [open, late.clone()]);
    assert_eq!(homes.purge_alerts(then.plus_millis(1)).await.unwrap(), 1);
}
