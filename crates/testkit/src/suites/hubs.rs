//! What every store of hub credentials has to keep.

use std::time::Duration;

use domain::accounts::{Accounts, AccountsError, Household, HubAssignment};
use domain::hubs::{EnrolFault, Enrolment, HubCredentials, Opening, Pairing, Standing};
use domain::{HouseholdId, HubId, UtcMillis};
use tokio::time::timeout;

use super::people::nobody;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
const MANY: u32 = 1_000;
const LIFE: i64 = 1_000;

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &(impl Accounts + HubCredentials)) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        a_hub_waits_and_is_paired_by_its_code,
        what_is_unknown_is_not_found,
        a_code_is_worth_nothing_once_it_has_expired,
        a_code_works_once,
        of_many_who_enter_a_code_at_once_one_gets_the_hub,
        whoever_asks_again_has_only_the_newer_code,
        no_more_wait_than_may,
        a_hub_of_another_household_is_not_taken_and_goes_on_waiting,
        a_hub_moves_without_its_past,
        paired_again_it_keeps_its_past_and_has_one_credential,
        a_secret_is_a_credential_once,
        released_it_is_worth_nothing_and_to_be_disconnected,
        what_is_to_be_disconnected_comes_in_pages,
        the_household_of_before_does_not_release_it,
        a_purge_forgets_expired_codes_only,
    );
    enrolment::run_all(store).await;
}

fn at(millis: i64) -> UtcMillis {
    UtcMillis(1_800_000_000_000 + millis)
}

async fn household(store: &impl Accounts) -> HouseholdId {
    let id = HouseholdId::from_bytes(rand::random());
    let home = Household { id, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
    store.put_household(&home).await.unwrap();
    id
}

fn pairing(hub: HubId, created: UtcMillis) -> Pairing {
    Pairing {
        hub,
        serial: Some("WL-0001".to_owned()),
        secret_hash: rand::random(),
        code_hash: rand::random(),
        created,
        expires: created.plus_millis(LIFE),
    }
}

async fn waiting(store: &impl HubCredentials, created: UtcMillis) -> Pairing {
    let pairing = pairing(HubId::from_bytes(rand::random()), created);
    assert_eq!(store.open_pairing(&pairing, MANY).await.unwrap(), Opening::Opened);
    pairing
}

/// A hub that is in the household from `now` on.
async fn paired(store: &impl HubCredentials, household: HouseholdId, now: UtcMillis) -> Pairing {
    let pairing = waiting(store, now).await;
    redeem(store, &pairing, household, now).await;
    pairing
}

async fn redeem(store: &impl HubCredentials, pairing: &Pairing, household: HouseholdId, now: UtcMillis) {
    let redeemed =
        store.redeem_pairing(&pairing.code_hash, household, "Cellar", nobody(), now).await.unwrap();
    assert_eq!(redeemed, Some(pairing.hub));
}

async fn valid(store: &impl HubCredentials, hub: HubId, now: UtcMillis) -> Option<[u8; 32]> {
    store.valid_secret(hub, now).await.unwrap()
}

async fn standing(store: &impl HubCredentials, pairing: &Pairing, now: UtcMillis) -> Option<Standing> {
    store.standing(&pairing.secret_hash, now).await.unwrap()
}

async fn spans(store: &impl Accounts, household: HouseholdId) -> Vec<(UtcMillis, Option<UtcMillis>)> {
    let hubs = store.hubs(household).await.unwrap();
    hubs.into_iter().map(|hub| (hub.since, hub.until)).collect()
}

/// Whether the secret is among those whose hubs may still be connected.
async fn is_to_disconnect(store: &impl HubCredentials, pairing: &Pairing) -> bool {
    let revoked = store.to_disconnect(None, MANY).await.unwrap();
    revoked.iter().any(|one| (one.hub, one.secret_hash) == (pairing.hub, pairing.secret_hash))
}

async fn a_hub_waits_and_is_paired_by_its_code(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    let pairing = waiting(store, at(0)).await;
    let waits = Standing::Waiting { expires: pairing.expires };
    assert_eq!(standing(store, &pairing, at(1)).await, Some(waits));
    assert_eq!(valid(store, pairing.hub, at(1)).await, None);
    redeem(store, &pairing, home, at(5)).await;
    assert_eq!(standing(store, &pairing, at(5)).await, Some(Standing::Paired));
    assert_eq!(valid(store, pairing.hub, at(5)).await, Some(pairing.secret_hash));
    // Not before it was in the household.
    assert_eq!(valid(store, pairing.hub, at(4)).await, None);
    let hub = HubAssignment {
        hub: pairing.hub,
        household: home,
        name: "Cellar".to_owned(),
        since: at(5),
        until: None,
    };
    assert_eq!(store.hubs(home).await.unwrap(), [hub]);
    assert!(!is_to_disconnect(store, &pairing).await);
}

async fn what_is_unknown_is_not_found(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    assert_eq!(store.standing(&rand::random(), at(0)).await.unwrap(), None);
    assert_eq!(store.redeem_pairing(&rand::random(), home, "Cellar", nobody(), at(0)).await.unwrap(), None);
    assert_eq!(valid(store, HubId::from_bytes(rand::random()), at(0)).await, None);
    store.disconnected(&[rand::random()]).await.unwrap();
}

async fn a_code_is_worth_nothing_once_it_has_expired(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    let pairing = waiting(store, at(0)).await;
    let late = store.redeem_pairing(&pairing.code_hash, home, "Cellar", nobody(), at(LIFE)).await.unwrap();
    assert_eq!((late, standing(store, &pairing, at(LIFE)).await), (None, None));
    redeem(store, &pairing, home, at(LIFE - 1)).await;
}

async fn a_code_works_once(store: &(impl Accounts + HubCredentials)) {
    let (home, other) = (household(store).await, household(store).await);
    let pairing = paired(store, home, at(0)).await;
    for household in [home, other] {
        let again =
            store.redeem_pairing(&pairing.code_hash, household, "Attic", nobody(), at(1)).await.unwrap();
        assert_eq!(again, None);
    }
    assert_eq!(spans(store, other).await, []);
    assert_eq!(store.hubs(home).await.unwrap()[0].name, "Cellar");
}

async fn of_many_who_enter_a_code_at_once_one_gets_the_hub(store: &(impl Accounts + HubCredentials)) {
    let pairing = waiting(store, at(0)).await;
    let mut homes = Vec::new();
    for _ in 0..8 {
        homes.push(household(store).await);
    }
    let tries =
        homes.iter().map(|&home| store.redeem_pairing(&pairing.code_hash, home, "Cellar", nobody(), at(1)));
    let outcomes = futures_util::future::join_all(tries).await;
    let got = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Some(_)))).count();
    assert_eq!(got, 1, "{outcomes:?}");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let mut assigned = 0;
    for home in homes {
        assigned += spans(store, home).await.len();
    }
    assert_eq!(assigned, 1);
}

async fn whoever_asks_again_has_only_the_newer_code(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    let first = waiting(store, at(0)).await;
    let second = Pairing { code_hash: rand::random(), expires: at(5_000), ..first.clone() };
    assert_eq!(store.open_pairing(&second, MANY).await.unwrap(), Opening::Opened);
    assert_eq!(standing(store, &first, at(1)).await, Some(Standing::Waiting { expires: at(5_000) }));
    assert_eq!(store.redeem_pairing(&first.code_hash, home, "Cellar", nobody(), at(1)).await.unwrap(), None);
    redeem(store, &second, home, at(1)).await;
}

async fn no_more_wait_than_may(store: &(impl Accounts + HubCredentials)) {
    // Centuries after the pairings of the other cases, which are no longer open then.
    let later = at(10_000_000_000_000);
    let (first, second) = (waiting(store, later).await, pairing(HubId::from_bytes([1; 16]), later));
    assert_eq!(store.open_pairing(&second, 1).await.unwrap(), Opening::TooMany);
    assert_eq!(standing(store, &second, later).await, None);
    // Who waits already may have a new code.
    let again = Pairing { code_hash: rand::random(), ..first.clone() };
    assert_eq!(store.open_pairing(&again, 1).await.unwrap(), Opening::Opened);
    let after = Pairing { created: first.expires, expires: first.expires.plus_millis(LIFE), ..second };
    assert_eq!(store.open_pairing(&after, 1).await.unwrap(), Opening::Opened);
}

async fn a_hub_of_another_household_is_not_taken_and_goes_on_waiting(
    store: &(impl Accounts + HubCredentials),
) {
    let (home, other) = (household(store).await, household(store).await);
    let victim = paired(store, home, at(0)).await;
    let thief = pairing(victim.hub, at(10));
    assert_eq!(store.open_pairing(&thief, MANY).await.unwrap(), Opening::Opened);
    let refused = store.redeem_pairing(&thief.code_hash, other, "Mine", nobody(), at(11)).await;
    assert!(matches!(refused, Err(AccountsError::HubTaken)), "{refused:?}");
    assert_eq!(valid(store, victim.hub, at(12)).await, Some(victim.secret_hash));
    assert_eq!(spans(store, other).await, []);
    assert!(!is_to_disconnect(store, &victim).await);
    // Once it is given up, the same code is good.
    assert!(store.release_hub(home, victim.hub, nobody(), at(20)).await.unwrap());
    redeem(store, &thief, other, at(21)).await;
    assert_eq!(valid(store, victim.hub, at(21)).await, Some(thief.secret_hash));
}

async fn a_hub_moves_without_its_past(store: &(impl Accounts + HubCredentials)) {
    let (home, other) = (household(store).await, household(store).await);
    let hub = paired(store, home, at(0)).await.hub;
    assert!(store.release_hub(home, hub, nobody(), at(100)).await.unwrap());
    let again = pairing(hub, at(200));
    store.open_pairing(&again, MANY).await.unwrap();
    redeem(store, &again, other, at(300)).await;
    // Each sees its own part and nothing of the time between.
    assert_eq!(spans(store, home).await, [(at(0), Some(at(100)))]);
    assert_eq!(spans(store, other).await, [(at(300), None)]);
}

async fn paired_again_it_keeps_its_past_and_has_one_credential(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    let first = paired(store, home, at(0)).await;
    let second = pairing(first.hub, at(10));
    store.open_pairing(&second, MANY).await.unwrap();
    let named = store.redeem_pairing(&second.code_hash, home, "Attic", nobody(), at(20)).await.unwrap();
    assert_eq!(named, Some(first.hub));
    let hubs = store.hubs(home).await.unwrap();
    assert_eq!((hubs.len(), hubs[0].name.as_str(), hubs[0].since), (1, "Attic", at(0)));
    assert_eq!(valid(store, first.hub, at(20)).await, Some(second.secret_hash));
    assert_eq!(standing(store, &first, at(20)).await, Some(Standing::Revoked));
    assert!(is_to_disconnect(store, &first).await && !is_to_disconnect(store, &second).await);
}

async fn a_secret_is_a_credential_once(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    let first = paired(store, home, at(0)).await;
    let again = Pairing { code_hash: rand::random(), ..first.clone() };
    assert_eq!(store.open_pairing(&again, MANY).await.unwrap(), Opening::SecretUsed);
    store.release_hub(home, first.hub, nobody(), at(10)).await.unwrap();
    assert_eq!(store.open_pairing(&again, MANY).await.unwrap(), Opening::SecretUsed);
    assert_eq!(standing(store, &first, at(11)).await, Some(Standing::Revoked));
}

async fn released_it_is_worth_nothing_and_to_be_disconnected(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    let pairing = paired(store, home, at(0)).await;
    assert!(store.release_hub(home, pairing.hub, nobody(), at(10)).await.unwrap());
    assert_eq!(valid(store, pairing.hub, at(10)).await, None);
    assert_eq!(standing(store, &pairing, at(10)).await, Some(Standing::Revoked));
    let revoked = store.to_disconnect(None, MANY).await.unwrap();
    assert!(revoked.is_sorted_by_key(|one| one.revoked), "longest first");
    let revoked = revoked.into_iter().find(|one| one.secret_hash == pairing.secret_hash).unwrap();
    assert_eq!((revoked.hub, revoked.revoked), (pairing.hub, at(10)));
    assert_eq!(store.to_disconnect(None, 1).await.unwrap().len(), 1);
    store.disconnected(&[pairing.secret_hash, rand::random()]).await.unwrap();
    assert!(!is_to_disconnect(store, &pairing).await);
    assert_eq!(standing(store, &pairing, at(10)).await, Some(Standing::Revoked));
}

async fn what_is_to_be_disconnected_comes_in_pages(store: &(impl Accounts + HubCredentials)) {
    let home = household(store).await;
    for _ in 0..3 {
        // At the same time: what comes after the last is not told by the time alone.
        let pairing = paired(store, home, at(0)).await;
        assert!(store.release_hub(home, pairing.hub, nobody(), at(10)).await.unwrap());
    }
    let all = store.to_disconnect(None, MANY).await.unwrap();
    assert!(all.len() >= 3);
    for limit in [1, 2, MANY] {
        let mut seen = Vec::new();
        loop {
            let page = store.to_disconnect(seen.last(), limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, all, "{limit}");
    }
}

async fn the_household_of_before_does_not_release_it(store: &(impl Accounts + HubCredentials)) {
    let (home, other) = (household(store).await, household(store).await);
    let hub = paired(store, home, at(0)).await.hub;
    store.release_hub(home, hub, nobody(), at(10)).await.unwrap();
    let again = pairing(hub, at(20));
    store.open_pairing(&again, MANY).await.unwrap();
    redeem(store, &again, other, at(20)).await;
    assert!(!store.release_hub(home, hub, nobody(), at(30)).await.unwrap());
    assert_eq!(valid(store, hub, at(30)).await, Some(again.secret_hash));
}

async fn a_purge_forgets_expired_codes_only(store: &(impl Accounts + HubCredentials)) {
    // Decades before the codes of the other cases, which it must not touch.
    let (expired, open) = (waiting(store, UtcMillis(0)).await, waiting(store, UtcMillis(1)).await);
    assert_eq!(store.purge_pairings(expired.expires).await.unwrap(), 1);
    assert_eq!(store.purge_pairings(expired.expires).await.unwrap(), 0);
    assert!(standing(store, &open, expired.expires).await.is_some());
}

mod enrolment {
    use super::{
        Accounts, AccountsError, EnrolFault, Enrolment, HouseholdId, HubCredentials, HubId, at, household,
        is_to_disconnect, paired, spans, valid,
    };

    pub(super) async fn run_all(store: &(impl Accounts + HubCredentials)) {
        thirty_come_at_once_and_the_same_list_again_changes_nothing(store).await;
        one_fault_and_none_comes(store).await;
        a_household_that_is_not_there_gets_none(store).await;
    }

    fn enrolment(number: usize) -> Enrolment {
        Enrolment {
            hub: HubId::from_bytes(rand::random()),
            serial: Some(format!("WL-{number:04}")),
            secret_hash: rand::random(),
            name: format!("Hub {number}"),
        }
    }

    async fn thirty_come_at_once_and_the_same_list_again_changes_nothing(
        store: &(impl Accounts + HubCredentials),
    ) {
        let home = household(store).await;
        let hubs: Vec<Enrolment> = (0..30).map(enrolment).collect();
        for now in [at(0), at(60_000)] {
            assert_eq!(store.enrol(home, &hubs, now).await.unwrap(), []);
            assert_eq!(spans(store, home).await, [(at(0), None); 30]);
            for hub in &hubs {
                assert_eq!(valid(store, hub.hub, now).await, Some(hub.secret_hash));
            }
        }
        let mut names: Vec<String> =
            store.hubs(home).await.unwrap().into_iter().map(|hub| hub.name).collect();
        names.sort_unstable_by_key(|name| (name.len(), name.clone()));
        assert_eq!((names[0].as_str(), names[29].as_str()), ("Hub 0", "Hub 29"));
    }

    async fn one_fault_and_none_comes(store: &(impl Accounts + HubCredentials)) {
        let (home, other) = (household(store).await, household(store).await);
        let taken = paired(store, other, at(0)).await;
        let mine = paired(store, home, at(0)).await;
        let hubs = [
            enrolment(1),
            Enrolment { hub: taken.hub, ..enrolment(2) },
            Enrolment { hub: mine.hub, ..enrolment(3) },
            Enrolment { secret_hash: taken.secret_hash, ..enrolment(4) },
        ];
        let faults = store.enrol(home, &hubs, at(10)).await.unwrap();
        assert_eq!(faults, [(1, EnrolFault::HubTaken), (3, EnrolFault::SecretUsed)]);
        assert_eq!(valid(store, hubs[0].hub, at(10)).await, None);
        // Nor has the hub that is here already lost its credential.
        assert_eq!(valid(store, mine.hub, at(10)).await, Some(mine.secret_hash));
        assert!(!is_to_disconnect(store, &mine).await);
        assert_eq!(spans(store, home).await, [(at(0), None)]);
    }

    async fn a_household_that_is_not_there_gets_none(store: &(impl Accounts + HubCredentials)) {
        let hub = enrolment(1);
        let nowhere = HouseholdId::from_bytes(rand::random());
        let refused = store.enrol(nowhere, std::slice::from_ref(&hub), at(0)).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
        assert_eq!(valid(store, hub.hub, at(0)).await, None);
    }
}
