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

    /// Whether somebody with this role may do all that somebody with the other may.
    pub const fn is_at_least(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Owner, _) | (Self::Member, Self::Member | Self::Guest) | (Self::Guest, Self::Guest)
        )
    }
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To read what was measured, and what the home's sockets and prices are.
    Usage,
    /// To watch it as it happens.
    Live,
    /// To change labels and settings.
    Manage,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Usage, Self::Live, Self::Manage];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Live => "live",
            Self::Manage => "manage",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// As a claim has them: with a space between them.
    pub fn to_words(scopes: &[Self]) -> String {
        scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Those that a claim names, in order. A word that is none grants nothing.
    pub fn from_words(words: &str) -> Vec<Self> {
        Self::ALL.into_iter().filter(|scope| words.split(' ').any(|word| word == scope.as_str())).collect()
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
    /// What it may be used for, in words with a space between them (RFC 8693). Tokens of before there were scopes do
    /// not have it, and may be used for everything.
    #[serde(default = "every_scope")]
    pub scope: String,
}

impl AccessClaims {
    pub fn allows(&self, scope: Scope) -> bool {
        self.scope.split(' ').any(|word| word == scope.as_str())
    }
}

/// All scopes, as the claim has them.
pub fn every_scope() -> String {
    Scope::to_words(&Scope::ALL)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(scope: Option<&str>) -> AccessClaims {
        let id = "00000000-0000-0000-0000-000000000001";
        let mut claims = serde_json::json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": id, "iat": 0, "exp": 600,
            "household": id, "role": "guest", "zone": "UTC", "hubs": [],
        });
        if let Some(scope) = scope {
            claims["scope"] = scope.into();
        }
        serde_json::from_value(claims).unwrap()
    }

    fn allowed(scope: Option<&str>) -> Vec<Scope> {
        let claims = claims(scope);
        Scope::ALL.into_iter().filter(|&scope| claims.allows(scope)).collect()
    }

    #[test]
    fn who_may_more_may_what_others_may() {
        let roles = [Role::Owner, Role::Member, Role::Guest];
        for (place, role) in roles.into_iter().enumerate() {
            for (other_place, other) in roles.into_iter().enumerate() {
                assert_eq!(role.is_at_least(other), place <= other_place, "{role:?}, {other:?}");
            }
        }
    }

    #[test]
    fn a_token_may_do_what_its_scopes_say_and_nothing_else() {
        assert_eq!(allowed(Some("live usage")), [Scope::Usage, Scope::Live]);
        assert_eq!(allowed(Some("manage")), [Scope::Manage]);
        for nothing in ["", " ", "usages", "Usage", "usage,live", "admin"] {
            assert_eq!(allowed(Some(nothing)), [], "{nothing:?}");
        }
    }

    #[test]
    fn a_token_of_before_there_were_scopes_is_refused_nothing() {
        assert_eq!(allowed(None), Scope::ALL);
        assert_eq!(serde_json::to_value(claims(None)).unwrap()["scope"], "usage live manage");
    }

    #[test]
    fn scopes_come_back_from_words() {
        assert_eq!(Scope::to_words(&[Scope::Usage, Scope::Manage]), "usage manage");
        assert_eq!(Scope::from_words("manage usage later usage"), [Scope::Usage, Scope::Manage]);
        assert_eq!(Scope::from_words(&every_scope()), Scope::ALL);
    }
}
