//! Lists of hubs that were given their secrets in a factory, and taking them into a household.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::accounts::{Accounts, AccountsError};
use domain::hubs::{Enrolment, HubCredentials};
use domain::{Clock, HouseholdId, HubId};
use uuid::Uuid;

use crate::names::{MAX_NAME_CHARS, MAX_SERIAL_CHARS, is_printable};
use crate::secret::HubSecret;

const HEADER: &str = "serial,hub,secret_hash,name";
/// What fits into one transaction.
const MAX_HUBS: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    #[error("reading {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("writing {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// One sentence each, beginning with the line.
    #[error("no hub was enrolled:\n  - {}", .0.join("\n  - "))]
    Faults(Vec<String>),
    #[error("there is no household {0}")]
    NoHousehold(HouseholdId),
    #[error("writing to the accounts")]
    Accounts(#[from] AccountsError),
}

/// Hubs to be enrolled, and in which line of the list each is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    hubs: Vec<Enrolment>,
    lines: Vec<usize>,
}

impl List {
    /// From a file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self, EnrolmentError> {
        let named = |source| EnrolmentError::Read { path: path.to_owned(), source };
        let text = if path.as_os_str() == "-" {
            io::read_to_string(io::stdin()).map_err(named)?
        } else {
            fs::read_to_string(path).map_err(named)?
        };
        Self::parse(&text)
    }

    /// Every fault is named, not only the first. Empty lines, the header, and lines that begin with `#` are left out.
    pub fn parse(text: &str) -> Result<Self, EnrolmentError> {
        let (mut list, mut faults) = (Self::default(), Vec::new());
        let (mut hubs, mut secrets) = (HashMap::new(), HashMap::new());
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') || text == HEADER {
                continue;
            }
            match parse_line(text) {
                Ok(hub) => {
                    if let Some(earlier) = hubs.insert(hub.hub, line) {
                        faults.push(format!("line {line}: the hub is in line {earlier} already"));
                    }
                    if let Some(earlier) = secrets.insert(hub.secret_hash, line) {
                        faults.push(format!("line {line}: the secret is in line {earlier} already"));
                    }
                    list.hubs.push(hub);
                    list.lines.push(line);
                }
                Err(fault) => faults.push(format!("line {line}: {fault}")),
            }
        }
        if list.hubs.len() > MAX_HUBS {
            faults.push(format!("{} hubs are too many at once: at most {MAX_HUBS}", list.hubs.len()));
        }
        if list.hubs.is_empty() && faults.is_empty() {
            faults.push("the list is empty".to_owned());
        }
        if faults.is_empty() { Ok(list) } else { Err(EnrolmentError::Faults(faults)) }
    }

    pub const fn len(&self) -> usize {
        self.hubs.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.hubs.is_empty()
    }
}

fn parse_line(text: &str) -> Result<Enrolment, String> {
    let fields: Vec<&str> = text.splitn(4, ',').map(str::trim).collect();
    let &[serial, hub, hash, name] = fields.as_slice() else {
        return Err(format!("it has {} fields and not 4: {HEADER}", fields.len()));
    };
    let hub: HubId = hub.parse().map_err(|_| "the hub id is no UUID".to_owned())?;
    if hub.as_uuid().is_nil() {
        return Err("the nil UUID is nobody's".to_owned());
    }
    let secret_hash = BASE64_URL_SAFE_NO_PAD
        .decode(hash)
        .ok()
        .and_then(|hash| hash.try_into().ok())
        .ok_or_else(|| "the hash of the secret is not 32 bytes in base64url".to_owned())?;
    if !is_printable(serial, MAX_SERIAL_CHARS) {
        return Err(format!(
            "the serial must have at most {MAX_SERIAL_CHARS} characters, all of them printable"
        ));
    }
    if name.is_empty() || !is_printable(name, MAX_NAME_CHARS) {
        return Err(format!("the name must have 1 to {MAX_NAME_CHARS} characters, all of them printable"));
    }
    let serial = (!serial.is_empty()).then(|| serial.to_owned());
    Ok(Enrolment { hub, serial, secret_hash, name: name.to_owned() })
}

/// Takes all hubs of the list into the household, or none of them.
pub async fn enrol(
    accounts: &dyn Accounts,
    credentials: &dyn HubCredentials,
    clock: &dyn Clock,
    household: HouseholdId,
    list: &List,
) -> Result<(), EnrolmentError> {
    if accounts.household(household).await?.is_none() {
        return Err(EnrolmentError::NoHousehold(household));
    }
    let faults = credentials.enrol(household, &list.hubs, clock.now()).await?;
    if !faults.is_empty() {
        let named = faults.iter().map(|(place, fault)| format!("line {}: {fault}", list.lines[*place]));
        return Err(EnrolmentError::Faults(named.collect()));
    }
    tracing::info!(%household, hubs = list.hubs.len(), "hubs enrolled");
    Ok(())
}

/// Makes ids and secrets for so many hubs. The list that it gives has no secrets; those go to a new file that only its
/// owner can read.
pub fn factory_list(count: u16, prefix: &str, first: u32, secrets: &Path) -> Result<String, EnrolmentError> {
    let failed = |source| EnrolmentError::Write { path: secrets.to_owned(), source };
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(secrets).map_err(failed)?;
    let (mut list, mut private) = (vec![HEADER.to_owned()], vec!["serial,hub,secret".to_owned()]);
    for number in (u64::from(first)..).take(count.into()) {
        let (serial, hub) = (format!("{prefix}{number:05}"), HubId::from_uuid(Uuid::new_v4()));
        let secret = HubSecret::generate();
        let hash = BASE64_URL_SAFE_NO_PAD.encode(secret.hash());
        list.push(format!("{serial},{hub},{hash},Hub {serial}"));
        private.push(format!("{serial},{hub},{}", secret.expose()));
    }
    let text = |lines: Vec<String>| lines.join("\n") + "\n";
    file.write_all(text(private).as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(text(list))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const HASH: &str = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    const HUB: &str = "0197a3c2-0000-7000-8000-000000000001";

    fn faults(text: &str) -> Vec<String> {
        match List::parse(text) {
            Err(EnrolmentError::Faults(faults)) => faults,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_factory_list_is_read_back_and_its_secrets_are_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = folder.path().join("secrets.csv");
        let text = factory_list(30, "WL-", 7, &secrets).unwrap();
        let list = List::parse(&text).unwrap();
        assert_eq!((list.len(), list.lines[0]), (30, 2));
        assert_eq!(list.hubs[29].serial.as_deref(), Some("WL-00036"));
        assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o600);
        let private = fs::read_to_string(&secrets).unwrap();
        for (line, hub) in private.lines().skip(1).zip(&list.hubs) {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields[1], hub.hub.to_string());
            assert_eq!(HubSecret::parse(fields[2]).unwrap().hash(), hub.secret_hash);
            assert!(!text.contains(fields[2]));
        }
        // What was made before is not written over.
        assert!(matches!(factory_list(1, "WL-", 1, &secrets), Err(EnrolmentError::Write { .. })));
        assert_eq!(fs::read_to_string(&secrets).unwrap(), private);
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let text = format!(
            "# of Tuesday\n{HEADER}\n\nWL-1,{HUB},{HASH},Cellar, left\nWL-2,{HUB},{HASH},Attic\nWL-3,cellar,{HASH},A\n\
             WL-4,00000000-0000-0000-0000-000000000000,{HASH},A\nWL-5,{HUB},AAAA,A\nWL-6,{HUB},{HASH},\nWL-7,{HUB}\n"
        );
        let faults = faults(&text);
        let expected = [
            "line 5: the hub is in",
            "line 5: the secret",
            "line 6: the hub id",
            "line 7: the nil",
            "line 8: the hash",
        ];
        let expected = expected.into_iter().chain(["line 9: the name", "line 10: it has 2 fields"]);
        assert_eq!(faults.len(), 7, "{faults:?}");
        for (fault, begin) in faults.iter().zip(expected) {
            assert!(fault.starts_with(begin), "{fault}");
        }
    }

    #[test]
    fn a_name_may_have_a_comma_and_a_serial_may_be_missing() {
        let list = List::parse(&format!(",{HUB},{HASH},Cellar, left\r\n")).unwrap();
        assert_eq!((list.hubs[0].name.as_str(), list.hubs[0].serial.as_deref()), ("Cellar, left", None));
        assert_eq!(faults("\n").len(), 1);
    }
}
