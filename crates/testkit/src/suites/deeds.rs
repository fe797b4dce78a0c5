//! That a change and what is written down of it are there together, or neither is.

use std::fmt::Debug;
use std::time::Duration;

use domain::access::{Role, Scope};
use domain::accounts::{Accounts, AccountsError, Household, HubLabels, SocketLabel};
use domain::audit::{Action, Audit, Deed, whom};
use domain::hubs::{Enrolment, HubCredentials, Opening, Pairing};
use domain::members::{Invitee, Members};
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens};
use domain::registry::{HomeSettings, Registry};
use domain::tickets::{InvitationId, Purpose, Ticket, Tickets};
use domain::{HouseholdId, HubId, PersonId, SocketNumber};
use tokio::time::timeout;

use super::people::{at, nobody, person, some_email, some_household};

/// All cases together may take no longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whatever is written down: views of one store.
pub trait Everything:
    Accounts + Members + HubCredentials + Tickets + Registry + PersonalTokens + Audit
{
}

impl<T> Everything for T where
    T: Accounts + Members + HubCredentials + Tickets + Registry + PersonalTokens + Audit
{
}

/// A home, its owner, and somebody else.
struct Place<'a, S, R> {
    store: &'a S,
    /// Has the store refuse every deed from then on, or none.
    refuse: R,
    home: HouseholdId,
    ada: PersonId,
    bob: PersonId,
    hubs: [HubId; 2],
}

/// Runs every case. With `refuse(true)` the store has to fail to write anything down, with `refuse(false)` no more.
pub async fn run_all<S: Everything>(store: &S, refuse: impl AsyncFn(bool)) {
    let (home, ada, bob) = (some_household(), person(store, "Ada").await.id, person(store, "Bob").await.id);
    let hubs = [0; 2].map(|_| HubId::from_bytes(rand::random()));
    let place = Place { store, refuse, home: home.id, ada, bob, hubs };
    let cases = async {
        let founded = Deed::of_household(Action::HouseholdFounded, &home, ada, at(1));
        place.together(true, &[founded], async || store.found_household(&home, ada, 1, at(1)).await).await;
        place.members_come_and_go().await;
        place.invitations_come_and_go().await;
        place.hubs_come_and_go().await;
        place.settings_change().await;
        place.tokens_come_and_go().await;
    };
    timeout(PATIENCE, cases).await.expect("writing down took too long");
}

impl<S: Everything, R: AsyncFn(bool)> Place<'_, S, R> {
    /// Does it without being able to write it down, which changes nothing; and then once more.
    async fn together<T: Debug + PartialEq>(
        &self,
        expected: T,
        deeds: &[Deed],
        change: impl AsyncFn() -> Result<T, AccountsError>,
    ) {
        let before = self.seen().await;
        (self.refuse)(true).await;
        let refused = change().await;
        (self.refuse)(false).await;
        assert!(refused.is_err(), "{deeds:?}: {refused:?}");
        assert_eq!(self.seen().await, before, "{deeds:?}");

        assert_eq!(change().await.unwrap(), expected, "{deeds:?}");
        let written = self.store.entries(self.home, None, 100).await.unwrap();
        let written: Vec<Deed> = written.into_iter().rev().map(|entry| entry.deed).collect();
        assert!(written.ends_with(deeds), "{written:?} and not {deeds:?}");
        assert_eq!(written.len(), before.0 + deeds.len(), "{written:?}");
        assert_ne!(self.seen().await.1, before.1, "{deeds:?}");
    }

    /// How many deeds, and all that they could be about.
    async fn seen(&self) -> (usize, String) {
        let (store, home) = (self.store, self.home);
        let deeds = store.entries(home, None, 100).await.unwrap().len();
        let mut hubs = Vec::new();
        for hub in self.hubs {
            let secret = store.valid_secret(hub, at(50)).await.unwrap();
            hubs.push((secret, store.sockets(home, hub).await.unwrap()));
        }
        let seen = (
            store.household(home).await.unwrap(),
            store.members(home, at(50)).await.unwrap(),
            store.invitations(home, at(50)).await.unwrap(),
            store.hubs(home).await.unwrap(),
            hubs,
            store.settings(home).await.unwrap(),
            store.tokens(self.ada).await.unwrap(),
        );
        (deeds, format!("{seen:?}"))
    }

    fn deed(&self, by: Option<PersonId>, millis: i64, action: Action, about: impl Into<String>) -> Deed {
        Deed { household: self.home, at: at(millis), by, action, about: about.into() }
    }

    async fn members_come_and_go(&self) {
        let &Self { store, home, ada, bob, .. } = self;
        for (millis, role) in [(2, Role::Guest), (3, Role::Owner)] {
            let changed =
                self.deed(Some(ada), millis, Action::MemberChanged, format!("{bob}: {}", role.as_str()));
            let admit = async || store.admit(home, bob, role, None, ada, at(millis)).await;
            self.together((), &[changed], admit).await;
        }
        let removed = self.deed(Some(ada), 4, Action::MemberRemoved, bob.to_string());
        self.together(true, &[removed], async || store.dismiss(home, bob, ada, at(4)).await).await;
        // Who is not there does not leave.
        assert!(!store.dismiss(home, bob, ada, at(5)).await.unwrap());
        store.admit(home, bob, Role::Member, None, ada, at(5)).await.unwrap();
        let changed = self.deed(Some(ada), 5, Action::MemberChanged, format!("{bob}: guest"));
        let change = async || store.change_member(home, bob, Role::Guest, None, ada, at(5)).await;
        self.together(true, &[changed], change).await;
        let left = self.deed(Some(bob), 6, Action::MemberLeft, bob.to_string());
        self.together(true, &[left], async || store.dismiss(home, bob, bob, at(6)).await).await;
        // Nothing that is refused is written down either.
        let count = self.seen().await.0;
        let refused = store.dismiss(home, ada, ada, at(7)).await;
        assert!(matches!(refused, Err(AccountsError::LastOwner)), "{refused:?}");
        assert_eq!(self.seen().await.0, count);
    }

    /// By their ids: no address is written down.
    async fn invitations_come_and_go(&self) {
        let &Self { store, home, ada, bob, .. } = self;
        let ticket = |millis| Ticket {
            secret_hash: rand::random(),
            email: some_email(),
            purpose: Purpose::Invitation { household: home, role: Role::Guest, until: None, by: ada },
            created: at(millis),
            expires: at(1_000),
        };
        let invited = |ticket: &Ticket| Deed {
            at: ticket.created,
            ..self.deed(
                Some(ada),
                0,
                Action::MemberInvited,
                whom(InvitationId::of(&ticket.secret_hash), Some(Role::Guest)),
            )
        };
        let (first, second) = (ticket(8), ticket(9));
        for ticket in [&first, &second] {
            self.together((), &[invited(ticket)], async || store.put_ticket(ticket, None).await).await;
        }
        let id = InvitationId::of(&first.secret_hash).to_string();
        let withdrawn = self.deed(Some(ada), 10, Action::InvitationWithdrawn, id);
        let withdraw = async || store.withdraw_invitation(home, &first.email, ada, at(10)).await;
        self.together(true, &[withdrawn], withdraw).await;
        assert!(!store.withdraw_invitation(home, &first.email, ada, at(10)).await.unwrap());
        let joined = self.deed(Some(bob), 11, Action::MemberJoined, "guest");
        let accept = async || store.accept_invitation(&second.secret_hash, Invitee::Known(bob), at(11)).await;
        self.together(Some(home), &[joined], accept).await;
    }

    async fn hubs_come_and_go(&self) {
        let &Self { store, home, ada, hubs: [hub, other], .. } = self;
        let pairing = Pairing {
            hub,
            serial: None,
            secret_hash: rand::random(),
            code_hash: rand::random(),
            created: at(12),
            expires: at(1_000),
        };
        assert_eq!(store.open_pairing(&pairing, u32::MAX).await.unwrap(), Opening::Opened);
        let added = self.deed(Some(ada), 13, Action::HubAdded, "Cellar");
        let redeem = async || store.redeem_pairing(&pairing.code_hash, home, "Cellar", ada, at(13)).await;
        self.together(Some(hub), &[added], redeem).await;

        // Of a list those are new that were not there.
        let enrolment = |hub, secret_hash, name: &str| Enrolment {
            hub,
            serial: None,
            secret_hash,
            name: name.to_owned(),
        };
        let list =
            [enrolment(hub, pairing.secret_hash, "Basement"), enrolment(other, rand::random(), "Attic")];
        let enrolled = self.deed(None, 14, Action::HubAdded, "Attic");
        self.together(Vec::new(), &[enrolled], async || store.enrol(home, &list, at(14)).await).await;

        let (number, name) = (SocketNumber::new(3).unwrap(), "Fridge".to_owned());
        let socket = SocketLabel { number, name, room: None, icon: None, hidden: false };
        let labels = HubLabels { name: "Kitchen".to_owned(), sockets: vec![socket] };
        let labelled = self.deed(Some(ada), 15, Action::HubLabelled, "Kitchen");
        let label = async || store.label_hub(home, other, &labels, ada, at(15)).await;
        self.together(true, &[labelled], label).await;
        let since: Vec<_> =
            store.hubs(home).await.unwrap().into_iter().map(|hub| (hub.name, hub.since)).collect();
        assert_eq!(since, [("Basement".to_owned(), at(13)), ("Kitchen".to_owned(), at(14))]);

        let released = self.deed(Some(ada), 16, Action::HubReleased, "Kitchen");
        self.together(true, &[released], async || store.release_hub(home, other, ada, at(16)).await).await;
        let count = self.seen().await.0;
        assert!(!store.release_hub(home, other, ada, at(17)).await.unwrap());
        assert!(!store.label_hub(home, other, &labels, ada, at(17)).await.unwrap());
        assert!(
            !store
                .label_hub(home, HubId::from_bytes(rand::random()), &labels, nobody(), at(17))
                .await
                .unwrap()
        );
        assert_eq!(self.seen().await.0, count);
    }

    async fn settings_change(&self) {
        let &Self { store, home, ada, .. } = self;
        let farm = Household {
            name: "Farm".to_owned(),
            zone: "Asia/Kolkata".parse().unwrap(),
            ..store.household(home).await.unwrap().unwrap()
        };
        let settings =
            HomeSettings { currency: "CHF".to_owned().try_into().unwrap(), ..HomeSettings::default() };
        let changed = self.deed(Some(ada), 18, Action::SettingsChanged, "");
        let change = async || store.change_settings(&farm, 0, &settings, ada, at(18)).await;
        self.together(Some(1), &[changed], change).await;
        let count = self.seen().await.0;
        assert_eq!(store.change_settings(&farm, 0, &settings, ada, at(19)).await.unwrap(), None);
        assert_eq!(self.seen().await.0, count);
    }

    async fn tokens_come_and_go(&self) {
        let &Self { store, home, ada, bob, .. } = self;
        let token = PersonalToken {
            id: PersonalTokenId::from_bytes(rand::random()),
            person: ada,
            household: home,
            name: "Grafana".to_owned(),
            scopes: vec![Scope::Usage],
            secret_hash: rand::random(),
            created: at(20),
            expires: None,
            last_used: None,
        };
        let made = self.deed(Some(ada), 20, Action::TokenMade, "Grafana");
        self.together(true, &[made], async || store.create_token(&token, 1, None).await).await;
        let count = self.seen().await.0;
        assert!(!store.create_token(&token, 1, None).await.unwrap());
        assert!(!store.delete_token(bob, token.id, at(21)).await.unwrap());
        assert_eq!(self.seen().await.0, count);
        let deleted = self.deed(Some(ada), 22, Action::TokenDeleted, "Grafana");
        self.together(true, &[deleted], async || store.delete_token(ada, token.id, at(22)).await).await;
    }
}
