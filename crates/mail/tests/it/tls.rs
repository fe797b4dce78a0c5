//! TLS to a mail server with a certificate of an authority of our own.

use mail::{Mail, Mailer, Security, SendError, SmtpConfig};
use testkit::certificates::{Authority, Issued};
use testkit::servers::Smtp;
use uuid::Uuid;

use crate::server::{Server, config};

const HOST: &str = "127.0.0.1";

fn certified() -> (Authority, Issued) {
    let authority = Authority::new().unwrap();
    let issued = authority.issue("mail", &[HOST]).unwrap();
    (authority, issued)
}

/// In PEM.
fn ca(authority: &Authority) -> String {
    std::fs::read_to_string(authority.ca()).unwrap()
}

async fn send(config: &SmtpConfig) -> Result<(), SendError> {
    let mail = Mail { id: Uuid::from_u128(1), to: "ada@example.org", subject: "Hello", body: "Good day.\n" };
    Mailer::new(config).unwrap().send(mail).await
}

/// Why the mail was not taken; it is tried again, since somebody may put it right.
async fn refusal(config: &SmtpConfig) -> String {
    match send(config).await {
        Err(SendError::Later(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_that_is_certified_gets_a_mail() {
    let (authority, issued) = certified();
    let known = ca(&authority);
    let other = ca(&Authority::new().unwrap());
    for security in [Security::Starttls, Security::Tls] {
        let server = Server::start(security, &issued).await;
        let unknown = refusal(&server.config(HOST, None)).await;
        assert!(unknown.contains("UnknownIssuer"), "{security:?}: {unknown}");
        let unknown = refusal(&server.config(HOST, Some(other.clone()))).await;
        assert!(unknown.contains("invalid peer certificate"), "{security:?}: {unknown}");
        let other_name = refusal(&server.config("localhost", Some(known.clone()))).await;
        assert!(other_name.contains("not valid for name"), "{security:?}: {other_name}");
        assert_eq!(server.mails(), 0);

        send(&server.config(HOST, Some(known.clone()))).await.unwrap();
        // Several authorities may be believed.
        send(&server.config(HOST, Some(format!("{other}{known}")))).await.unwrap();
        assert_eq!(server.mails(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_offers_no_tls_gets_no_mail() {
    let smtp = Smtp::start().unwrap();
    let (authority, _) = certified();
    let config = config(HOST, smtp.port(), Security::Starttls, Some(ca(&authority)));
    let error = refusal(&config).await;
    assert!(error.to_lowercase().contains("starttls"), "{error}");
    assert_eq!(smtp.mails().len(), 0);
}

#[test]
fn an_authority_that_is_none_is_refused_before_anything_is_sent() {
    let torn = "-----BEGIN CERTIFICATE-----\nAAAA";
    let config = config(HOST, 465, Security::Tls, Some(torn.to_owned()));
    assert!(Mailer::new(&config).unwrap_err().to_string().contains("mail server"));
}
