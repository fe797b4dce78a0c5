//! Letters in German.

use domain::access::Role;

use crate::post::Matter;

/// Subject and text.
pub(super) fn letter(matter: &Matter) -> (String, String) {
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
        Matter::EmailChangeAsked { to } => email_change_asked(to),
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
        Matter::PasswordReset { identities } => password_reset(identities),
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
            let role = name_of(*role);
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

fn email_change_asked(to: &str) -> (String, String) {
    let subject = "Ihre Adresse bei Wattline soll sich ändern".to_owned();
    let text = format!(
        "Jemand, hoffentlich Sie selbst, möchte sich künftig mit {to} bei Wattline anmelden. Dazu kommt es, wenn \
         der Link geöffnet wird, der dorthin ging; er gilt einen Tag. Waren Sie das nicht, setzen Sie jetzt ein \
         neues Passwort: \"Passwort vergessen?\" auf der Seite, auf der Sie sich anmelden. Der Link gilt dann nicht \
         mehr."
    );
    (subject, text)
}

fn password_reset(identities: &[String]) -> (String, String) {
    let mut text = "Über einen Brief an diese Adresse wurde ein neues Passwort gesetzt. Sie sind überall abgemeldet, \
                    Ihre Zugriffstoken sind gelöscht, Programme mit einem solchen brauchen also ein neues, und eine \
                    begonnene Änderung Ihrer Adresse ist hinfällig."
        .to_owned();
    if !identities.is_empty() {
        let list = identities.join("\n- ");
        text.push_str("\n\nAls Sie kommt weiterhin hinein, wer sich anmeldet mit\n\n- ");
        text.push_str(&list);
        text.push_str("\n\nWas davon nicht Ihres ist, entfernen Sie unter Einstellungen, Ihr Konto.");
    }
    text.push_str(
        "\n\nWaren Sie das nicht, liest jemand anderes Ihre E-Mails: Ändern Sie zuerst dort das Passwort, dann hier.",
    );
    ("Bei Wattline wurde ein neues Passwort gesetzt".to_owned(), text)
}

const fn name_of(role: Role) -> &'static str {
    match role {
        Role::Owner => "Eigentümer",
        Role::Member => "Mitglied",
        Role::Guest => "Gast",
    }
}
