//! Whom and what the suites are about.

use domain::accounts::{Accounts, Credentials, Household, Person};
use domain::{HouseholdId, PersonId, UtcMillis};

pub(super) fn at(millis: i64) -> UtcMillis {
    UtcMillis(1_800_000_000_000 + millis)
}

pub(super) fn nobody() -> PersonId {
    PersonId::from_bytes(rand::random())
}

pub(super) fn nowhere() -> HouseholdId {
    HouseholdId::from_bytes(rand::random())
}

pub(super) fn some_household() -> Household {
    Household { id: nowhere(), name: "Zuhause".to_owned(), zone: "Europe/Berlin".parse().unwrap() }
}

/// An address that nobody else has.
pub(super) fn some_email() -> String {
    format!("{}@example.org", nobody())
}

pub(super) async fn person(accounts: &impl Accounts, name: &str) -> Person {
    let person = Person { id: nobody(), email: some_email(), name: name.to_owned() };
    let credentials = Credentials { person, password_hash: "hash".to_owned() };
    accounts.create_person(&credentials).await.unwrap();
    credentials.person
}

pub(super) async fn household(accounts: &impl Accounts) -> HouseholdId {
    let household = some_household();
    accounts.put_household(&household).await.unwrap();
    household.id
}
