//! Letters to people. They are handed over in the background: how long an answer takes says nothing about who got one.

mod courier;
mod language;
mod letters;

use domain::access::Role;
use tokio::sync::mpsc;

use crate::config::PeopleConfig;

pub(crate) use courier::Courier;
pub(crate) use language::Language;
pub(crate) use letters::Letter;

/// Letters that wait for the courier; more are lost, and said to be.
const QUEUE: usize = 1_000;

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Of somebody who signs up.
    Welcome,
    /// Of a new address.
    Confirm,
    NewPassword,
    Invitation,
}

/// What a letter is about.
#[derive(Clone, Debug)]
pub(crate) enum Matter {
    ConfirmSignUp {
        link: String,
    },
    /// Somebody wanted to sign up with an address that is known already.
    AlreadyThere {
        link: String,
    },
    Reset {
        link: String,
    },
    ConfirmEmail {
        link: String,
    },
    /// To the address that is still the person's.
    EmailChangeAsked {
        to: String,
    },
    /// To the address of before.
    EmailChanged {
        to: String,
    },
    PasswordChanged,
    /// By a letter.
    PasswordReset {
        /// Through which one may log in still: what people call the provider, and what the account is called there.
        identities: Vec<String>,
    },
    SecondFactorOn,
    SecondFactorOff,
    /// The last letter that somebody gets.
    PersonDeleted,
    HouseholdDeleted {
        household: String,
        by: String,
    },
    /// One may log in through it from now on.
    IdentityConnected {
        provider: String,
    },
    IdentityRemoved {
        provider: String,
    },
    Invitation {
        link: String,
        household: String,
        by: String,
        role: Role,
    },
}

struct Outgoing {
    to: String,
    letter: Letter,
}

/// Where letters are posted.
pub(crate) struct Post {
    outbox: Option<mpsc::Sender<Outgoing>>,
    page_url: String,
    shows_links: bool,
}

impl Post {
    /// With the courier who is to be run, where there is a mail server.
    pub(crate) fn new(config: &PeopleConfig) -> Result<(Self, Option<Courier>), mail::BuildError> {
        let mailer = config.smtp.as_ref().map(mail::Mailer::new).transpose()?;
        let (outbox, inbox) = mpsc::channel(QUEUE);
        let has_server = mailer.is_some();
        let post = Self {
            outbox: has_server.then_some(outbox),
            page_url: config.page_url.trim_end_matches('/').to_owned(),
            shows_links: config.show_links,
        };
        Ok((post, mailer.map(|mailer| Courier::new(mailer, inbox))))
    }

    /// Whether a link reaches anybody.
    pub(crate) const fn works(&self) -> bool {
        self.outbox.is_some() || self.shows_links
    }

    /// The secret is behind a `#`: browsers send that to nobody, and no server logs it.
    pub(crate) fn link(&self, page: Page, secret: &str) -> String {
        let path = match page {
            Page::Welcome => "welcome",
            Page::Confirm => "confirm",
            Page::NewPassword => "new-password",
            Page::Invitation => "invitation",
        };
        format!("{}/{path}#{secret}", self.page_url)
    }

    /// The link, where it is shown to whoever asked for it: in a demonstration, where nobody reads mails.
    pub(crate) fn shown(&self, link: String) -> Option<String> {
        self.shows_links.then_some(link)
    }

    /// Waits for nothing.
    pub(crate) fn send(&self, to: &str, language: Language, matter: &Matter) {
        let Some(outbox) = &self.outbox else { return };
        let outgoing = Outgoing { to: to.to_owned(), letter: Letter::of(matter, language) };
        if outbox.try_send(outgoing).is_err() {
            tracing::error!("a letter is lost: {QUEUE} others wait for the mail server");
        }
    }
}
