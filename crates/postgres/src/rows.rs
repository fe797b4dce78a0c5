//! From rows to what `domain` knows. A row that makes no sense is the database's fault, not "not found".

use domain::access::Role;
use domain::accounts::{Household, Membership, SocketLabel};
use domain::calendar::Zone;
use domain::{HouseholdId, SocketNumber, UtcMillis};
use uuid::Uuid;

/// id, name, zone of the household; role, until
pub(crate) type MembershipRow = (Uuid, String, String, String, Option<i64>);

pub(crate) fn membership((id, name, zone, role, until): MembershipRow) -> Result<Membership, sqlx::Error> {
    let household = Household { id: HouseholdId::from_uuid(id), name, zone: parse_zone(&zone)? };
    Ok(Membership { household, role: parse_role(&role)?, until: until.map(UtcMillis) })
}

pub(crate) fn parse_role(role: &str) -> Result<Role, sqlx::Error> {
    Role::parse(role).ok_or_else(|| sqlx::Error::Decode(format!("a role {role:?}").into()))
}

pub(crate) fn hash(column: Vec<u8>) -> Result<[u8; 32], sqlx::Error> {
    column
        .try_into()
        .map_err(|column: Vec<u8>| sqlx::Error::Decode(format!("a hash of {} bytes", column.len()).into()))
}

/// number, name, room, icon, hidden
pub(crate) type LabelRow = (i16, String, Option<String>, Option<String>, bool);

pub(crate) fn socket_label((number, name, room, icon, hidden): LabelRow) -> Result<SocketLabel, sqlx::Error> {
    let number = u8::try_from(number).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let number = SocketNumber::new(number).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(SocketLabel { number, name, room, icon, hidden })
}

pub(crate) fn parse_zone(name: &str) -> Result<Zone, sqlx::Error> {
    name.parse().map_err(|error: domain::calendar::UnknownZone| sqlx::Error::Decode(error.into()))
}
