//! Why a log-in through a provider came to nothing. The page has words of its own for each.

use http::StatusCode;

use super::error::ApiError;
use super::identities::MAX_IDENTITIES;
use crate::oidc::ProviderError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProviderRefusal {
    /// The log-in is unknown, used up, too old, or of another browser.
    Expired,
    /// Somebody thought better of it.
    Cancelled,
    /// What came back is not to be believed.
    Failed,
    /// The provider does not answer, or not so that it makes sense.
    Away,
    /// Nobody knows whether letters to the address reach this person.
    Unverified,
    /// Somebody is here already with this address, and is not taken for the same.
    AddressKnown,
    /// Nobody may sign up.
    Closed,
    /// The account there is connected to somebody else.
    Taken,
    TooMany,
    /// It takes a password, and there is none.
    NoPassword,
}

impl ProviderRefusal {
    /// The `type` of the problem.
    pub(super) fn kind(self) -> String {
        let reason = match self {
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Away => "away",
            Self::Unverified => "unverified",
            Self::AddressKnown => "address-known",
            Self::Closed => "closed",
            Self::Taken => "taken",
            Self::TooMany => "too-many",
            Self::NoPassword => "no-password",
        };
        format!("urn:wattline:provider:{reason}")
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Expired => StatusCode::GONE,
            Self::Cancelled | Self::Failed | Self::Unverified | Self::Closed => StatusCode::FORBIDDEN,
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::AddressKnown | Self::Taken | Self::TooMany | Self::NoPassword => StatusCode::CONFLICT,
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Expired => "This log-in has expired, or was used already. Please begin again.",
            Self::Cancelled => "The log-in was cancelled at the provider.",
            Self::Failed => "What the provider answered cannot be trusted. Please begin again.",
            Self::Away => "The provider cannot be reached right now. Please try again in a moment.",
            Self::Unverified => {
                "The provider has not verified your e-mail address. Please verify it there, then try again."
            }
            Self::AddressKnown => {
                "There is an account with this address already. Log in with its password, then connect the \
                 provider in the settings."
            }
            Self::Closed => "Nobody may sign up here without an invitation.",
            Self::Taken => "This account at the provider is connected to another person.",
            Self::TooMany => {
                const _: () = assert!(MAX_IDENTITIES == 10, "the number is in the text");
                "There are 10 connected accounts already; please remove one."
            }
            Self::NoPassword => {
                "You have no password yet. A letter for a forgotten password lets you set one; then try again."
            }
        }
    }
}

impl From<ProviderRefusal> for ApiError {
    fn from(refusal: ProviderRefusal) -> Self {
        Self::Provider(refusal)
    }
}

impl From<&ProviderError> for ProviderRefusal {
    fn from(error: &ProviderError) -> Self {
        match error {
            ProviderError::Away { .. } | ProviderError::Metadata(_) => Self::Away,
            ProviderError::Code(_)
            | ProviderError::Issuer
            | ProviderError::IdToken(_)
            | ProviderError::Userinfo => Self::Failed,
        }
    }
}
