use domain::access::Role;
use domain::accounts::{AccountsError, Credentials, Person};
use domain::audit::{Action, Deed};
use domain::members::Invitee;
use domain::tickets::{Purpose, Ticket};
use domain::{HouseholdId, PersonId, UtcMillis};
use futures_util::future::join_all;

use super::{People, at, home, member, nobody, person, some_email};

async fn invited(store: &impl People, household: HouseholdId, by: PersonId, role: Role) -> Ticket {
    let until = (role == Role::Guest).then(|| at(9_000));
    let ticket = Ticket {
        secret_hash: rand::random(),
        email: some_email(),
        purpose: Purpose::Invitation { household, role, until, by },
        created: at(0),
        expires: at(1_000),
    };
    store.put_ticket(&ticket, None).await.unwrap();
    ticket
}

fn newcomer(email: &str) -> Credentials {
    let person = Person { id: nobody(), email: email.to_owned(), name: "Zoë".to_owned() };
    Credentials { person, password_hash: "hash".to_owned() }
}

async fn accept(
    store: &impl People,
    ticket: &Ticket,
    invitee: Invitee<'_>,
    now: UtcMillis,
) -> Option<HouseholdId> {
    store.accept_invitation(&ticket.secret_hash, invitee, now).await.unwrap()
}

async fn is_there(store: &impl People, ticket: &Ticket) -> bool {
    store.ticket(&ticket.secret_hash, at(1)).await.unwrap().is_some()
}

pub(super) async fn an_invitation_makes_members_and_is_written_down(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    let of_ada = invited(store, household.id, olga.id, Role::Member).await;
    let of_zoe = invited(store, household.id, olga.id, Role::Guest).await;
    let zoe = newcomer(&of_zoe.email);
    assert_eq!(accept(store, &of_ada, Invitee::Known(ada.id), at(5)).await, Some(household.id));
    assert_eq!(accept(store, &of_zoe, Invitee::New(&zoe), at(6)).await, Some(household.id));
    assert_eq!(
        store.members(household.id, at(6)).await.unwrap(),
        [
            member(&olga, Role::Owner, None),
            member(&ada, Role::Member, None),
            member(&zoe.person, Role::Guest, Some(at(9_000))),
        ]
    );
    assert_eq!(store.credentials_by_email(&of_zoe.email).await.unwrap(), Some(zoe.clone()));
    let deeds = store.entries(household.id, None, 2).await.unwrap().into_iter().map(|entry| entry.deed);
    let joined = |by, millis, about: &str| Deed {
        household: household.id,
        at: at(millis),
        by: Some(by),
        action: Action::MemberJoined,
        about: about.to_owned(),
    };
    assert_eq!(deeds.collect::<Vec<_>>(), [joined(zoe.person.id, 6, "guest"), joined(ada.id, 5, "member")]);
    // Once.
    assert_eq!(accept(store, &of_ada, Invitee::Known(ada.id), at(7)).await, None);
}

pub(super) async fn an_invitation_is_no_way_to_lose_a_role(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    for (role, then) in
        [(Role::Member, Role::Member), (Role::Guest, Role::Member), (Role::Owner, Role::Owner)]
    {
        let ticket = invited(store, household.id, olga.id, role).await;
        assert_eq!(accept(store, &ticket, Invitee::Known(ada.id), at(1)).await, Some(household.id));
        assert_eq!(store.memberships(ada.id, at(1)).await.unwrap()[0].role, then);
    }
}

pub(super) async fn what_is_no_invitation_lets_nobody_in(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    let expired = invited(store, household.id, olga.id, Role::Member).await;
    let reset =
        Ticket { secret_hash: rand::random(), purpose: Purpose::Reset { person: ada.id }, ..expired.clone() };
    store.put_ticket(&reset, None).await.unwrap();
    for (ticket, now) in [(&expired, at(1_000)), (&reset, at(1))] {
        assert_eq!(accept(store, ticket, Invitee::Known(ada.id), now).await, None);
        let zoe = newcomer(&some_email());
        assert_eq!(accept(store, ticket, Invitee::New(&zoe), now).await, None);
        assert_eq!(store.person(zoe.person.id).await.unwrap(), None);
    }
    assert!(is_there(store, &reset).await);
    assert_eq!(store.members(household.id, at(1)).await.unwrap(), [member(&olga, Role::Owner, None)]);
}

pub(super) async fn where_the_address_is_somebodys_the_invitation_stays(store: &impl People) {
    let (household, olga) = home(store).await;
    let ada = person(store, "Ada").await;
    let ticket = invited(store, household.id, olga.id, Role::Member).await;
    let twin = newcomer(&ada.email);
    let refused = store.accept_invitation(&ticket.secret_hash, Invitee::New(&twin), at(1)).await;
    assert!(matches!(refused, Err(AccountsError::EmailTaken)), "{refused:?}");
    assert!(is_there(store, &ticket).await);
    assert_eq!(store.members(household.id, at(1)).await.unwrap(), [member(&olga, Role::Owner, None)]);
}

pub(super) async fn of_many_who_accept_an_invitation_one_does(store: &impl People) {
    let (household, olga) = home(store).await;
    let ticket = invited(store, household.id, olga.id, Role::Member).await;
    let wishes = (0..8).map(|_| {
        let (ticket, who) = (&ticket, newcomer(&some_email()));
        async move { accept(store, ticket, Invitee::New(&who), at(1)).await.is_some() }
    });
    assert_eq!(join_all(wishes).await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(store.members(household.id, at(1)).await.unwrap().len(), 2);
}

/// Dismissed, or less than an owner.
pub(super) async fn who_is_no_owner_any_more_invites_nobody(store: &impl People) {
    for role in [None, Some(Role::Member), Some(Role::Guest)] {
        let ((household, olga), (other, _)) = (home(store).await, home(store).await);
        let eve = person(store, "Eve").await.id;
        for household in [household.id, other.id] {
            store.admit(household, eve, Role::Owner, None, nobody(), at(0)).await.unwrap();
        }
        let gone = invited(store, household.id, eve, Role::Owner).await;
        let elsewhere = invited(store, other.id, eve, Role::Owner).await;
        let of_olga = invited(store, household.id, olga.id, Role::Guest).await;
        match role {
            None => assert!(store.dismiss(household.id, eve, nobody(), at(0)).await.unwrap()),
            Some(role) => store.admit(household.id, eve, role, None, nobody(), at(0)).await.unwrap(),
        }
        assert!(!is_there(store, &gone).await, "{role:?}");
        assert!(is_there(store, &elsewhere).await && is_there(store, &of_olga).await, "{role:?}");
        let invitee = person(store, "Mallory").await.id;
        assert_eq!(accept(store, &gone, Invitee::Known(invitee), at(1)).await, None);
        assert_eq!(accept(store, &of_olga, Invitee::Known(invitee), at(1)).await, Some(household.id));
    }
}

/// As an operator changes a role, or whoever invited was never there.
pub(super) async fn an_invitation_needs_an_owner_when_it_is_accepted(store: &impl People) {
    let (household, _) = home(store).await;
    let (eve, invitee) = (person(store, "Eve").await.id, person(store, "Mallory").await.id);
    store.put_member(household.id, eve, Role::Owner).await.unwrap();
    let of_eve = invited(store, household.id, eve, Role::Owner).await;
    store.put_member(household.id, eve, Role::Member).await.unwrap();
    let of_nobody = invited(store, household.id, nobody(), Role::Owner).await;
    for ticket in [of_eve, of_nobody] {
        assert_eq!(accept(store, &ticket, Invitee::Known(invitee), at(1)).await, None);
    }
    assert_eq!(store.memberships(invitee, at(1)).await.unwrap(), []);
}
