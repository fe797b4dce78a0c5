//! What can be set.

use lettre::message::Mailbox;
use secrecy::SecretString;
use serde::Deserialize;

/// Who takes e-mails for delivery.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    pub host: String,
    /// By default 587 with STARTTLS, 465 with TLS and 25 without either.
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<SecretString>,
    /// Such as `Wattline <home@example.org>`.
    pub from: String,
    /// Authorities that are believed besides the system's, in PEM. The binary takes them from the setting that holds for
    /// every connection.
    #[serde(skip)]
    pub ca: Option<String>,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Refused when the server does not offer it.
    #[default]
    Starttls,
    /// From the first byte on.
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

impl SmtpConfig {
    /// Who is spoken to in plain text; `None` with TLS.
    pub fn plain_text_host(&self) -> Option<&str> {
        (self.security == Security::None).then_some(self.host.as_str())
    }

    /// Says what does not make sense, one sentence each, beginning with the key: `section` and what follows it.
    pub fn validate(&self, section: &str, faults: &mut Vec<String>) {
        if self.host.is_empty() {
            faults.push(format!("{section}.host: it is empty"));
        }
        if self.from.parse::<Mailbox>().is_err() {
            faults.push(format!("{section}.from: {:?} is not an e-mail address", self.from));
        }
        if self.user.is_some() != self.password.is_some() {
            faults.push(format!("{section}: user and password go together"));
        }
        if self.user.is_some() && self.security == Security::None {
            faults.push(format!("{section}: a password is not sent without TLS"));
        }
    }
}
