//! Making a home from a description of it. The same description again changes nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use domain::access::Role;
use domain::accounts::{
    Accounts, AccountsError, Credentials, Household, HubAssignment, Person, SocketLabel, normalise_email,
};
use domain::audit::{Action, Deed};
use domain::calendar::Zone;
use domain::hubs::{EnrolFault, Enrolment, HubCredentials};
use domain::{Clock, HouseholdId, HubId, PersonId, UtcMillis};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::passwords::{MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES, PasswordError, Passwords};

/// For the ids that follow from a name (UUID version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_41f1_6e5b_4f0e_9c1d_77a1_7711_5e5e);

/// A person, the household they own, and its hubs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    pub person: HomePerson,
    pub household: HomeHousehold,
    #[serde(default)]
    pub hubs: Vec<HomeHub>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomePerson {
    /// Without it, one that follows from the e-mail address.
    #[serde(default)]
    pub id: Option<PersonId>,
    #[serde(default)]
    pub email: String,
    /// Of a new person; who is there already keeps theirs.
    pub name: String,
    #[serde(default)]
    pub password: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeHousehold {
    /// Without it, one that follows from the e-mail address and the name.
    #[serde(default)]
    pub id: Option<HouseholdId>,
    pub name: String,
    pub zone: Zone,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeHub {
    pub id: HubId,
    pub name: String,
    /// An RFC 3339 time, or `epoch` for a hub that was never anybody else's. Without it, since when it has been
    /// in the household, or now.
    #[serde(default, deserialize_with = "since")]
    pub since: Option<UtcMillis>,
    #[serde(default)]
    pub sockets: Vec<SocketLabel>,
}

impl Home {
    /// With the e-mail address and the password from elsewhere, where they are given.
    #[must_use]
    pub fn of(mut self, email: Option<String>, password: Option<SecretString>) -> Self {
        self.person.email = email.unwrap_or(self.person.email);
        self.person.password = password.unwrap_or(self.person.password);
        self
    }

    /// From a JSON file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let named = |source| ReadError::Read { path: path.to_owned(), source };
        let text = if path.as_os_str() == "-" {
            io::read_to_string(io::stdin()).map_err(named)?
        } else {
            fs::read_to_string(path).map_err(named)?
        };
        serde_json::from_str(&text).map_err(|source| ReadError::Parse { path: path.to_owned(), source })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("reading {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} does not describe a home", path.display())]
    Parse { path: PathBuf, source: serde_json::Error },
}

/// What is there now, and what had to be done for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioned {
    pub person: PersonId,
    pub household: HouseholdId,
    pub changes: Vec<Change>,
}

impl Provisioned {
    /// What the household is to know of it, as done by nobody in it.
    pub fn deeds(&self, home: &Home, now: UtcMillis) -> Vec<Deed> {
        let named = |id: HubId| home.hubs.iter().find(|hub| hub.id == id).map(|hub| hub.name.clone());
        let deed = |change: &Change| {
            let (action, about) = match *change {
                Change::Person | Change::Password => return None,
                Change::Household => (Action::SettingsChanged, String::new()),
                Change::Membership => {
                    (Action::MemberChanged, format!("{}: {}", self.person, Role::Owner.as_str()))
                }
                Change::Hub(hub) => (Action::HubAdded, named(hub)?),
                Change::Sockets(hub) => (Action::HubLabelled, named(hub)?),
            };
            Some(Deed { household: self.household, at: now, by: None, action, about })
        };
        self.changes.iter().filter_map(deed).collect()
    }
}

impl fmt::Display for Provisioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person {}\nhousehold {}\nchanges {:?}", self.person, self.household, self.changes)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Person,
    Password,
    Household,
    Membership,
    Hub(HubId),
    Sockets(HubId),
}

/// Shorter ones may be guessed, and their hashes are fast.
const MIN_SECRET_BYTES: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error("a person needs an e-mail address, a name, and a password of 8 to 1024 bytes")]
    Person,
    #[error("a hub's secret must have at least {MIN_SECRET_BYTES} characters, and its home one hub")]
    Secret,
    #[error("the hub's secret: {0}")]
    Enrol(EnrolFault),
    #[error("preparing the password")]
    Password(#[source] PasswordError),
    #[error("writing to the accounts")]
    Accounts(#[from] AccountsError),
}

/// What becomes of names, zone, role and labels that are there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    IsReplaced,
    Stays,
}

/// Brings the accounts up to what `home` says; what it does not mention stays.
pub async fn provision(
    accounts: &dyn Accounts,
    clock: &dyn Clock,
    home: &Home,
) -> Result<Provisioned, ProvisionError> {
    bring_about(accounts, clock, home, Known::IsReplaced).await
}

/// Makes what `home` says and is not there yet. What is there people may have changed since, and it stays, but for the
/// password and the hubs' starts.
pub async fn provision_missing(
    accounts: &dyn Accounts,
    clock: &dyn Clock,
    home: &Home,
) -> Result<Provisioned, ProvisionError> {
    bring_about(accounts, clock, home, Known::Stays).await
}

async fn bring_about(
    accounts: &dyn Accounts,
    clock: &dyn Clock,
    home: &Home,
    known: Known,
) -> Result<Provisioned, ProvisionError> {
    let mut changes = Vec::new();
    let person = provision_person(accounts, &home.person, &mut changes).await?;
    let household = provision_household(accounts, clock.now(), person, home, known, &mut changes).await?;
    for hub in &home.hubs {
        provision_hub(accounts, clock.now(), household, hub, known, &mut changes).await?;
    }
    tracing::info!(%person, %household, changes = changes.len(), "home provisioned");
    Ok(Provisioned { person, household, changes })
}

/// Makes `secret` the credential of the home's only hub. The same one again changes nothing.
pub async fn provision_secret(
    credentials: &dyn HubCredentials,
    clock: &dyn Clock,
    home: &Home,
    household: HouseholdId,
    secret: &SecretString,
) -> Result<(), ProvisionError> {
    let secret = secret.expose_secret().as_bytes();
    let ([hub], MIN_SECRET_BYTES..) = (home.hubs.as_slice(), secret.len()) else {
        return Err(ProvisionError::Secret);
    };
    let secret_hash = Sha256::digest(secret).into();
    let enrolment = Enrolment { hub: hub.id, serial: None, secret_hash, name: hub.name.clone() };
    let faults = credentials.enrol(household, &[enrolment], clock.now()).await?;
    faults.first().map_or(Ok(()), |(_, fault)| Err(ProvisionError::Enrol(*fault)))
}

async fn provision_person(
    accounts: &dyn Accounts,
    wanted: &HomePerson,
    changes: &mut Vec<Change>,
) -> Result<PersonId, ProvisionError> {
    let email = normalise_email(&wanted.email);
    let password_bytes = wanted.password.expose_secret().len();
    if email.is_empty()
        || email.contains(char::is_control)
        || wanted.name.trim().is_empty()
        || !(MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES).contains(&password_bytes)
    {
        return Err(ProvisionError::Person);
    }
    let passwords = Passwords::new(1, Duration::MAX).map_err(ProvisionError::Password)?;
    let known = accounts.credentials_by_email(&email).await?;
    if let Some(Credentials { person, password_hash }) = known {
        let same = passwords
            .verify(wanted.password.clone(), Some(password_hash))
            .await
            .map_err(ProvisionError::Password)?;
        if !same {
            let hash = passwords.hash(wanted.password.clone()).await.map_err(ProvisionError::Password)?;
            accounts.set_password_hash(person.id, &hash).await?;
            changes.push(Change::Password);
        }
        return Ok(person.id);
    }

    let id = wanted.id.unwrap_or_else(|| PersonId::from_uuid(derived("person", &email)));
    let password_hash = passwords.hash(wanted.password.clone()).await.map_err(ProvisionError::Password)?;
    let person = Person { id, email, name: wanted.name.trim().to_owned() };
    accounts.create_person(&Credentials { person, password_hash }).await?;
    changes.push(Change::Person);
    Ok(id)
}

async fn provision_household(
    accounts: &dyn Accounts,
    now: UtcMillis,
    person: PersonId,
    home: &Home,
    known: Known,
    changes: &mut Vec<Change>,
) -> Result<HouseholdId, ProvisionError> {
    let HomeHousehold { id, name, zone } = &home.household;
    let id = id.unwrap_or_else(|| {
        let email = normalise_email(&home.person.email);
        HouseholdId::from_uuid(derived("household", &format!("{email} {name}")))
    });
    let household = Household { id, name: name.clone(), zone: zone.clone() };
    let there = accounts.household(id).await?;
    let stays = known == Known::Stays && there.is_some();
    if !stays && there.as_ref() != Some(&household) {
        accounts.put_household(&household).await?;
        changes.push(Change::Household);
    }
    let memberships = accounts.memberships(person, now).await?;
    let role = memberships.iter().find(|one| one.household.id == id).map(|one| one.role);
    let stays = known == Known::Stays && role.is_some();
    if !stays && role != Some(Role::Owner) {
        accounts.put_member(id, person, Role::Owner).await?;
        changes.push(Change::Membership);
    }
    Ok(id)
}

async fn provision_hub(
    accounts: &dyn Accounts,
    now: UtcMillis,
    household: HouseholdId,
    wanted: &HomeHub,
    known: Known,
    changes: &mut Vec<Change>,
) -> Result<(), ProvisionError> {
    let hub = wanted.id;
    let running =
        accounts.hubs(household).await?.into_iter().find(|known| known.hub == hub && known.until.is_none());
    let since = wanted.since.or(running.as_ref().map(|running| running.since)).unwrap_or(now);
    let name = match &running {
        Some(running) if known == Known::Stays => running.name.clone(),
        _ => wanted.name.clone(),
    };
    let assignment = HubAssignment { hub, household, name, since, until: None };
    if running.as_ref() != Some(&assignment) {
        accounts.assign_hub(&assignment).await?;
        changes.push(Change::Hub(hub));
    }
    let labelled = accounts.sockets(household, hub).await?;
    let mut sockets = wanted.sockets.clone();
    if known == Known::Stays {
        sockets.retain(|socket| labelled.iter().all(|other| other.number != socket.number));
        sockets.extend_from_slice(&labelled);
    }
    sockets.sort_by_key(|socket| socket.number);
    if labelled != sockets {
        accounts.put_sockets(household, hub, &sockets).await?;
        changes.push(Change::Sockets(hub));
    }
    Ok(())
}

fn derived(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind} {name}").as_bytes())
}

fn since<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UtcMillis>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| match text.as_str() {
        "epoch" => Ok(UtcMillis(0)),
        other => other.parse::<jiff::Timestamp>().map(UtcMillis::from).map_err(serde::de::Error::custom),
    })
    .transpose()
}
