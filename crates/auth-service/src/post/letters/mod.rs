//! What letters say: a catalogue for each language.

mod english;
mod german;

use super::{Language, Matter};

pub(crate) struct Letter {
    pub(super) subject: String,
    pub(super) body: String,
}

impl Letter {
    pub(super) fn of(matter: &Matter, language: Language) -> Self {
        let (subject, text) = match language {
            Language::En => english::letter(matter),
            Language::De => german::letter(matter),
        };
        Self { subject, body: format!("{text}\n\n-- \nWattline\n") }
    }
}

#[cfg(test)]
mod tests {
    use domain::access::Role;

    use super::*;

    const LINK: &str = "https://example.org/confirm#wlt_x";
    const NAMES: [&str; 3] = ["Ada", "Seaside", "Home ID"];

    fn every_matter() -> Vec<Matter> {
        let link = || LINK.to_owned();
        let [by, household, provider] = NAMES.map(str::to_owned);
        let invitation =
            |role| Matter::Invitation { link: link(), household: household.clone(), by: by.clone(), role };
        vec![
            Matter::ConfirmSignUp { link: link() },
            Matter::AlreadyThere { link: link() },
            Matter::Reset { link: link() },
            Matter::ConfirmEmail { link: link() },
            Matter::EmailChangeAsked { to: "ada@example.com".to_owned() },
            Matter::EmailChanged { to: "ada@example.org".to_owned() },
            Matter::PasswordChanged,
            Matter::PasswordReset { identities: vec![] },
            Matter::PasswordReset {
                identities: vec!["Home ID (ada@work.example)".to_owned(), provider.clone()],
            },
            Matter::SecondFactorOn,
            Matter::SecondFactorOff,
            Matter::PersonDeleted,
            Matter::HouseholdDeleted { household: household.clone(), by: by.clone() },
            Matter::IdentityConnected { provider: provider.clone() },
            Matter::IdentityRemoved { provider },
            invitation(Role::Owner),
            invitation(Role::Member),
            invitation(Role::Guest),
        ]
    }

    /// What a letter has to name. Whoever adds a matter sees it here, and adds it above too.
    fn facts(matter: &Matter) -> Vec<&str> {
        match matter {
            Matter::ConfirmSignUp { link }
            | Matter::AlreadyThere { link }
            | Matter::Reset { link }
            | Matter::ConfirmEmail { link } => vec![link],
            Matter::EmailChangeAsked { to } | Matter::EmailChanged { to } => vec![to],
            Matter::PasswordReset { identities } => identities.iter().map(String::as_str).collect(),
            Matter::PasswordChanged
            | Matter::SecondFactorOn
            | Matter::SecondFactorOff
            | Matter::PersonDeleted => vec![],
            Matter::HouseholdDeleted { household, by } => vec![household, by],
            Matter::IdentityConnected { provider } | Matter::IdentityRemoved { provider } => vec![provider],
            Matter::Invitation { link, household, by, role: _ } => vec![link, household, by],
        }
    }

    #[test]
    fn every_letter_is_in_both_languages_and_names_what_it_is_about() {
        for matter in &every_matter() {
            let letters = [Language::En, Language::De].map(|language| Letter::of(matter, language));
            for letter in &letters {
                assert!(facts(matter).iter().all(|fact| letter.body.contains(fact)), "{}", letter.body);
                let whole = format!("{}{}", letter.subject, letter.body);
                assert!(!whole.contains(['{', '}']), "{whole}");
                assert!(
                    !letter.subject.contains('\n') && letter.body.ends_with("\n\n-- \nWattline\n"),
                    "{whole}"
                );
                // Programs that show a link take a sentence's dot for a part of it.
                assert!(!whole.contains(LINK) || whole.contains(&format!("\n\n{LINK}\n\n")), "{whole}");
            }
            let [english, german] = letters;
            assert_ne!(english.subject, german.subject);
            assert_ne!(english.body, german.body);
        }
    }
}
