//! Letters in English.

use domain::access::Role;

use crate::post::Matter;

/// Subject and text.
pub(super) fn letter(matter: &Matter) -> (String, String) {
    let own = |subject: &str, text: String| (subject.to_owned(), text);
    match matter {
        Matter::ConfirmSignUp { link } => own(
            "Welcome to Wattline: please confirm your address",
            format!(
                "Somebody, hopefully you, wants to use Wattline with this address. Open this link within a day, and you \
                 are in:\n\n{link}\n\nIf it was not you, there is nothing to do: without the link nothing happens."
            ),
        ),
        Matter::AlreadyThere { link } => own(
            "You already have an account at Wattline",
            format!(
                "Somebody, maybe you, wanted to sign up at Wattline with this address. You are in already: just log \
                 in. Should you have forgotten your password, this link sets a new one within an hour:\n\n{link}"
            ),
        ),
        Matter::Reset { link } => own(
            "A new password for Wattline",
            format!(
                "With this link you set a new password within an hour:\n\n{link}\n\nIf you did not ask for it, there \
                 is nothing to do: your password stays as it is."
            ),
        ),
        Matter::ConfirmEmail { link } => own(
            "Please confirm your new address",
            format!("From now on Wattline is to know you by this address. This link says so, within a day:\n\n{link}"),
        ),
        Matter::EmailChangeAsked { to } => email_change_asked(to),
        Matter::EmailChanged { to } => own(
            "Your address at Wattline has changed",
            format!(
                "From now on you log in to Wattline with {to}. If it was not you who changed this, please write to \
                 whoever runs your Wattline at once."
            ),
        ),
        Matter::PasswordChanged => own(
            "Your password at Wattline has changed",
            "Your password was changed, and you are logged out everywhere else. If it was not you, set a new one: \
             \"Forgotten your password?\" on the page where you log in."
                .to_owned(),
        ),
        Matter::PasswordReset { identities } => password_reset(identities),
        Matter::SecondFactorOn => own(
            "Two-step log-in is on",
            "From now on Wattline asks you for a code of your app after your password. Keep the recovery codes in a \
             safe place."
                .to_owned(),
        ),
        Matter::SecondFactorOff => own(
            "Two-step log-in is off",
            "Wattline does not ask you for a code any more. If it was not you who turned this off, change your password \
             now."
                .to_owned(),
        ),
        Matter::PersonDeleted => own(
            "Your account at Wattline is deleted",
            "As you asked, your account is deleted, with the homes that were yours alone and everything that was measured \
             in them. The measurements leave the store within minutes. We do not know you any more; this is the last letter. \
             If it was not you, please write to whoever runs your Wattline at once."
                .to_owned(),
        ),
        Matter::HouseholdDeleted { household, by } => own(
            "A home at Wattline is deleted",
            format!(
                "{by} has deleted {household}, with its sockets, prices and alerts and everything that was measured in it. \
                 Its hubs are released. It cannot be brought back."
            ),
        ),
        Matter::IdentityConnected { provider } => (
            format!("You can log in to Wattline through {provider} now"),
            format!(
                "An account at {provider} was connected to yours at Wattline: whoever logs in there is let in here as \
                 you. If it was not you who did this, remove it under Settings, You, and change your password now."
            ),
        ),
        Matter::IdentityRemoved { provider } => (
            format!("You no longer log in to Wattline through {provider}"),
            format!(
                "An account at {provider} was removed from yours at Wattline. If it was not you who did this, change \
                 your password now."
            ),
        ),
        Matter::Invitation { link, household, by, role } => {
            let role = name_of(*role);
            (
                format!("{by} invites you to {household}"),
                format!(
                    "{by} would like you to see what {household} uses, as {role} of the household. This link leads you \
                     in, within a week:\n\n{link}"
                ),
            )
        }
    }
}

fn email_change_asked(to: &str) -> (String, String) {
    let subject = "Your address at Wattline is to change".to_owned();
    let text = format!(
        "Somebody, hopefully you, wants to log in to Wattline with {to} from now on. That comes about when the \
         link is opened that was sent there; it is good for a day. If it was not you, set a new password now: \
         \"Forgotten your password?\" on the page where you log in. The link is worth nothing then."
    );
    (subject, text)
}

fn password_reset(identities: &[String]) -> (String, String) {
    let mut text = "A new password was set by a letter to this address. You are logged out everywhere, your access \
                    tokens are deleted, so that programs which had one need another, and a change of your address \
                    that had begun is off."
        .to_owned();
    if !identities.is_empty() {
        let list = identities.join("\n- ");
        text.push_str("\n\nStill let in as you is whoever logs in with\n\n- ");
        text.push_str(&list);
        text.push_str("\n\nWhat is not yours of these, remove under Settings, You.");
    }
    text.push_str(
        "\n\nIf it was not you, somebody else reads your mails: change the password there first, then here.",
    );
    ("A new password was set at Wattline".to_owned(), text)
}

const fn name_of(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Member => "a member",
        Role::Guest => "a guest",
    }
}
