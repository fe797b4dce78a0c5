//! What letters say.

use domain::access::Role;

use super::{Language, Matter};

pub(crate) struct Letter {
    pub(super) subject: String,
    pub(super) body: String,
}

impl Letter {
    pub(super) fn of(matter: &Matter, language: Language) -> Self {
        let (subject, text) = match language {
            Language::En => english(matter),
            Language::De => german(matter),
        };
        Self { subject, body: format!("{text}\n\n-- \nWattline\n") }
    }
}

const fn english_role(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Member => "a member",
        Role::Guest => "a guest",
    }
}

fn english(matter: &Matter) -> (String, String) {
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
            let role = english_role(*role);
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

const fn german_role(role: Role) -> &'static str {
    match role {
        Role::Owner => "Eigentümer",
        Role::Member => "Mitglied",
        Role::Guest => "Gast",
    }
}

fn german(matter: &Matter) -> (String, String) {
    let own = |subject: &str, text: String| (subject.to_owned(), text);
    match matter {
        Matter::ConfirmSignUp { link } => own(
            "Willkommen bei Wattline: bitte die Adresse bestätigen",
            format!(
                "Jemand, hoffentlich Sie selbst, möchte Wattline mit dieser Adresse benutzen. Öffnen Sie diesen Link \
                 innerhalb eines Tages, und Sie sind dabei:\n\n{link}\n\nWaren Sie es nicht, brauchen Sie nichts zu \
                 tun: Ohne den Link geschieht nichts."
            ),
        ),
        Matter::AlreadyThere { link } => own(
            "Sie haben schon ein Konto bei Wattline",
            format!(
                "Jemand, vielleicht Sie selbst, wollte sich mit dieser Adresse bei Wattline registrieren. Sie sind \
                 schon dabei: Melden Sie sich einfach an. Falls Sie das Passwort vergessen haben, setzen Sie mit \
                 diesem Link innerhalb einer Stunde ein neues:\n\n{link}"
            ),
        ),
        Matter::Reset { link } => own(
            "Ein neues Passwort für Wattline",
            format!(
                "Mit diesem Link setzen Sie innerhalb einer Stunde ein neues Passwort:\n\n{link}\n\nHaben Sie nicht \
                 darum gebeten, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist."
            ),
        ),
        Matter::ConfirmEmail { link } => own(
            "Bitte die neue Adresse bestätigen",
            format!(
                "Wattline soll Sie künftig unter dieser Adresse kennen. Dieser Link bestätigt das, innerhalb eines \
                 Tages:\n\n{link}"
            ),
        ),
        Matter::EmailChanged { to } => own(
            "Ihre Adresse bei Wattline hat sich geändert",
            format!(
                "Von jetzt an melden Sie sich bei Wattline mit {to} an. Waren Sie das nicht, schreiben Sie bitte gleich \
                 an die, die Ihr Wattline betreiben."
            ),
        ),
        Matter::PasswordChanged => own(
            "Ihr Passwort bei Wattline hat sich geändert",
            "Ihr Passwort wurde geändert, und überall sonst sind Sie abgemeldet. Waren Sie das nicht, setzen Sie ein \
             neues: \"Passwort vergessen?\" auf der Seite, auf der Sie sich anmelden."
                .to_owned(),
        ),
        Matter::SecondFactorOn => own(
            "Die Anmeldung in zwei Schritten ist an",
            "Von jetzt an fragt Wattline nach dem Passwort noch nach einem Code Ihrer App. Bewahren Sie die \
             Wiederherstellungscodes sicher auf."
                .to_owned(),
        ),
        Matter::SecondFactorOff => own(
            "Die Anmeldung in zwei Schritten ist aus",
            "Wattline fragt nicht mehr nach einem Code. Haben nicht Sie das ausgeschaltet, ändern Sie jetzt Ihr \
             Passwort."
                .to_owned(),
        ),
        Matter::PersonDeleted => own(
            "Ihr Konto bei Wattline ist gelöscht",
            "Wie Sie es wollten, ist Ihr Konto gelöscht, mit den Haushalten, die nur Ihnen gehörten, und allem, was dort \
             gemessen wurde. Die Messwerte verschwinden innerhalb von Minuten aus dem Speicher. Wir kennen Sie nun nicht mehr; \
             das ist der letzte Brief. Waren Sie es nicht, schreiben Sie bitte gleich an die, die Ihr Wattline betreiben."
                .to_owned(),
        ),
        Matter::HouseholdDeleted { household, by } => own(
            "Ein Haushalt bei Wattline ist gelöscht",
            format!(
                "{by} hat „{household}“ gelöscht, mit den Namen der Steckdosen, Preisen und Meldungen und allem, was dort \
                 gemessen wurde. Die Hubs sind freigegeben. Das lässt sich nicht rückgängig machen."
            ),
        ),
        Matter::IdentityConnected { provider } => (
            format!("Sie können sich jetzt über {provider} bei Wattline anmelden"),
            format!(
                "Ein Konto bei {provider} wurde mit Ihrem Konto bei Wattline verbunden: Wer sich dort anmeldet, kommt hier \
                 als Sie hinein. Waren Sie das nicht, entfernen Sie es unter Einstellungen, Ihr Konto, und ändern Sie jetzt \
                 Ihr Passwort."
            ),
        ),
        Matter::IdentityRemoved { provider } => (
            format!("Sie melden sich nicht mehr über {provider} bei Wattline an"),
            format!(
                "Ein Konto bei {provider} wurde von Ihrem Konto bei Wattline entfernt. Waren Sie das nicht, ändern Sie \
                 jetzt Ihr Passwort."
            ),
        ),
        Matter::Invitation { link, household, by, role } => {
            let role = german_role(*role);
            (
                format!("{by} lädt Sie ein: {household}"),
                format!(
                    "{by} möchte, dass Sie sehen, was „{household}“ verbraucht, als {role} des Haushalts. Dieser Link \
                     führt Sie hinein, innerhalb einer Woche:\n\n{link}"
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_in_both_languages_and_has_its_link() {
        let link = || "https://example.org/confirm#wlt_x".to_owned();
        let matters = [
            Matter::ConfirmSignUp { link: link() },
            Matter::AlreadyThere { link: link() },
            Matter::Reset { link: link() },
            Matter::ConfirmEmail { link: link() },
            Matter::EmailChanged { to: link() },
            Matter::Invitation {
                link: link(),
                household: "Home".to_owned(),
                by: "Ada".to_owned(),
                role: Role::Guest,
            },
        ];
        for matter in &matters {
            let (en, de) = (Letter::of(matter, Language::En), Letter::of(matter, Language::De));
            assert!(en.body.contains(&link()) && de.body.contains(&link()), "{matter:?}");
            assert_ne!(en.subject, de.subject);
        }
    }
}
