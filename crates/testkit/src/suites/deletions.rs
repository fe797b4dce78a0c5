//! What the end of a person and of a household has to take along, and what it has to leave behind.

use std::time::Duration;

use domain::access::{Role, Scope};
use domain::accounts::{Accounts, AccountsError, Session};
use domain::audit::{Action, Audit};
use domain::erasure::{AGAIN_MILLIS, Deletions, Erasure, Erasures, PersonDeletion, TAIL_MILLIS};
use domain::hubs::{Enrolment, HubCredentials};
use domain::members::Members;
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens};
use domain::second_factor::SecondFactors;
use domain::tickets::{Purpose, Ticket, Tickets};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use tokio::time::timeout;

use super::people::{at, nobody, nowhere, person, some_household};
use crate::containers::random_hub;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that goes, or stays.
pub trait Store:
    Accounts + Members + SecondFactors + Tickets + PersonalTokens + HubCredentials + Audit + Deletions + Erasures
{
}

impl<S> Store for S where
    S: Accounts
        + Members
        + SecondFactors
        + Tickets
        + PersonalTokens
        + HubCredentials
        + Audit
        + Deletions
        + Erasures
{
}

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &impl Store) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        a_person_goes_with_everything,
        going_twice_is_going_once,
        who_is_not_alone_goes_not,
        only_what_was_named_goes,
        of_two_owners_one_goes_and_the_household_stays,
        of_two_owners_who_go_at_once_one_has_to_look_again,
        a_household_goes_with_whoever_is_in_it,
        its_hubs_are_released_and_what_they_measured_is_to_be_erased,
        each_round_is_done_once,
        the_list_comes_in_pages,
        a_hub_that_is_paired_again_is_looked_at_again,
        what_was_released_long_ago_has_no_tail,
    );
}

async fn found(store: &impl Store, owner: PersonId) -> HouseholdId {
    let household = some_household();
    assert!(store.found_household(&household, owner, 20, at(0)).await.unwrap());
    household.id
}

async fn enrol(store: &impl Store, household: HouseholdId, now: UtcMillis) -> (HubId, [u8; 32]) {
    let (hub, secret_hash) = (random_hub(), rand::random());
    let enrolment = Enrolment { hub, serial: None, secret_hash, name: "Hub".to_owned() };
    assert_eq!(store.enrol(household, &[enrolment], now).await.unwrap(), []);
    (hub, secret_hash)
}

/// What is due of these hubs, in order of time.
async fn due(store: &impl Store, hubs: &[HubId], now: UtcMillis) -> Vec<Erasure> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.due_erasures(now, after, 100).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        all.extend(page);
    }
    all.retain(|erasure| hubs.contains(&erasure.hub));
    all.sort_by_key(|erasure| (erasure.hub, erasure.since));
    all
}

fn ranges(erasures: &[Erasure]) -> Vec<(HubId, UtcMillis, UtcMillis)> {
    erasures.iter().map(|erasure| (erasure.hub, erasure.range().start, erasure.range().end)).collect()
}

async fn a_person_goes_with_everything(store: &impl Store) {
    let (ada, bob) = (person(store, "Ada").await, person(store, "Bob").await);
    let (hers, his) = (found(store, ada.id).await, found(store, bob.id).await);
    store.admit(his, ada.id, Role::Member, None, nobody(), at(0)).await.unwrap();
    let session = Session {
        secret_hash: rand::random(),
        person: ada.id,
        created: at(0),
        expires: at(1_000),
        client: String::new(),
        last_used: at(0),
    };
    store.open_session(&session).await.unwrap();
    assert!(store.begin_second_factor(ada.id, &[7; 20]).await.unwrap());
    let token = PersonalToken {
        id: PersonalTokenId::from_bytes(rand::random()),
        person: ada.id,
        household: his,
        name: "Shelf".to_owned(),
        scopes: vec![Scope::Usage],
        secret_hash: rand::random(),
        created: at(0),
        expires: None,
        last_used: None,
    };
    assert!(store.create_token(&token, 20, None).await.unwrap());
    let purposes = [
        Purpose::Invitation { household: his, role: Role::Guest, until: None, by: bob.id },
        Purpose::Reset { person: ada.id },
    ];
    let ticket = |email: &str, purpose: &Purpose| Ticket {
        secret_hash: rand::random(),
        email: email.to_owned(),
        purpose: purpose.clone(),
        created: at(0),
        expires: at(1_000),
    };
    let tickets = purposes.each_ref().map(|purpose| ticket(&ada.email, purpose));
    let of_another = ticket(&bob.email, &Purpose::Reset { person: bob.id });
    for ticket in tickets.iter().chain([&of_another]) {
        store.put_ticket(ticket, None).await.unwrap();
    }

    assert_eq!(store.delete_person(ada.id, &[hers], at(5)).await.unwrap(), PersonDeletion::Deleted);
    assert_eq!(store.person(ada.id).await.unwrap(), None);
    assert_eq!(store.household(hers).await.unwrap(), None);
    assert_eq!(store.session(&session.secret_hash, at(6)).await.unwrap(), None);
    assert_eq!(store.second_factor(ada.id).await.unwrap(), None);
    assert_eq!(store.use_token(&token.secret_hash, at(6)).await.unwrap(), None);
    for ticket in &tickets {
        assert_eq!(store.ticket(&ticket.secret_hash, at(6)).await.unwrap(), None);
    }
    assert_eq!(store.ticket(&of_another.secret_hash, at(6)).await.unwrap(), Some(of_another));
    let left: Vec<PersonId> =
        store.members(his, at(6)).await.unwrap().iter().map(|member| member.person.id).collect();
    assert_eq!(left, [bob.id]);
    let deed = store.entries(his, None, 1).await.unwrap().remove(0).deed;
    assert_eq!((deed.action, deed.by, deed.about.as_str()), (Action::MemberLeft, Some(ada.id), ""));
    // Somebody else may have the address.
    let again = domain::accounts::Person { id: nobody(), ..ada };
    let credentials = domain::accounts::Credentials { person: again, password_hash: "hash".to_owned() };
    store.create_person(&credentials).await.unwrap();
}

async fn going_twice_is_going_once(store: &impl Store) {
    let ada = person(store, "Ada").await.id;
    let (home, hub) = (found(store, ada).await, random_hub());
    let since = domain::accounts::HubAssignment {
        hub,
        household: home,
        name: "Hub".to_owned(),
        since: at(0),
        until: None,
    };
    store.assign_hub(&since).await.unwrap();
    for now in [5, 6] {
        assert_eq!(store.delete_person(ada, &[home], at(now)).await.unwrap(), PersonDeletion::Deleted);
        assert!(!store.delete_household(home, at(now)).await.unwrap());
    }
    assert_eq!(ranges(&due(store, &[hub], at(9)).await), [(hub, at(0), at(5))]);
    assert_eq!(store.delete_person(nobody(), &[], at(0)).await.unwrap(), PersonDeletion::Deleted);
    assert!(!store.delete_household(nowhere(), at(0)).await.unwrap());
}

async fn who_is_not_alone_goes_not(store: &impl Store) {
    let (ada, bob) = (person(store, "Ada").await.id, person(store, "Bob").await.id);
    let (shared, own) = (found(store, ada).await, found(store, ada).await);
    let stays = PersonDeletion::OthersAreThere(vec![shared]);
    for role in [Role::Member, Role::Guest] {
        store.admit(shared, bob, role, None, nobody(), at(0)).await.unwrap();
        for named in [vec![], vec![own], vec![own, shared]] {
            assert_eq!(store.delete_person(ada, &named, at(5)).await.unwrap(), stays);
        }
    }
    assert!(store.person(ada).await.unwrap().is_some() && store.household(own).await.unwrap().is_some());
    // A guest whose time is over is nobody.
    store.admit(shared, bob, Role::Guest, Some(at(4)), nobody(), at(0)).await.unwrap();
    let deleted = store.delete_person(ada, &[own, shared, own], at(5)).await.unwrap();
    assert_eq!(deleted, PersonDeletion::Deleted);
    assert_eq!(store.household(shared).await.unwrap(), None);
}

async fn only_what_was_named_goes(store: &impl Store) {
    let ada = person(store, "Ada").await.id;
    let (one, two) = (found(store, ada).await, found(store, ada).await);
    for named in [vec![], vec![one], vec![one, nowhere()], vec![one, two, nowhere()]] {
        let refused = store.delete_person(ada, &named, at(5)).await.unwrap();
        assert_eq!(refused, PersonDeletion::OtherHouseholds);
    }
    assert!(store.household(one).await.unwrap().is_some() && store.person(ada).await.unwrap().is_some());
    assert_eq!(store.delete_person(ada, &[two, one], at(5)).await.unwrap(), PersonDeletion::Deleted);
}

async fn of_two_owners_one_goes_and_the_household_stays(store: &impl Store) {
    let (ada, bob) = (person(store, "Ada").await.id, person(store, "Bob").await.id);
    let home = found(store, ada).await;
    store.admit(home, bob, Role::Owner, None, nobody(), at(0)).await.unwrap();
    let (hub, secret) = enrol(store, home, at(1)).await;
    assert_eq!(store.delete_person(ada, &[], at(5)).await.unwrap(), PersonDeletion::Deleted);
    assert_eq!(store.valid_secret(hub, at(6)).await.unwrap(), Some(secret));
    assert_eq!(due(store, &[hub], at(100)).await, []);
    assert!(matches!(store.dismiss(home, bob, nobody(), at(0)).await, Err(AccountsError::LastOwner)));
}

async fn of_two_owners_who_go_at_once_one_has_to_look_again(store: &impl Store) {
    for _ in 0..5 {
        let (ada, bob) = (person(store, "Ada").await.id, person(store, "Bob").await.id);
        let home = found(store, ada).await;
        store.admit(home, bob, Role::Owner, None, nobody(), at(0)).await.unwrap();
        let (one, two) =
            tokio::join!(store.delete_person(ada, &[], at(5)), store.delete_person(bob, &[], at(5)));
        let outcomes = [one.unwrap(), two.unwrap()];
        assert!(outcomes.contains(&PersonDeletion::Deleted), "{outcomes:?}");
        assert!(outcomes.contains(&PersonDeletion::OtherHouseholds), "{outcomes:?}");
        assert_eq!(store.members(home, at(5)).await.unwrap().len(), 1);
    }
}

async fn a_household_goes_with_whoever_is_in_it(store: &impl Store) {
    let (ada, bob) = (person(store, "Ada").await.id, person(store, "Bob").await.id);
    let (home, other) = (found(store, ada).await, found(store, ada).await);
    store.admit(home, bob, Role::Member, None, nobody(), at(0)).await.unwrap();
    assert!(store.delete_household(home, at(5)).await.unwrap());
    assert_eq!(store.household(home).await.unwrap(), None);
    assert_eq!(store.memberships(bob, at(5)).await.unwrap(), []);
    assert_eq!(store.memberships(ada, at(5)).await.unwrap().len(), 1);
    assert!(store.household(other).await.unwrap().is_some());
}

async fn its_hubs_are_released_and_what_they_measured_is_to_be_erased(store: &impl Store) {
    let (first, second) = (
        found(store, person(store, "Ada").await.id).await,
        found(store, person(store, "Bob").await.id).await,
    );
    let (moved, _) = enrol(store, first, at(0)).await;
    assert!(store.release_hub(first, moved, nobody(), at(10)).await.unwrap());
    let secret_hash: [u8; 32] = rand::random();
    let enrolment = Enrolment { hub: moved, serial: None, secret_hash, name: "Hub".to_owned() };
    assert_eq!(store.enrol(second, &[enrolment], at(20)).await.unwrap(), []);
    let (own, _) = enrol(store, second, at(30)).await;
    // It begins later, and so never does.
    let (never, _) = enrol(store, second, at(60)).await;

    assert!(store.delete_household(second, at(50)).await.unwrap());
    let hubs = [moved, own, never];
    for hub in hubs {
        assert_eq!(store.valid_secret(hub, at(70)).await.unwrap(), None);
    }
    let revoked = store.to_disconnect(None, 10_000).await.unwrap();
    assert!(hubs.iter().all(|hub| revoked.iter().any(|one| one.hub == *hub)));
    let mut expected = vec![(moved, at(20), at(50)), (own, at(30), at(50))];
    expected.sort_unstable();
    assert_eq!(ranges(&due(store, &hubs, at(50)).await), expected);
    assert_eq!(due(store, &hubs, at(49)).await, []);
    // The first one's time is not touched.
    assert_eq!(store.hubs(first).await.unwrap().len(), 1);
}

async fn each_round_is_done_once(store: &impl Store) {
    let home = found(store, person(store, "Ada").await.id).await;
    let (hub, _) = enrol(store, home, at(0)).await;
    store.delete_household(home, at(10)).await.unwrap();
    let mut now = at(10);
    for (round, pause) in AGAIN_MILLIS.into_iter().enumerate() {
        let erasure = due(store, &[hub], now).await.remove(0);
        assert_eq!(erasure.rounds as usize, round);
        for _ in 0..2 {
            store.carried_out(&erasure).await.unwrap();
        }
        now = at(10).plus_millis(pause);
        assert_eq!(due(store, &[hub], now.plus_millis(-1)).await, []);
    }
    let last = due(store, &[hub], now).await.remove(0);
    assert_eq!(last.range().end, at(10).plus_millis(TAIL_MILLIS));
    store.carried_out(&last).await.unwrap();
    assert_eq!(due(store, &[hub], UtcMillis(i64::MAX)).await, []);
}

async fn the_list_comes_in_pages(store: &impl Store) {
    let home = found(store, person(store, "Ada").await.id).await;
    let mut hubs = Vec::new();
    for _ in 0..7 {
        hubs.push(enrol(store, home, at(0)).await.0);
    }
    store.delete_household(home, at(10)).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.due_erasures(at(10), after, 2).await.unwrap();
        assert!(page.len() <= 2 && page.is_sorted_by_key(|erasure| erasure.id));
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.into_iter().map(|erasure| erasure.hub).filter(|hub| hubs.contains(hub)));
    }
    seen.sort_unstable();
    hubs.sort_unstable();
    assert_eq!(seen, hubs);
}

/// Its spool may still hold something of those who had it before.
async fn a_hub_that_is_paired_again_is_looked_at_again(store: &impl Store) {
    let (first, second) = (
        found(store, person(store, "Ada").await.id).await,
        found(store, person(store, "Bob").await.id).await,
    );
    let (hub, _) = enrol(store, first, at(0)).await;
    store.delete_household(first, at(10)).await.unwrap();
    for _ in 0..=AGAIN_MILLIS.len() {
        let erasure = due(store, &[hub], UtcMillis(i64::MAX)).await.remove(0);
        store.carried_out(&erasure).await.unwrap();
    }
    let enrolment = |secret_hash| Enrolment { hub, serial: None, secret_hash, name: "Hub".to_owned() };
    let secret = rand::random();
    // So soon that the tail would be theirs.
    let later = at(10).plus_millis(TAIL_MILLIS / 2);
    assert_eq!(store.enrol(second, &[enrolment(secret)], later).await.unwrap(), []);
    let again = later.plus_millis(AGAIN_MILLIS[0]);
    assert_eq!(due(store, &[hub], again.plus_millis(-1)).await, []);
    let erasure = due(store, &[hub], again).await.remove(0);
    assert_eq!((erasure.range().start, erasure.range().end), (at(0), later));
    // Labelling it anew is no new beginning.
    store.carried_out(&erasure).await.unwrap();
    assert_eq!(store.enrol(second, &[enrolment(secret)], later.plus_millis(5)).await.unwrap(), []);
    assert_eq!(due(store, &[hub], again).await, []);
}

async fn what_was_released_long_ago_has_no_tail(store: &impl Store) {
    let home = found(store, person(store, "Ada").await.id).await;
    let (hub, _) = enrol(store, home, at(0)).await;
    assert!(store.release_hub(home, hub, nobody(), at(10)).await.unwrap());
    store.delete_household(home, at(20)).await.unwrap();
    let erasure = due(store, &[hub], at(20)).await.remove(0);
    assert_eq!((erasure.until, erasure.tail), (at(10), at(10)));
}
