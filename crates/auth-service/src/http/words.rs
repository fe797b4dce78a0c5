//! What is said to whoever asked for something that is not done.

use std::borrow::Cow;

use http::StatusCode;

use super::error::ApiError;
use super::households::MAX_HOUSEHOLDS;
use super::personal_tokens::MAX_TOKENS;

impl ApiError {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Provider(refusal) => refusal.status(),
            Self::BadQuery(_) | Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::WrongLogin | Self::CodeNeeded | Self::WrongCode | Self::NotLoggedIn | Self::UnknownHub => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotMember
            | Self::NotOwner
            | Self::Guest
            | Self::SessionOnly
            | Self::OutOfScope(_)
            | Self::InvitedElsewhere
            | Self::NoPermit
            | Self::SignUpClosed => StatusCode::FORBIDDEN,
            Self::NotFound | Self::BadLink | Self::UnknownCode => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooManyTokens
            | Self::TooManyHouseholds
            | Self::TooManyInvitations
            | Self::Outdated
            | Self::HubTaken
            | Self::HubNotHere
            | Self::SecretUsed
            | Self::LogInFirst
            | Self::NoPost
            | Self::LastOwner
            | Self::OthersAreThere
            | Self::OtherHouseholds
            | Self::SecondFactorOn
            | Self::EmailTaken => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) | Self::TooManyLetters => StatusCode::TOO_MANY_REQUESTS,
            Self::Accounts(_) | Self::Passwords(_) | Self::Signing(_) | Self::Sealing(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// The field of the request that is at fault.
    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } => field.as_deref(),
            Self::CodeNeeded | Self::WrongCode | Self::UnknownCode => Some("code"),
            Self::BadLink => Some("secret"),
            Self::SecretUsed => Some("secret_hash"),
            Self::TooManyLetters | Self::EmailTaken => Some("email"),
            _ => None,
        }
    }

    /// One sentence or two.
    pub(super) fn words(&self) -> Cow<'_, str> {
        let fixed = match self {
            Self::Invalid { detail, .. } => return detail.into(),
            Self::BadQuery(why) => return why.into(),
            Self::OutOfScope(scope) => {
                return format!("The personal token is not for this: it lacks the scope {}.", scope.as_str())
                    .into();
            }
            Self::TooManyTokens => {
                return format!(
                    "There are {MAX_TOKENS} tokens already; delete one that is not needed any more."
                )
                .into();
            }
            Self::TooManyHouseholds => return format!("You own {MAX_HOUSEHOLDS} households already.").into(),
            Self::Provider(refusal) => refusal.words(),
            Self::WrongLogin => "Wrong e-mail or password.",
            Self::CodeNeeded => "Please give the code of your app too.",
            Self::WrongCode => "That code is not the right one now.",
            Self::TooMany(_) => "That was too often. Please wait a little and try again.",
            Self::NotLoggedIn => "Please log in.",
            Self::NotMember => "You are not a member of this household.",
            Self::NotOwner => "Only an owner of the household may do this.",
            Self::Guest => "Guests of the household look and do not change.",
            Self::SessionOnly => "This takes somebody who is logged in, not a personal token.",
            Self::Outdated => {
                "Somebody else has changed the settings since you read them. Please read them again."
            }
            Self::NotFound => "There is nothing at this address.",
            Self::MethodNotAllowed => "This cannot be done at this address.",
            Self::HubTaken => "The hub is in another household.",
            Self::HubNotHere => {
                "The hub is not in this household. Pair it: it shows a code, and an owner enters the code."
            }
            Self::UnknownCode => {
                "No hub waits with this code. It may have expired: the hub shows a new one then."
            }
            Self::SecretUsed => "This secret was used before. The hub needs a new one.",
            Self::UnknownHub => "This hub is not paired, and does not wait to be.",
            Self::BadLink => {
                "This link is not valid: it was used already, or is too old. Please ask for a new one."
            }
            Self::InvitedElsewhere => "This invitation is for another e-mail address than yours.",
            Self::LogInFirst => {
                "There is an account with this address already: log in first, then open the link again."
            }
            Self::SignUpClosed => "Nobody may sign up here without an invitation.",
            Self::NoPost => {
                "This Wattline has no mail server, so that nothing can be sent. Whoever runs it can change that."
            }
            Self::LastOwner => "A household needs an owner. Please make somebody else one first.",
            Self::NoPermit => "Please give your password again: it was too long ago.",
            Self::OthersAreThere => {
                "Others are in a household that you alone own. Make one of them an owner, or delete the household first."
            }
            Self::OtherHouseholds => {
                "Your households have changed since you looked. Please look again at what would go."
            }
            Self::TooManyInvitations => "There are 50 invitations already; please withdraw one.",
            Self::TooManyLetters => {
                "This address has just been sent several letters. Please try again in some minutes."
            }
            Self::SecondFactorOn => "Two-step log-in is on already.",
            Self::EmailTaken => "Another person has this e-mail address.",
            Self::TooLarge => "The request is too large.",
            Self::Unreadable => "The request ended early.",
            Self::NotJson => "The request must be JSON.",
            Self::Accounts(_) | Self::Passwords(_) | Self::Signing(_) | Self::Sealing(_) => "",
        };
        fixed.into()
    }
}
