//! To whom something was done. It is written down by id and named when somebody reads it: what stays in a household of
//! somebody who is gone has no name.

use std::collections::{BTreeMap, BTreeSet};

use domain::PersonId;
use domain::access::Role;
use domain::audit::{Action, Deed};

use super::App;
use super::error::ApiError;

/// Of people who are there, by id.
pub(super) struct Names(BTreeMap<PersonId, String>);

/// What is written down of a member.
pub(super) fn whom(person: PersonId, role: Option<Role>) -> String {
    role.map_or_else(|| person.to_string(), |role| format!("{person}: {}", role.as_str()))
}

/// Who it was, and what follows; nobody in what was written down when names still were.
fn parts(deed: &Deed) -> Option<(PersonId, &str)> {
    if !matches!(deed.action, Action::MemberChanged | Action::MemberRemoved | Action::MemberLeft) {
        return None;
    }
    let (id, rest) = deed.about.split_at(deed.about.find(": ").unwrap_or(deed.about.len()));
    Some((id.parse().ok()?, rest))
}

impl App {
    /// Of all who did something, and to whom something was done.
    pub(super) async fn names_in<'a>(
        &self,
        deeds: impl Iterator<Item = &'a Deed>,
    ) -> Result<Names, ApiError> {
        let ids: BTreeSet<PersonId> =
            deeds.flat_map(|deed| [deed.by, parts(deed).map(|(id, _)| id)]).flatten().collect();
        let mut names = BTreeMap::new();
        for id in ids {
            if let Some(person) = self.stores.accounts.person(id).await? {
                names.insert(id, person.name);
            }
        }
        Ok(Names(names))
    }
}

impl Names {
    pub(super) fn of(&self, person: PersonId) -> Option<&str> {
        self.0.get(&person).map(String::as_str)
    }

    /// What it was done to, for people to read. Without a name for who is gone.
    pub(super) fn about(&self, deed: &Deed) -> String {
        match parts(deed) {
            Some((id, rest)) => format!("{}{rest}", self.of(id).unwrap_or_default()),
            None => deed.about.clone(),
        }
    }
}
