//! What is told of a mail that the server does not take. It goes into logs, so it names nobody.

use mail::{Mail, Mailer, Security, SendError};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::server::config;

const HOST: &str = "127.0.0.1";
const ADDRESS: &str = "ada@example.org";

/// A mail server that answers this to whoever names a recipient, for one mail. Gives its port.
async fn refusing(reply: &'static str) -> u16 {
    let listener = TcpListener::bind((HOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut stream = BufStream::new(listener.accept().await.unwrap().0);
        let (mut line, mut answer) = (String::new(), "220 mail.example.org");
        loop {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            answer = if line.starts_with("RCPT") { reply } else { "250 mail.example.org" };
        }
    });
    port
}

async fn refusal(reply: &'static str) -> SendError {
    let config = config(HOST, refusing(reply).await, Security::None, None);
    let mail = Mail { id: Uuid::from_u128(1), to: ADDRESS, subject: "Hello", body: "Good day.\n" };
    Mailer::new(&config).unwrap().send(mail).await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_is_told_by_its_codes_and_without_the_address_that_it_names() {
    for (reply, is_final, told) in [
        ("550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown", true, "550 5.1.1"),
        ("550-5.7.1 Not\r\n550 5.7.1 to ada@example.org", true, "550 5.7.1"),
        ("451 4.7.1 <ada@example.org>: Greylisted, come again", false, "451 4.7.1"),
        ("550 ada@example.org is nobody here", true, "550"),
        ("550 5.1.1.ada@example.org", true, "550"),
        ("550 192.0.2.1 may not write to ada@example.org", true, "550"),
        ("550 5.1.4930123456 may not be called", true, "550"),
        ("550 ", true, "550"),
    ] {
        let error = refusal(reply).await;
        assert_eq!(error.to_string(), format!("the mail server answered {told}"), "{reply}");
        assert_eq!(matches!(error, SendError::Never(_)), is_final, "{reply}");
    }
}

#[tokio::test]
async fn what_is_no_reply_is_not_told_either() {
    let error = refusal("no <ada@example.org> here").await;
    assert_eq!(error.to_string(), "the mail server's answer is cut short or not SMTP");
    assert!(matches!(error, SendError::Later(_)));
}
