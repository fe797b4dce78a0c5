use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::accounts::AccountsError;
use http::{HeaderValue, StatusCode, header};
use service::problem::Problem;

use super::households::MAX_HOUSEHOLDS;
use super::personal_tokens::MAX_TOKENS;
use crate::limits::TooMany;
use crate::passwords::PasswordError;
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
    #[error("the query: {0}")]
    BadQuery(String),
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
}

impl ApiError {
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { field: Some(field.into()), detail: detail.into() }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::WrongLogin => problem(StatusCode::UNAUTHORIZED, "Wrong e-mail or password."),
            Self::CodeNeeded => Problem {
                kind: CODE_NEEDED.to_owned(),
                ..problem(StatusCode::UNAUTHORIZED, "Please give the code of your app too.").field("code")
            },
            Self::WrongCode => Problem {
                kind: CODE_NEEDED.to_owned(),
                ..problem(StatusCode::UNAUTHORIZED, "That code is not the right one now.").field("code")
            },
            Self::TooMany(_) => problem(
                StatusCode::TOO_MANY_REQUESTS,
                "That was too often. Please wait a little and try again.",
            ),
            Self::NotLoggedIn => problem(StatusCode::UNAUTHORIZED, "Please log in."),
            Self::NotMember => problem(StatusCode::FORBIDDEN, "You are not a member of this household."),
            Self::NotOwner => problem(StatusCode::FORBIDDEN, "Only an owner of the household may do this."),
            Self::Guest => problem(StatusCode::FORBIDDEN, "Guests of the household look and do not change."),
            Self::SessionOnly => {
                problem(StatusCode::FORBIDDEN, "This takes somebody who is logged in, not a personal token.")
            }
            Self::OutOfScope(scope) => problem(
                StatusCode::FORBIDDEN,
                &format!("The personal token is not for this: it lacks the scope {}.", scope.as_str()),
            ),
            Self::TooManyTokens => problem(
                StatusCode::CONFLICT,
                &format!("There are {MAX_TOKENS} tokens already; delete one that is not needed any more."),
            ),
            Self::Outdated => problem(
                StatusCode::CONFLICT,
                "Somebody else has changed the settings since you read them. Please read them again.",
            ),
            Self::NotFound => problem(StatusCode::NOT_FOUND, "There is nothing at this address."),
            Self::MethodNotAllowed => {
                problem(StatusCode::METHOD_NOT_ALLOWED, "This cannot be done at this address.")
            }
            Self::HubTaken => problem(StatusCode::CONFLICT, "The hub is in another household."),
            Self::BadLink => problem(
                StatusCode::NOT_FOUND,
                "This link is not valid: it was used already, or is too old. Please ask for a new one.",
            )
            .field("secret"),
            Self::InvitedElsewhere => {
                problem(StatusCode::FORBIDDEN, "This invitation is for another e-mail address than yours.")
            }
            Self::LogInFirst => problem(
                StatusCode::CONFLICT,
                "There is an account with this address already: log in first, then open the link again.",
            ),
            Self::SignUpClosed => {
                problem(StatusCode::FORBIDDEN, "Nobody may sign up here without an invitation.")
            }
            Self::NoPost => problem(
                StatusCode::CONFLICT,
                "This Wattline has no mail server, so that nothing can be sent. Whoever runs it can change that.",
            ),
            Self::LastOwner => problem(
                StatusCode::CONFLICT,
                "A household needs an owner. Please make somebody else one first.",
            ),
            Self::TooManyHouseholds => {
                problem(StatusCode::CONFLICT, &format!("You own {MAX_HOUSEHOLDS} households already."))
            }
            Self::TooManyInvitations => {
                problem(StatusCode::CONFLICT, "There are 50 invitations already; please withdraw one.")
            }
            Self::TooManyLetters => problem(
                StatusCode::TOO_MANY_REQUESTS,
                "This address has just been sent several letters. Please try again in some minutes.",
            )
            .field("email"),
            Self::SecondFactorOn => problem(StatusCode::CONFLICT, "Two-step log-in is on already."),
            Self::EmailTaken => {
                problem(StatusCode::CONFLICT, "Another person has this e-mail address.").field("email")
            }
            Self::BadQuery(why) => problem(StatusCode::BAD_REQUEST, why),
            Self::TooLarge => problem(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."),
            Self::Unreadable => problem(StatusCode::BAD_REQUEST, "The request ended early."),
            Self::NotJson => problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The request must be JSON."),
            Self::Invalid { field, detail } => {
                let problem = problem(StatusCode::UNPROCESSABLE_ENTITY, detail);
                match field {
                    Some(field) => problem.field(field),
                    None => problem,
                }
            }
            Self::Accounts(error @ AccountsError::Unavailable { .. }) => Problem::unavailable(error),
            Self::Passwords(error @ PasswordError::Busy) => Problem::unavailable(error),
            Self::Accounts(error) => Problem::internal(error),
            Self::Passwords(error) => Problem::internal(error),
            Self::Signing(error) => Problem::internal(error),
        }
    }
}

fn problem(status: StatusCode, detail: &str) -> Problem {
    Problem::new(status).detail(detail)
}

impl From<AccountsError> for ApiError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::LastOwner => Self::LastOwner,
            AccountsError::HubTaken => Self::HubTaken,
            AccountsError::EmailTaken => Self::EmailTaken,
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
