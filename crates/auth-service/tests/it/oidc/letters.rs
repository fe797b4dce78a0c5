use std::time::Duration;

use auth_service::PeopleConfig;
use reqwest::StatusCode;
use serde_json::json;
use testkit::servers::Smtp;

use super::stage::{ADA, Journey, Stage};
use crate::server::{PASSWORD, letters_to};

/// The letter with this subject, once it has arrived.
async fn letter(smtp: &Smtp, subject: &str) -> String {
    let wanted = format!("Subject: {subject}");
    testkit::wait::until(Duration::from_secs(20), subject, async || {
        // Lines that are too long are broken, in the subject at a blank.
        let mails = smtp.mails().into_iter().map(|mail| {
            let mail = mail.replace("\r\n", "\n");
            mail.replace("=\n", "").replace("\n ", " ")
        });
        mails.into_iter().find(|mail| mail.contains(&wanted))
    })
    .await
}

/// A stage that writes letters, and the session of one who is there.
async fn writing_to(smtp: &Smtp) -> (Stage, String) {
    let stage = Stage::with(|people| PeopleConfig { smtp: Some(letters_to(smtp)), ..people }).await;
    stage.server.settle(ADA, false).await;
    let session = stage.server.secret_of(ADA).await;
    (stage, session)
}

async fn connect(stage: &Stage, session: &str) {
    let journey = Journey::of(&stage.connect(session, PASSWORD).await);
    let back = journey.visit().await;
    assert_eq!(stage.bring("home", &journey.secret, &back).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_tells_of_what_is_connected_and_of_what_is_removed() {
    let smtp = Smtp::start().unwrap();
    let (stage, session) = writing_to(&smtp).await;
    connect(&stage, &session).await;
    let connected = letter(&smtp, "You can log in to Wattline through Home ID now").await;
    assert!(connected.contains(&format!("To: {ADA}")), "{connected}");
    assert!(connected.contains("whoever logs in there is let in here as you"), "{connected}");
    assert!(connected.contains("change your password now"), "{connected}");
    assert_eq!(smtp.mails().len(), 1);

    // What is connected already is no news.
    connect(&stage, &session).await;
    let identity = stage.identities(&session).await.remove(0);
    let path = format!("/v1/people/current/identities/{}/removal", identity["id"].as_str().unwrap());
    let refused = stage.server.post(&path, &session, &json!({ "password": "wrong password" })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let removed = stage.server.post(&path, &session, &json!({ "password": PASSWORD })).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let removed = letter(&smtp, "You no longer log in to Wattline through Home ID").await;
    assert!(removed.contains(&format!("To: {ADA}")), "{removed}");
    assert!(removed.contains("was removed from yours at Wattline"), "{removed}");
    assert_eq!(smtp.mails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_a_new_password_names_who_is_let_in_still() {
    let smtp = Smtp::start().unwrap();
    let (stage, session) = writing_to(&smtp).await;
    connect(&stage, &session).await;
    stage.set_password("another horse, another staple").await;
    let told = letter(&smtp, "A new password was set at Wattline").await;
    assert!(told.contains(&format!("To: {ADA}")), "{told}");
    assert!(told.contains("your access tokens are deleted"), "{told}");
    assert!(told.contains("- Home ID (Ada@Example.org)\n"), "{told}");
    assert!(told.contains("remove under Settings, You"), "{told}");
    // It is as the letter says.
    stage.logged_in().await;
}
