//! How people are told.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use alert_worker::AlertConfig;
use domain::alerts::Alerts as _;
use mail::{Security, SmtpConfig};
use testkit::servers::Smtp;

use crate::world::{DAY, HOUR, MINUTE, World, at};

fn with_smtp(port: u16) -> AlertConfig {
    let smtp = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: Some(port),
        security: Security::None,
        user: None,
        password: None,
        from: "Wattline <alerts@example.org>".to_owned(),
        ca: None,
    };
    AlertConfig {
        smtp: Some(smtp),
        page_url: Some("https://wattline.example/".to_owned()),
        ..AlertConfig::default()
    }
}

async fn smtp() -> Smtp {
    tokio::task::spawn_blocking(Smtp::start).await.unwrap().unwrap()
}

/// Answers one request after the other with these statuses, and gives what it was sent.
fn webhook(statuses: &'static [&'static str]) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
            let (mut text, mut buffer) = (Vec::new(), [0; 4_096]);
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                text.extend_from_slice(&buffer[..count]);
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            sender.send(String::from_utf8_lossy(&text).into_owned()).unwrap();
        }
    });
    (url, requests)
}

/// Of a hub that is offline.
async fn raise(world: &mut World) {
    world.measure(0, HOUR, |_, _| Some(5)).await;
    assert_eq!(world.pass_at(2 * HOUR).await.raised, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_get_an_email_and_guests_do_not() {
    let server = smtp().await;
    let mut world = World::with(with_smtp(server.port())).await;
    world.set_alerts(|alerts| alerts.by_email = true).await;
    raise(&mut world).await;
    let sending = world.sending();
    assert_eq!(sending.pass().await.unwrap(), 1);
    let mails = server.mails();
    let [mail] = &mails[..] else { panic!("there is one mail: {mails:?}") };
    for part in [
        "To: person1@example.org",
        "From: \"Wattline\" <alerts@example.org>",
        "Auto-Submitted: auto-generated",
        "Message-ID: <",
        "Nothing has come from Hall since 2026-02-02 01:00.",
        "https://wattline.example/",
    ] {
        let is_there = mail.contains(part) || mail.contains(&part.replace('"', ""));
        assert!(is_there, "{part} in {mail}");
    }
    // Told once.
    world.pass_at(3 * HOUR).await;
    assert_eq!(sending.pass().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_away_gets_the_letter_when_it_is_back() {
    let mut server = smtp().await;
    let mut world = World::with(with_smtp(server.port())).await;
    world.set_alerts(|alerts| alerts.by_email = true).await;
    server.kill();
    raise(&mut world).await;
    let sending = world.sending();
    assert_eq!(sending.pass().await.unwrap(), 1);
    // Not at once again.
    assert_eq!(sending.pass().await.unwrap(), 0);
    let server =
        tokio::task::spawn_blocking(move || server.restart().map(|()| server)).await.unwrap().unwrap();
    world.clock.advance_millis(MINUTE);
    assert_eq!(sending.pass().await.unwrap(), 1);
    assert_eq!(server.mails().len(), 1);
    world.clock.advance_millis(DAY);
    assert_eq!(sending.pass().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_nobody_takes_is_given_up_after_a_day() {
    let mut server = smtp().await;
    let mut world = World::with(with_smtp(server.port())).await;
    world.set_alerts(|alerts| alerts.by_email = true).await;
    server.kill();
    raise(&mut world).await;
    let sending = world.sending();
    let mut attempts = 0;
    for _ in 0..30 {
        attempts += sending.pass().await.unwrap();
        world.clock.advance_millis(HOUR);
    }
    assert_eq!(attempts, 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_gets_json_and_again_with_the_same_id_until_it_takes_it() {
    let (url, requests) = webhook(&["503 Service Unavailable", "204 No Content"]);
    let mut world = World::with(AlertConfig { allow_private_webhooks: true, ..AlertConfig::default() }).await;
    world.set_alerts(|alerts| alerts.webhook = Some(url)).await;
    raise(&mut world).await;
    let sending = world.sending();
    assert_eq!(sending.pass().await.unwrap(), 1);
    world.clock.advance_millis(MINUTE);
    assert_eq!(sending.pass().await.unwrap(), 1);
    world.clock.advance_millis(DAY);
    assert_eq!(sending.pass().await.unwrap(), 0);
    let [first, second] = [requests.recv().unwrap(), requests.recv().unwrap()];
    let id = |request: &str| {
        request.lines().find_map(|line| line.strip_prefix("x-wattline-id: ").map(str::to_owned))
    };
    assert!(id(&first).is_some());
    assert_eq!(id(&first), id(&second));
    let (_, body) = first.split_once("\r\n\r\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(json["alerts"][0]["kind"], "hub_offline");
    assert_eq!(json["alerts"][0]["began"], at(HOUR).secs());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_cannot_reach_what_is_inside() {
    let (url, requests) = webhook(&["204 No Content"]);
    let port = url.trim_end_matches("/hook").rsplit_once(':').unwrap().1.to_owned();
    let mut world = World::new().await;
    raise(&mut world).await;
    for (number, host) in (0u8..).zip(["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"]) {
        let letter = domain::alerts::Letter {
            id: domain::alerts::LetterId::from_bytes([number; 16]),
            household: world.household,
            channel: domain::alerts::Channel::Webhook,
            to: format!("http://{host}:{port}/hook"),
            subject: String::new(),
            body: "{}".to_owned(),
            created: at(2 * HOUR),
            attempts: 0,
        };
        let mut alert = world.alerts().await[0].clone();
        alert.id = domain::alerts::AlertId::from_bytes([number; 16]);
        alert.key.kind = domain::alerts::AlertKind::ALL[usize::from(number) + 1];
        assert!(world.accounts.raise(&[alert], &[letter]).await.unwrap());
    }
    let sending = world.sending();
    assert_eq!(sending.pass().await.unwrap(), 4);
    assert!(requests.recv_timeout(Duration::from_secs(1)).is_err());
}
