//! What every store of tickets has to keep.

use std::time::Duration;

use domain::access::Role;
use domain::accounts::{Accounts, AccountsError};
use domain::tickets::{Purpose, Ticket, TicketKind, Tickets};
use domain::{HouseholdId, PersonId, UtcMillis};
use tokio::time::timeout;

use super::people::{at, household, nobody, nowhere, person, some_email};

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &(impl Accounts + Tickets)) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        a_ticket_comes_back_as_it_was_kept,
        what_is_unknown_is_not_found,
        a_ticket_is_valid_until_it_expires,
        a_ticket_is_taken_once,
        of_many_who_take_a_ticket_one_gets_it,
        a_later_ticket_takes_the_place_of_an_earlier_one,
        what_is_about_something_else_stays,
        of_many_kept_at_once_one_stays,
        a_ticket_needs_its_person_and_its_household,
        a_secret_belongs_to_one_ticket,
        who_invited_need_not_be_there,
        invitations_come_oldest_first,
        whether_somebody_is_invited_is_known,
        an_invitation_is_withdrawn,
        only_invitations_are_withdrawn,
        a_purge_forgets_expired_tickets_only,
    );
}

fn ticket(email: &str, purpose: Purpose) -> Ticket {
    Ticket {
        secret_hash: rand::random(),
        email: email.to_owned(),
        purpose,
        created: at(0),
        expires: at(1_000),
    }
}

fn sign_up() -> Ticket {
    ticket(&some_email(), Purpose::SignUp { name: "Zoë".to_owned() })
}

fn invitation(household: HouseholdId, email: &str, created: UtcMillis) -> Ticket {
    let purpose = Purpose::Invitation { household, role: Role::Member, until: None, by: nobody() };
    Ticket { created, ..ticket(email, purpose) }
}

async fn kept(store: &impl Tickets, ticket: Ticket) -> Ticket {
    store.put_ticket(&ticket, None).await.unwrap();
    ticket
}

async fn is_there(store: &impl Tickets, ticket: &Ticket) -> bool {
    let found = store.ticket(&ticket.secret_hash, at(1)).await.unwrap();
    assert!(found.is_none() || found.as_ref() == Some(ticket), "{found:?}");
    found.is_some()
}

/// One of every kind, for the same address.
async fn one_of_each(store: &(impl Accounts + Tickets)) -> Vec<Ticket> {
    let (email, somebody, home) = (some_email(), person(store, "Zoë").await.id, household(store).await);
    let by = person(store, "Ada").await.id;
    let purposes = [
        Purpose::SignUp { name: "Zoë \"Z\" Müller".to_owned() },
        Purpose::Reset { person: somebody },
        Purpose::ChangeEmail { person: somebody },
        Purpose::Invitation { household: home, role: Role::Guest, until: Some(at(9)), by },
    ];
    assert_eq!(purposes.each_ref().map(Purpose::kind), TicketKind::ALL);
    purposes.into_iter().map(|purpose| ticket(&email, purpose)).collect()
}

async fn a_ticket_comes_back_as_it_was_kept(store: &(impl Accounts + Tickets)) {
    let mut tickets = one_of_each(store).await;
    for role in [Role::Owner, Role::Member] {
        let purpose =
            Purpose::Invitation { household: household(store).await, role, until: None, by: nobody() };
        tickets.push(ticket(&some_email(), purpose));
    }
    for ticket in &tickets {
        store.put_ticket(ticket, None).await.unwrap();
    }
    for ticket in tickets {
        // Looking at it does not use it up.
        for _ in 0..2 {
            assert_eq!(store.ticket(&ticket.secret_hash, at(1)).await.unwrap().as_ref(), Some(&ticket));
        }
        assert_eq!(store.take_ticket(&ticket.secret_hash, at(1)).await.unwrap(), Some(ticket));
    }
}

async fn what_is_unknown_is_not_found(store: &(impl Accounts + Tickets)) {
    assert_eq!(store.ticket(&rand::random(), at(0)).await.unwrap(), None);
    assert_eq!(store.take_ticket(&rand::random(), at(0)).await.unwrap(), None);
    assert_eq!(store.invitations(nowhere(), at(0)).await.unwrap(), []);
    assert!(!store.withdraw_invitation(nowhere(), "nobody@example.org", nobody(), at(0)).await.unwrap());
}

async fn a_ticket_is_valid_until_it_expires(store: &(impl Accounts + Tickets)) {
    let ticket = kept(store, sign_up()).await;
    assert_eq!(store.ticket(&ticket.secret_hash, at(1_000)).await.unwrap(), None);
    assert_eq!(store.take_ticket(&ticket.secret_hash, at(1_000)).await.unwrap(), None);
    assert_eq!(store.ticket(&ticket.secret_hash, at(999)).await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.take_ticket(&ticket.secret_hash, at(999)).await.unwrap(), Some(ticket));
}

async fn a_ticket_is_taken_once(store: &(impl Accounts + Tickets)) {
    let (taken, other) = (kept(store, sign_up()).await, kept(store, sign_up()).await);
    assert_eq!(store.take_ticket(&taken.secret_hash, at(1)).await.unwrap().as_ref(), Some(&taken));
    assert_eq!(store.take_ticket(&taken.secret_hash, at(1)).await.unwrap(), None);
    assert!(!is_there(store, &taken).await);
    assert!(is_there(store, &other).await);
}

async fn of_many_who_take_a_ticket_one_gets_it(store: &(impl Accounts + Tickets)) {
    let ticket = kept(store, sign_up()).await;
    let wishes =
        (0..8).map(|_| async { store.take_ticket(&ticket.secret_hash, at(1)).await.unwrap().is_some() });
    let got = futures_util::future::join_all(wishes).await.into_iter().filter(|got| *got).count();
    assert_eq!(got, 1);
}

async fn a_later_ticket_takes_the_place_of_an_earlier_one(store: &(impl Accounts + Tickets)) {
    for earlier in one_of_each(store).await {
        store.put_ticket(&earlier, None).await.unwrap();
        let purpose = match earlier.purpose.clone() {
            Purpose::SignUp { .. } => Purpose::SignUp { name: "Chloë".to_owned() },
            Purpose::Invitation { household, .. } => {
                Purpose::Invitation { household, role: Role::Owner, until: None, by: nobody() }
            }
            same => same,
        };
        let later = Ticket { created: at(5), expires: at(5_000), ..ticket(&earlier.email.clone(), purpose) };
        store.put_ticket(&later, None).await.unwrap();
        assert!(!is_there(store, &earlier).await);
        assert_eq!(store.ticket(&later.secret_hash, at(4_999)).await.unwrap(), Some(later));
    }
}

async fn what_is_about_something_else_stays(store: &(impl Accounts + Tickets)) {
    let mut tickets = one_of_each(store).await;
    let email = tickets[0].email.clone();
    for purpose in [
        Purpose::Reset { person: person(store, "Bob").await.id },
        Purpose::ChangeEmail { person: person(store, "Bob").await.id },
        invitation(household(store).await, &email, at(0)).purpose,
    ] {
        tickets.push(ticket(&email, purpose));
    }
    let elsewhere: Vec<_> =
        tickets.iter().map(|one| ticket(&format!("not.{email}"), one.purpose.clone())).collect();
    tickets.extend(elsewhere);
    for ticket in &tickets {
        store.put_ticket(ticket, None).await.unwrap();
    }
    for ticket in &tickets {
        assert!(is_there(store, ticket).await, "{ticket:?}");
    }
}

async fn of_many_kept_at_once_one_stays(store: &(impl Accounts + Tickets)) {
    let home = household(store).await;
    let email = some_email();
    let tickets: Vec<_> = (0..8).map(|n| invitation(home, &email, at(n))).collect();
    let keeping = tickets.iter().map(|ticket| async move { store.put_ticket(ticket, None).await.unwrap() });
    futures_util::future::join_all(keeping).await;
    let left = store.invitations(home, at(9)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(tickets.contains(&left[0]));
    let mut valid = 0;
    for ticket in &tickets {
        valid += u32::from(is_there(store, ticket).await);
    }
    assert_eq!(valid, 1);
}

async fn a_ticket_needs_its_person_and_its_household(store: &(impl Accounts + Tickets)) {
    let person: PersonId = nobody();
    let purposes = [
        Purpose::Reset { person },
        Purpose::ChangeEmail { person },
        invitation(nowhere(), &some_email(), at(0)).purpose,
    ];
    for purpose in purposes {
        let ticket = ticket(&some_email(), purpose);
        let refused = store.put_ticket(&ticket, None).await;
        assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
        assert!(!is_there(store, &ticket).await);
    }
}

async fn a_secret_belongs_to_one_ticket(store: &(impl Accounts + Tickets)) {
    let ticket = kept(store, sign_up()).await;
    let twin = Ticket { secret_hash: ticket.secret_hash, ..sign_up() };
    let refused = store.put_ticket(&twin, None).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    assert!(is_there(store, &ticket).await);
    // In its own place it may stand again.
    let again = kept(store, Ticket { expires: at(7_000), ..ticket }).await;
    assert!(is_there(store, &again).await);
}

async fn who_invited_need_not_be_there(store: &(impl Accounts + Tickets)) {
    let home = household(store).await;
    let invitation = kept(store, invitation(home, &some_email(), at(0))).await;
    assert!(is_there(store, &invitation).await);
}

async fn invitations_come_oldest_first(store: &(impl Accounts + Tickets)) {
    let (home, other) = (household(store).await, household(store).await);
    let mut invitations = Vec::new();
    for created in [at(30), at(10), at(20)] {
        invitations.push(kept(store, invitation(home, &some_email(), created)).await);
    }
    let shorter = Ticket { expires: at(500), ..invitation(home, &some_email(), at(15)) };
    invitations.push(kept(store, shorter).await);
    kept(store, invitation(other, &some_email(), at(11))).await;
    kept(store, sign_up()).await;
    let [last, first, third, second] = <[Ticket; 4]>::try_from(invitations).unwrap();
    let valid = [first.clone(), second, third.clone(), last.clone()];
    assert_eq!(store.invitations(home, at(499)).await.unwrap(), valid);
    assert_eq!(store.invitations(home, at(500)).await.unwrap(), [first, third, last]);
}

async fn whether_somebody_is_invited_is_known(store: &(impl Accounts + Tickets)) {
    let (home, email) = (household(store).await, some_email());
    kept(store, ticket(&email, Purpose::SignUp { name: "Ada".to_owned() })).await;
    assert!(!store.is_invited(&email, at(1)).await.unwrap());
    let invitation = kept(store, invitation(home, &email, at(0))).await;
    assert!(store.is_invited(&email, at(1)).await.unwrap());
    assert!(!store.is_invited(&email, invitation.expires).await.unwrap());
    assert!(!store.is_invited(&some_email(), at(1)).await.unwrap());
    assert!(store.withdraw_invitation(home, &email, nobody(), at(0)).await.unwrap());
    assert!(!store.is_invited(&email, at(1)).await.unwrap());
}

async fn an_invitation_is_withdrawn(store: &(impl Accounts + Tickets)) {
    let (home, other, email) = (household(store).await, household(store).await, some_email());
    let withdrawn = kept(store, invitation(home, &email, at(0))).await;
    let elsewhere = kept(store, invitation(other, &email, at(0))).await;
    let of_another = kept(store, invitation(home, &some_email(), at(0))).await;
    assert!(store.withdraw_invitation(home, &email, nobody(), at(0)).await.unwrap());
    assert!(!store.withdraw_invitation(home, &email, nobody(), at(0)).await.unwrap());
    assert!(!is_there(store, &withdrawn).await);
    assert_eq!(store.invitations(home, at(1)).await.unwrap(), [of_another]);
    assert_eq!(store.invitations(other, at(1)).await.unwrap(), [elsewhere]);
}

async fn only_invitations_are_withdrawn(store: &(impl Accounts + Tickets)) {
    let tickets = one_of_each(store).await;
    for ticket in &tickets {
        store.put_ticket(ticket, None).await.unwrap();
    }
    let home = tickets[3].purpose.household().unwrap();
    assert!(store.withdraw_invitation(home, &tickets[3].email, nobody(), at(0)).await.unwrap());
    for ticket in &tickets[..3] {
        assert!(is_there(store, ticket).await, "{ticket:?}");
    }
}

async fn a_purge_forgets_expired_tickets_only(store: &(impl Accounts + Tickets)) {
    // Decades before the tickets of the other cases, which it must not touch.
    let then = UtcMillis(1_000);
    let expired = kept(store, Ticket { expires: then, ..sign_up() }).await;
    let valid = kept(store, Ticket { expires: then.plus_millis(1), ..sign_up() }).await;
    assert_eq!(store.purge_tickets(then).await.unwrap(), 1);
    assert_eq!(store.purge_tickets(then).await.unwrap(), 0);
    assert_eq!(store.take_ticket(&expired.secret_hash, UtcMillis(0)).await.unwrap(), None);
    assert_eq!(store.take_ticket(&valid.secret_hash, UtcMillis(0)).await.unwrap(), Some(valid));
}
