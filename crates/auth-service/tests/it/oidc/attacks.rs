use auth_service::PeopleConfig;
use domain::identities::{Aim, Flow};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::provider::{Account, Lie};

use super::stage::{ADA, Stage, assert_refused, config, provider};

#[tokio::test]
async fn no_lie_of_a_token_is_believed() {
    let stage = Stage::set().await;
    for lie in [
        Lie::Nonce,
        Lie::NoNonce,
        Lie::Audience,
        Lie::SeveralAudiences,
        Lie::AuthorizedParty,
        Lie::Issuer,
        Lie::Expired,
        Lie::Stale,
        Lie::FromTheFuture,
        Lie::NoSubject,
        Lie::NoAlgorithm,
        Lie::PublicKeyAsSecret,
        Lie::UnknownKey,
        Lie::ForgedKey,
        Lie::Changed,
        Lie::Iss,
        Lie::NoIss,
    ] {
        stage.provider.lies(Some(lie));
        let answer = stage.log_in().await;
        assert_eq!(answer.body["type"], "urn:wattline:provider:failed", "{lie:?}: {}", answer.body);
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{lie:?}");
    }
    stage.provider.lies(Some(Lie::Userinfo));
    stage.provider.is_terse(true);
    assert_refused(&stage.log_in().await, 403, "failed");
    assert!(stage.server.accounts.credentials_by_email(ADA).await.unwrap().is_none());
    // The same way without a lie leads in.
    stage.provider.lies(None);
    stage.logged_in().await;
}

#[tokio::test]
async fn an_answer_is_good_once() {
    let stage = Stage::set().await;
    let journey = stage.depart().await;
    let back = journey.visit().await;
    assert_eq!(stage.bring("home", &journey.secret, &back).await.status, StatusCode::CREATED);
    assert_refused(&stage.bring("home", &journey.secret, &back).await, 410, "expired");
    // Nor does the code lead anywhere in a log-in of its own: PKCE and the provider both see to that.
    let other = stage.depart().await;
    let mut injected = other.visit().await;
    injected["code"] = back["code"].clone();
    assert_refused(&stage.bring("home", &other.secret, &injected).await, 403, "failed");
}

#[tokio::test]
async fn a_stolen_code_is_of_no_use_in_another_browser() {
    let stage = Stage::set().await;
    let (victim, thief) = (stage.depart().await, stage.depart().await);
    let (back_of_victim, mut back) = (victim.visit().await, thief.visit().await);
    // With a state of the thief's own: it fits, the verifier does not.
    back["code"] = back_of_victim["code"].clone();
    assert_refused(&stage.bring("home", &thief.secret, &back).await, 403, "failed");
}

#[tokio::test]
async fn the_state_of_another_browser_is_none() {
    let stage = Stage::set().await;
    // Eve sends Ada a link that would log her in as Eve.
    let (eve, ada) = (stage.depart().await, stage.depart().await);
    let back_of_eve = eve.visit().await;
    assert_refused(&stage.bring("home", &ada.secret, &back_of_eve).await, 410, "expired");
    for secret in ["", "wlf_AAAA", &format!("wlf_{}", "A".repeat(43)), &ada.secret.replace("wlf_", "wls_")] {
        assert_refused(&stage.bring("home", secret, &back_of_eve).await, 410, "expired");
    }
    // Her own log-in goes on all the same.
    let back = ada.visit().await;
    assert_eq!(stage.bring("home", &ada.secret, &back).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_answer_of_another_provider_is_none() {
    // Whoever runs `evil` sends people on to `home`, and would like to have the code.
    let clock = std::sync::Arc::new(testkit::FakeClock::at(domain::UtcMillis(0)));
    let evil = provider("evil", &clock).await;
    let of_evil = config("evil", evil.issuer());
    let stage = Stage::with(|mut people: PeopleConfig| {
        people.providers.push(of_evil);
        people
    })
    .await;
    let to_evil = stage.depart_to("evil").await;
    let to_home = stage.depart().await;
    let back: Value = to_home.visit().await;
    // At the address of the other, with the secret of either.
    assert_refused(&stage.bring("evil", &to_home.secret, &back).await, 410, "expired");
    let mut mixed = back.clone();
    let of_evil = to_evil.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    mixed["state"] = json!(of_evil);
    assert_refused(&stage.bring("home", &to_evil.secret, &mixed).await, 410, "expired");
    // And where everything fits but whose answer it is.
    assert_refused(&stage.bring("evil", &to_evil.secret, &mixed).await, 403, "failed");
    assert_eq!(evil.key_sets(), 0);
    assert_eq!(stage.bring("home", &to_home.secret, &back).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_log_in_that_took_too_long_has_expired() {
    let stage = Stage::set().await;
    let journey = stage.depart().await;
    stage.server.clock.advance_millis(599_999);
    let back = journey.visit().await;
    stage.server.clock.advance_millis(1);
    assert_refused(&stage.bring("home", &journey.secret, &back).await, 410, "expired");
}

#[tokio::test]
async fn what_is_kept_of_a_log_in_is_of_no_use_to_who_reads_it() {
    let stage = Stage::set().await;
    let journey = stage.depart().await;
    let back = journey.visit().await;
    let hash = <sha2::Sha256 as sha2::Digest>::digest(journey.secret.as_bytes()).into();
    let kept: Flow = stage.server.identities.flow(&hash, stage.server.now()).await.unwrap().unwrap();
    assert_eq!(kept.aim, Aim::LogIn);
    let text = format!("{kept:?}");
    assert!(!text.contains(&journey.secret) && !text.contains(back["state"].as_str().unwrap()));
}

#[tokio::test]
async fn log_ins_are_not_begun_without_end() {
    let stage = Stage::set().await;
    for n in 0..31 {
        let answer = stage.server.ask("/v1/providers/home/flows", &json!({})).await;
        let expected = if n < 30 { StatusCode::CREATED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(answer.status, expected, "{n}");
    }
    stage.provider.is(Account::new("ada-1", ADA));
    stage.server.clock.advance_millis(3_000);
    stage.logged_in().await;
}
