//! To whom something was done. It is written down by id and named when somebody reads it: what stays in a household of
//! somebody who is gone has no name, and of somebody who was invited no address when the invitation is gone.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::{Action, Deed};
use domain::tickets::InvitationId;
use domain::{HouseholdId, PersonId};

use super::App;
use super::error::ApiError;

/// Of people who are there, and the addresses of those who are invited, by id.
pub(super) struct Names {
    people: BTreeMap<PersonId, String>,
    invited: BTreeMap<InvitationId, String>,
}

/// To whom it was done.
enum Whom {
    Person(PersonId),
    Invited(InvitationId),
    /// What was cleared out of entries from before there were ids.
    Unknown,
}

/// Who it was, and what follows; nobody in what was written down when names still were.
fn parts(deed: &Deed) -> Option<(Whom, &str)> {
    let (id, rest) = deed.about.split_at(deed.about.find(": ").unwrap_or(deed.about.len()));
    let whom = match deed.action {
        Action::MemberChanged | Action::MemberRemoved | Action::MemberLeft => Whom::Person(id.parse().ok()?),
        Action::MemberInvited | Action::InvitationWithdrawn => {
            // Whatever a release before writes here, no address is shown.
            id.parse().map_or(Whom::Unknown, Whom::Invited)
        }
        _ => return None,
    };
    Some((whom, rest))
}

impl App {
    /// Of all who did something, and to whom something was done.
    pub(super) async fn names_in<'a>(
        &self,
        deeds: impl Iterator<Item = &'a Deed>,
    ) -> Result<Names, ApiError> {
        let (mut ids, mut households) = (BTreeSet::<PersonId>::new(), BTreeSet::<HouseholdId>::new());
        for deed in deeds {
            ids.extend(deed.by);
            match parts(deed) {
                Some((Whom::Person(id), _)) => ids.extend([id]),
                Some((Whom::Invited(_), _)) => households.extend([deed.household]),
                Some((Whom::Unknown, _)) | None => {}
            }
        }
        let (mut people, mut invited) = (BTreeMap::new(), BTreeMap::new());
        for id in ids {
            if let Some(person) = self.stores.accounts.person(id).await? {
                people.insert(id, person.name);
            }
        }
        for household in households {
            let open = self.stores.tickets.invitations(household, self.clock.now()).await?;
            invited
                .extend(open.into_iter().map(|ticket| (InvitationId::of(&ticket.secret_hash), ticket.email)));
        }
        Ok(Names { people, invited })
    }
}

impl Names {
    pub(super) fn of(&self, person: PersonId) -> Option<&str> {
        self.people.get(&person).map(String::as_str)
    }

    /// What it was done to, for people to read. Without a name for who is gone.
    pub(super) fn about(&self, deed: &Deed) -> String {
        let Some((whom, rest)) = parts(deed) else { return deed.about.clone() };
        let name = match whom {
            Whom::Person(id) => self.of(id),
            Whom::Invited(id) => self.invited.get(&id).map(String::as_str),
            Whom::Unknown => None,
        };
        format!("{}{rest}", name.unwrap_or_default())
    }
}
