//! What every store of identities has to keep.

use std::time::Duration;

use domain::PersonId;
use domain::accounts::{Accounts, AccountsError, Credentials, NO_PASSWORD, Person};
use domain::identities::{Aim, Flow, Identities, Identity, IdentityId};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::people::{at, nobody, person, some_email};

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
const ISSUER: &str = "https://id.example.org/realms/Home";

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &(impl Accounts + Identities)) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        an_identity_leads_to_its_person,
        an_identity_is_told_to_the_letter,
        an_identity_is_of_one_person,
        of_many_who_connect_an_identity_one_does,
        identities_come_in_the_order_of_connecting,
        an_identity_needs_its_person,
        an_identity_is_disconnected_by_its_person_only,
        a_person_comes_with_an_identity,
        a_person_does_not_come_without_the_identity,
        a_person_does_not_come_with_the_address_of_another,
        of_many_who_come_with_an_identity_one_does,
        a_flow_comes_back_as_it_was_kept,
        a_flow_is_valid_until_it_expires,
        of_many_who_take_a_flow_one_gets_it,
        a_flow_needs_its_person,
        a_purge_forgets_expired_flows_only,
    );
}

fn identity(person: PersonId) -> Identity {
    Identity {
        id: IdentityId::from_bytes(rand::random()),
        person,
        issuer: ISSUER.to_owned(),
        subject: nobody().to_string(),
        label: "ada@work.example".to_owned(),
        connected: at(0),
    }
}

fn newcomer() -> Credentials {
    let person = Person { id: nobody(), email: some_email(), name: "Ada".to_owned() };
    Credentials { person, password_hash: NO_PASSWORD.to_owned() }
}

fn flow(aim: Aim) -> Flow {
    Flow { secret_hash: rand::random(), provider: "home".to_owned(), aim, expires: at(1_000) }
}

async fn person_of(store: &impl Identities, identity: &Identity) -> Option<PersonId> {
    store.person_of_identity(&identity.issuer, &identity.subject).await.unwrap()
}

async fn an_identity_leads_to_its_person(store: &(impl Accounts + Identities)) {
    let (ada, bob) = (person(store, "Ada").await.id, person(store, "Bob").await.id);
    let (of_ada, of_bob) = (identity(ada), identity(bob));
    assert_eq!(person_of(store, &of_ada).await, None);
    assert!(store.connect_identity(&of_ada, None).await.unwrap());
    assert!(store.connect_identity(&of_bob, None).await.unwrap());
    assert_eq!(person_of(store, &of_ada).await, Some(ada));
    assert_eq!(person_of(store, &of_bob).await, Some(bob));
    assert_eq!(store.identities(ada).await.unwrap(), [of_ada]);
    assert_eq!(store.identities(nobody()).await.unwrap(), []);
}

async fn an_identity_is_told_to_the_letter(store: &(impl Accounts + Identities)) {
    let ada = person(store, "Ada").await.id;
    let kept = Identity { subject: format!("Ada-{}", nobody()), ..identity(ada) };
    assert!(store.connect_identity(&kept, None).await.unwrap());
    for (issuer, subject) in [
        (ISSUER.to_lowercase(), kept.subject.clone()),
        (format!("{ISSUER}/"), kept.subject.clone()),
        (ISSUER.to_owned(), kept.subject.to_lowercase()),
        (ISSUER.to_owned(), format!("{} ", kept.subject)),
    ] {
        let other = Identity { issuer, subject, ..kept.clone() };
        assert_eq!(person_of(store, &other).await, None, "{other:?}");
    }
    // Another provider may have the same subject.
    let elsewhere = Identity { issuer: "https://other.example".to_owned(), ..kept };
    let bob = person(store, "Bob").await.id;
    let of_bob = Identity { id: IdentityId::from_bytes(rand::random()), person: bob, ..elsewhere };
    assert!(store.connect_identity(&of_bob, None).await.unwrap());
    assert_eq!(person_of(store, &of_bob).await, Some(bob));
}

async fn an_identity_is_of_one_person(store: &(impl Accounts + Identities)) {
    let (ada, bob) = (person(store, "Ada").await.id, person(store, "Bob").await.id);
    let first = identity(ada);
    assert!(store.connect_identity(&first, None).await.unwrap());
    for person in [ada, bob] {
        let again = Identity { id: IdentityId::from_bytes(rand::random()), person, ..first.clone() };
        assert!(!store.connect_identity(&again, None).await.unwrap());
    }
    assert_eq!(person_of(store, &first).await, Some(ada));
    assert_eq!(store.identities(bob).await.unwrap(), []);
}

async fn of_many_who_connect_an_identity_one_does(store: &(impl Accounts + Identities)) {
    let wanted = identity(person(store, "Ada").await.id);
    let wishes = (0..8).map(|_| {
        let wish = Identity { id: IdentityId::from_bytes(rand::random()), ..wanted.clone() };
        async move { store.connect_identity(&wish, None).await.unwrap() }
    });
    assert_eq!(join_all(wishes).await.into_iter().filter(|done| *done).count(), 1);
}

async fn identities_come_in_the_order_of_connecting(store: &(impl Accounts + Identities)) {
    let ada = person(store, "Ada").await.id;
    let mut all = Vec::new();
    for connected in [20, 10, 30] {
        let one = Identity { connected: at(connected), ..identity(ada) };
        assert!(store.connect_identity(&one, None).await.unwrap());
        all.push(one);
    }
    all.sort_by_key(|one| one.connected);
    assert_eq!(store.identities(ada).await.unwrap(), all);
}

async fn an_identity_needs_its_person(store: &(impl Accounts + Identities)) {
    let refused = store.connect_identity(&identity(nobody()), None).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
}

async fn an_identity_is_disconnected_by_its_person_only(store: &(impl Accounts + Identities)) {
    let (ada, bob) = (person(store, "Ada").await.id, person(store, "Bob").await.id);
    let (gone, stays) = (identity(ada), identity(ada));
    for one in [&gone, &stays] {
        assert!(store.connect_identity(one, None).await.unwrap());
    }
    assert!(!store.disconnect_identity(bob, gone.id).await.unwrap());
    assert!(store.disconnect_identity(ada, gone.id).await.unwrap());
    assert!(!store.disconnect_identity(ada, gone.id).await.unwrap());
    assert_eq!(person_of(store, &gone).await, None);
    assert_eq!(store.identities(ada).await.unwrap(), [stays]);
    // Somebody else may have it then.
    let again = Identity { person: bob, ..gone };
    assert!(store.connect_identity(&again, None).await.unwrap());
}

async fn a_person_comes_with_an_identity(store: &(impl Accounts + Identities)) {
    let ada = newcomer();
    let of_ada = identity(ada.person.id);
    assert!(store.create_person_of_identity(&ada, &of_ada).await.unwrap());
    assert_eq!(person_of(store, &of_ada).await, Some(ada.person.id));
    let kept = store.credentials_by_email(&ada.person.email).await.unwrap().unwrap();
    assert!(!kept.has_password());
    assert_eq!(kept, ada);
    assert!(store.set_password_hash(ada.person.id, "hash").await.unwrap());
    assert!(store.credentials_by_email(&ada.person.email).await.unwrap().unwrap().has_password());
}

async fn a_person_does_not_come_without_the_identity(store: &(impl Accounts + Identities)) {
    let taken = identity(person(store, "Ada").await.id);
    assert!(store.connect_identity(&taken, None).await.unwrap());
    let bob = newcomer();
    let same = Identity { id: IdentityId::from_bytes(rand::random()), person: bob.person.id, ..taken };
    assert!(!store.create_person_of_identity(&bob, &same).await.unwrap());
    assert_eq!(store.credentials_by_email(&bob.person.email).await.unwrap(), None);
    assert_eq!(store.person(bob.person.id).await.unwrap(), None);
}

async fn a_person_does_not_come_with_the_address_of_another(store: &(impl Accounts + Identities)) {
    let ada = person(store, "Ada").await;
    let mut eve = newcomer();
    eve.person.email = ada.email;
    let of_eve = identity(eve.person.id);
    let refused = store.create_person_of_identity(&eve, &of_eve).await;
    assert!(matches!(refused, Err(AccountsError::EmailTaken)), "{refused:?}");
    assert_eq!(person_of(store, &of_eve).await, None);
}

async fn of_many_who_come_with_an_identity_one_does(store: &(impl Accounts + Identities)) {
    let wanted = identity(nobody());
    let wishes = (0..8).map(|_| {
        let who = newcomer();
        let id = IdentityId::from_bytes(rand::random());
        let wish = Identity { id, person: who.person.id, ..wanted.clone() };
        async move { store.create_person_of_identity(&who, &wish).await.unwrap() }
    });
    assert_eq!(join_all(wishes).await.into_iter().filter(|done| *done).count(), 1);
}

async fn one_of_each(store: &impl Accounts) -> Vec<Flow> {
    let person = person(store, "Ada").await.id;
    let connect = Aim::Connect { person, session: rand::random() };
    [Aim::LogIn, connect, Aim::Code { person }].map(flow).into()
}

async fn a_flow_comes_back_as_it_was_kept(store: &(impl Accounts + Identities)) {
    let flows = one_of_each(store).await;
    for flow in &flows {
        store.put_flow(flow).await.unwrap();
    }
    for flow in flows {
        let found = store.flow(&flow.secret_hash, at(1)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&flow));
        assert_eq!(store.take_flow(&flow.secret_hash, at(1)).await.unwrap().as_ref(), Some(&flow));
        assert_eq!(store.flow(&flow.secret_hash, at(1)).await.unwrap(), None);
        assert_eq!(store.take_flow(&flow.secret_hash, at(1)).await.unwrap(), None);
    }
}

async fn a_flow_is_valid_until_it_expires(store: &(impl Accounts + Identities)) {
    let flow = flow(Aim::LogIn);
    store.put_flow(&flow).await.unwrap();
    assert_eq!(store.flow(&flow.secret_hash, at(1_000)).await.unwrap(), None);
    assert_eq!(store.take_flow(&flow.secret_hash, at(1_000)).await.unwrap(), None);
    assert_eq!(store.take_flow(&flow.secret_hash, at(999)).await.unwrap(), Some(flow));
}

async fn of_many_who_take_a_flow_one_gets_it(store: &(impl Accounts + Identities)) {
    let flow = flow(Aim::LogIn);
    store.put_flow(&flow).await.unwrap();
    let takes = (0..8).map(|_| async { store.take_flow(&flow.secret_hash, at(1)).await.unwrap().is_some() });
    assert_eq!(join_all(takes).await.into_iter().filter(|got| *got).count(), 1);
}

async fn a_flow_needs_its_person(store: &(impl Accounts + Identities)) {
    let refused = store.put_flow(&flow(Aim::Code { person: nobody() })).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
}

async fn a_purge_forgets_expired_flows_only(store: &(impl Accounts + Identities)) {
    // At a time at which no other case has anything.
    let (gone, stays) =
        (Flow { expires: at(-2_000), ..flow(Aim::LogIn) }, Flow { expires: at(-1_000), ..flow(Aim::LogIn) });
    for flow in [&gone, &stays] {
        store.put_flow(flow).await.unwrap();
    }
    assert_eq!(store.purge_flows(at(-2_000)).await.unwrap(), 1);
    assert_eq!(store.flow(&gone.secret_hash, at(-9_000)).await.unwrap(), None);
    assert_eq!(store.flow(&stays.secret_hash, at(-9_000)).await.unwrap(), Some(stays));
}
