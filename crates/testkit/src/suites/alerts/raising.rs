use std::slice::from_ref;

use domain::accounts::AccountsError;
use domain::alerts::{Alert, AlertKey, AlertKind, Channel, Facts, Letter, Outcome};
use domain::tariff::Nano;
use domain::{HouseholdId, Joules};
use futures_util::future::join_all;

use super::{Homes, alert, at, facts, household, letter, listed, number, raise, some_hub};

/// About a home, a hub and two of its sockets, the lowest and the highest.
fn keys() -> [AlertKey; 4] {
    let hub = some_hub();
    [
        AlertKey::home(AlertKind::Budget),
        AlertKey::hub(AlertKind::HubOffline, hub),
        AlertKey::socket(AlertKind::Unusual, hub, number(0)),
        AlertKey::socket(AlertKind::Unusual, hub, number(63)),
    ]
}

/// Takes what is to be sent, and forgets it, so that it is in no other case's way.
async fn sent(homes: &dyn Homes) -> Vec<Letter> {
    let letters = homes.take_letters(at(1_000_000), at(2_000_000), 1_000).await.unwrap();
    for letter in &letters {
        homes.settle_letter(letter.id, Outcome::Done).await.unwrap();
    }
    letters
}

pub(super) async fn alerts_come_back_as_they_were_raised(homes: &dyn Homes) {
    let home = household(homes).await;
    let budget = Facts {
        usual: Some(Joules(i64::MAX)),
        expected: Some(Nano(12)),
        budget: Some(Nano(-1)),
        ..Facts::default()
    };
    let hub = some_hub();
    let alerts: Vec<Alert> = AlertKind::ALL
        .into_iter()
        .zip([budget, facts()].into_iter().cycle())
        .zip(0..)
        .map(|((kind, facts), n)| Alert { facts, ..alert(home, AlertKey::hub(kind, hub), at(-n)) })
        .chain(keys().into_iter().zip(10..).map(|(key, n)| alert(home, key, at(-n))))
        .collect();
    assert!(homes.raise(&alerts, &[]).await.unwrap());
    assert_eq!(listed(homes, home).await, alerts);
}

pub(super) async fn what_is_open_already_is_passed_over(homes: &dyn Homes) {
    for key in keys() {
        let home = household(homes).await;
        let first = raise(homes, alert(home, key, at(0))).await;
        let again = alert(home, key, at(1));
        assert!(!homes.raise(from_ref(&again), &[]).await.unwrap(), "{key:?}");
        // Nor the very same one, which is what somebody does who has not heard the answer.
        assert!(!homes.raise(from_ref(&first), &[]).await.unwrap(), "{key:?}");
        let other = alert(home, AlertKey::home(AlertKind::LeftOn), at(2));
        assert!(homes.raise(&[again, other.clone()], &[]).await.unwrap(), "{key:?}");
        assert_eq!(listed(homes, home).await, [other, first], "{key:?}");
    }
}

pub(super) async fn other_keys_are_other_alerts(homes: &dyn Homes) {
    let (home, other) = (household(homes).await, household(homes).await);
    let hub = some_hub();
    let mut all = Vec::new();
    for (key, n) in [
        AlertKey::home(AlertKind::Unusual),
        AlertKey::home(AlertKind::LeftOn),
        AlertKey::hub(AlertKind::LeftOn, hub),
        AlertKey::hub(AlertKind::LeftOn, some_hub()),
        AlertKey::socket(AlertKind::LeftOn, hub, number(0)),
        AlertKey::socket(AlertKind::LeftOn, hub, number(1)),
        AlertKey::socket(AlertKind::SocketSilent, hub, number(1)),
    ]
    .into_iter()
    .zip(0..)
    {
        all.push(raise(homes, alert(home, key, at(-n))).await);
        raise(homes, alert(other, key, at(-n))).await;
    }
    assert_eq!(listed(homes, home).await, all);
    assert_eq!(listed(homes, other).await.len(), all.len());
}

pub(super) async fn one_key_twice_at_once_is_one_alert(homes: &dyn Homes) {
    let home = household(homes).await;
    for key in keys() {
        let twins = [alert(home, key, at(0)), alert(home, key, at(0))];
        assert!(homes.raise(&twins, &[]).await.unwrap());
    }
    assert_eq!(listed(homes, home).await.len(), keys().len());
}

pub(super) async fn letters_are_kept_with_the_alerts_that_are_new(homes: &dyn Homes) {
    let home = household(homes).await;
    let [budget, hub, ..] = keys();
    let open = raise(homes, alert(home, budget, at(0))).await;
    let new = alert(home, hub, at(1));
    let letters = [letter(home, at(1)), Letter { channel: Channel::Webhook, ..letter(home, at(2)) }];
    assert!(homes.raise(&[alert(home, budget, at(1)), new.clone()], &letters).await.unwrap());
    assert_eq!(listed(homes, home).await, [new, open]);
    assert_eq!(sent(homes).await, letters.map(|letter| Letter { attempts: 1, ..letter }));
}

pub(super) async fn where_nothing_is_new_no_letter_is_kept(homes: &dyn Homes) {
    let home = household(homes).await;
    let open = raise(homes, alert(home, keys()[0], at(0))).await;
    let again = alert(home, keys()[0], at(1));
    assert!(!homes.raise(&[again], &[letter(home, at(1))]).await.unwrap());
    assert!(!homes.raise(&[], &[letter(home, at(1))]).await.unwrap());
    assert_eq!(sent(homes).await, []);
    assert_eq!(listed(homes, home).await, [open]);
}

pub(super) async fn an_unknown_household_is_refused_and_nothing_kept(homes: &dyn Homes) {
    let (home, nobody) = (household(homes).await, HouseholdId::from_bytes(rand::random()));
    let known = || alert(home, keys()[0], at(0));
    for (alerts, letters) in [
        (vec![alert(nobody, keys()[0], at(0))], vec![]),
        (vec![known(), alert(nobody, keys()[0], at(0))], vec![letter(home, at(0))]),
        (vec![known()], vec![letter(home, at(0)), letter(nobody, at(0))]),
    ] {
        let refused = homes.raise(&alerts, &letters).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(listed(homes, home).await, []);
    assert_eq!(listed(homes, nobody).await, []);
    assert_eq!(sent(homes).await, []);
}

pub(super) async fn of_many_who_raise_the_same_one_does(homes: &dyn Homes) {
    for _ in 0..4 {
        let home = household(homes).await;
        let keys = keys();
        // Not all in the same order, so that nobody may wait for somebody who waits for them.
        let wishes = (0..8).map(|n| {
            let mut alerts = keys.map(|key| alert(home, key, at(0)));
            if n % 2 == 1 {
                alerts.reverse();
            }
            async move { homes.raise(&alerts, &[letter(home, at(0))]).await.unwrap() }
        });
        let raised = join_all(wishes).await.into_iter().filter(|raised| *raised).count();
        assert_eq!((raised, listed(homes, home).await.len(), sent(homes).await.len()), (1, keys.len(), 1));
    }
}
