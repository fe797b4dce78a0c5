//! What a short-lived access token says. The auth-service signs it, the read-service needs nothing else.

use serde::{Deserialize, Serialize};

use crate::calendar::Zone;
use crate::ids::{HouseholdId, HubId, PersonId};
use crate::time::{TimeRange, UtcMillis};

/// Who issues and who takes the tokens: the `iss` and `aud` of the JWT.
pub const ISSUER: &str = "wattline-auth";
pub const AUDIENCE: &str = "wattline";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Owner,
    Member,
    Guest,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Owner, Self::Member, Self::Guest].into_iter().find(|role| role.as_str() == text)
    }
}

/// The claims of an access token (RFC 7519 names where there are any; times in Unix seconds).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    pub sub: PersonId,
    pub iat: i64,
    pub exp: i64,
    pub household: HouseholdId,
    pub role: Role,
    pub zone: Zone,
    pub hubs: Vec<HubGrant>,
}

/// A hub belongs to a household for a time; what it measured before or after is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubGrant {
    pub hub: HubId,
    /// In ms since the Unix epoch.
    pub since: UtcMillis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMillis>,
}

impl HubGrant {
    /// The part of `range` in which the hub was this household's.
    pub fn clip(&self, range: TimeRange) -> TimeRange {
        range.intersection(&TimeRange::new(self.since, self.until.unwrap_or(UtcMillis(i64::MAX))))
    }
}
