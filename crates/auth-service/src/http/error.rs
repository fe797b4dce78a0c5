use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::accounts::AccountsError;
use http::{HeaderValue, StatusCode, header};
use service::problem::Problem;

use super::personal_tokens::MAX_TOKENS;
use crate::passwords::PasswordError;
use crate::signing_key::SigningKeyError;

/// Why a request was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("wrong e-mail or password")]
    WrongLogin,
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
    #[error("the hub is not in the household")]
    HubNotHere,
    #[error("no hub waits with this code")]
    UnknownCode,
    #[error("the secret is or was a credential")]
    SecretUsed,
    #[error("the hub neither waits nor is paired")]
    UnknownHub,
    #[error("too many tries; the next in {0} s")]
    TooManyTries(u64),
    #[error("the body is too large")]
    TooLarge,
    #[error("the body could not be read")]
    Unreadable,
    #[error("the body is not JSON")]
    NotJson,
    #[error("{field:?}: {detail}")]
    Invalid { field: Option<String>, detail: String },
    #[error(transparent)]
    Accounts(#[from] AccountsError),
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
            Self::HubNotHere => problem(
                StatusCode::CONFLICT,
                "The hub is not in this household. Pair it: it shows a code, and an owner enters the code.",
            ),
            Self::UnknownCode => problem(
                StatusCode::NOT_FOUND,
                "No hub waits with this code. It may have expired: the hub shows a new one then.",
            )
            .field("code"),
            Self::SecretUsed => {
                problem(StatusCode::CONFLICT, "This secret was used before. The hub needs a new one.")
                    .field("secret_hash")
            }
            Self::UnknownHub => {
                problem(StatusCode::UNAUTHORIZED, "This hub is not paired, and does not wait to be.")
            }
            Self::TooManyTries(_) => {
                problem(StatusCode::TOO_MANY_REQUESTS, "Those were many tries. Please wait a little.")
            }
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooManyTries(seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
