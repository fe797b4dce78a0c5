//! E-mails, over SMTP.
//!
//! It must not know what they say, nor when one is sent again: it hands one over, once, and tells how that went.

mod config;
mod headers;
mod told;

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

pub use config::{Security, SmtpConfig};

/// For each command.
const TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("the mail server")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("the sender's address")]
    From(#[from] lettre::address::AddressError),
}

/// Why a mail was not taken. It may be logged: it names nobody.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("{0}")]
    Later(String),
    /// It would be refused again.
    #[error("{0}")]
    Never(String),
}

/// A mail in plain text.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// The same in every attempt, so that a mail that is sent twice is shown once.
    pub id: Uuid,
    pub to: &'a str,
    pub subject: &'a str,
    pub body: &'a str,
}

/// The way to a mail server.
#[derive(Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Does no IO.
    pub fn new(config: &SmtpConfig) -> Result<Self, BuildError> {
        let mut builder = match config.security {
            Security::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&config.host)?,
            Security::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&config.host)?,
            Security::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host),
        };
        let tls = match config.security {
            Security::Starttls => Some(Tls::Required(parameters(config)?)),
            Security::Tls => Some(Tls::Wrapper(parameters(config)?)),
            Security::None => None,
        };
        if let Some(tls) = tls {
            builder = builder.tls(tls);
        }
        if let Some(port) = config.port {
            builder = builder.port(port);
        }
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.timeout(Some(TIMEOUT)).build(), from: config.from.parse()? })
    }

    /// `Ok`: the server has taken it.
    pub async fn send(&self, mail: Mail<'_>) -> Result<(), SendError> {
        let never = |error: String| SendError::Never(error);
        let to: Mailbox = mail.to.parse().map_err(|error| never(format!("the address: {error}")))?;
        let domain = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .header(headers::AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.to_owned())
            .map_err(|error| never(error.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(never(told::of(&error))),
            Err(error) => Err(SendError::Later(told::of(&error))),
        }
    }
}

/// Which certificates are believed.
fn parameters(config: &SmtpConfig) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(ca) = &config.ca {
        builder = builder.add_root_certificate(Certificate::from_pem(ca.as_bytes())?);
    }
    builder.build()
}

/// Whether letters can be sent to this address, as far as its looks say.
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_address_has_two_sides_and_nothing_else() {
        for good in ["ada@example.org", "ada+home@mail.example.org", "zoë@example.org"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\r\nBcc: eve@example.org"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
