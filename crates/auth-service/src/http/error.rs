use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::accounts::AccountsError;
use http::{HeaderValue, StatusCode, header};
use service::problem::Problem;

use super::provider_refusal::ProviderRefusal;
use crate::limits::TooMany;
use crate::passwords::PasswordError;
use crate::sealing::NotSealed;
use crate::signing_key::SigningKeyError;

/// The `type` of a problem that goes away with the code of a second factor.
pub(super) const CODE_NEEDED: &str = "urn:wattline:code-needed";

/// Why a request was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("wrong e-mail or password")]
    WrongLogin,
    #[error("the password is right, and a code is needed too")]
    CodeNeeded,
    #[error("wrong code of the second factor")]
    WrongCode,
    #[error("too many tries")]
    TooMany(Duration),
    #[error("no open session")]
    NotLoggedIn,
    #[error("not a member of the household")]
    NotMember,
    #[error("not an owner of the household")]
    NotOwner,
    #[error("guests change nothing")]
    Guest,
    #[error("a personal token cannot do this at all")]
    SessionOnly,
    #[error("the personal token lacks the scope {}", .0.as_str())]
    OutOfScope(Scope),
    #[error("the person has too many personal tokens")]
    TooManyTokens,
    #[error("somebody else was quicker")]
    Outdated,
    #[error("there is nothing")]
    NotFound,
    #[error("no such method here")]
    MethodNotAllowed,
    #[error("the hub is in another household")]
    HubTaken,
    #[error("the link is not valid")]
    BadLink,
    #[error("the invitation is for another address")]
    InvitedElsewhere,
    #[error("somebody is to log in first")]
    LogInFirst,
    #[error("nobody may sign up here")]
    SignUpClosed,
    #[error("there is no way to send a letter")]
    NoPost,
    #[error("the household would be left without an owner")]
    LastOwner,
    #[error("the password was not said just now")]
    NoPermit,
    #[error("others are in a household that nobody would own")]
    OthersAreThere,
    #[error("other households would go than those that were named")]
    OtherHouseholds,
    #[error("the person has too many households")]
    TooManyHouseholds,
    #[error("the household has too many invitations")]
    TooManyInvitations,
    #[error("the address gets too many letters")]
    TooManyLetters,
    #[error("the second factor is on already")]
    SecondFactorOn,
    #[error("another person has the address")]
    EmailTaken,
    #[error("the log-in at a provider: {0:?}")]
    Provider(ProviderRefusal),
    #[error("the query: {0}")]
    BadQuery(String),
    #[error("the hub is not in the household")]
    HubNotHere,
    #[error("no hub waits with this code")]
    UnknownCode,
    #[error("the secret is or was a credential")]
    SecretUsed,
    #[error("the hub neither waits nor is paired")]
    UnknownHub,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body could not be read")]
    Unreadable,
    #[error("the body is not JSON")]
    NotJson,
    #[error("{field:?}: {detail}")]
    Invalid { field: Option<String>, detail: String },
    #[error(transparent)]
    Accounts(AccountsError),
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    #[error(transparent)]
    Signing(#[from] SigningKeyError),
    #[error("a second factor's secret")]
    Sealing(#[from] NotSealed),
}

impl ApiError {
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { field: Some(field.into()), detail: detail.into() }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Accounts(error @ AccountsError::Unavailable { .. }) => return Problem::unavailable(error),
            Self::Passwords(error @ PasswordError::Busy) => return Problem::unavailable(error),
            Self::Accounts(error) => return Problem::internal(error),
            Self::Passwords(error) => return Problem::internal(error),
            Self::Signing(error) => return Problem::internal(error),
            Self::Sealing(_) => return Problem::internal(self),
            _ => {}
        }
        let mut problem = Problem::new(self.status()).detail(self.words());
        if matches!(self, Self::CodeNeeded | Self::WrongCode) {
            CODE_NEEDED.clone_into(&mut problem.kind);
        }
        if let Self::Provider(refusal) = self {
            problem.kind = refusal.kind();
        }
        match self.field() {
            Some(field) => problem.field(field),
            None => problem,
        }
    }
}

impl From<AccountsError> for ApiError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::LastOwner => Self::LastOwner,
            AccountsError::HubTaken => Self::HubTaken,
            AccountsError::EmailTaken => Self::EmailTaken,
            AccountsError::LoggedOut => Self::NotLoggedIn,
            other => Self::Accounts(other),
        }
    }
}

impl From<TooMany> for ApiError {
    fn from(TooMany(wait): TooMany) -> Self {
        Self::TooMany(wait)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let wait = match self {
            Self::TooMany(wait) => Some(wait.as_secs() + 1),
            Self::TooManyLetters => Some(600),
            _ => None,
        };
        if let Some(secs) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        response
    }
}
