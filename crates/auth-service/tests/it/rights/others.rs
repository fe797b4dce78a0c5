//! What is somebody else's, named by its id.

use reqwest::StatusCode;
use serde_json::json;

use super::cast::{Caller, Cast};
use crate::server::PASSWORD;

#[tokio::test]
async fn nobody_ends_what_is_somebody_elses_by_its_id() {
    let cast = Cast::gather().await;
    let targets = &cast.targets;
    let token = format!("/v1/personal-tokens/{}", targets.token_id);
    let session = format!("/v1/sessions/{}", targets.session_id);
    let identity = format!("/v1/people/current/identities/{}/removal", targets.identity_id);
    for caller in [Caller::Stranger, Caller::Guest, Caller::Member, Caller::Owner] {
        let secret = &cast.secrets[&caller];
        for answer in [
            cast.server.delete(&token, secret).await,
            cast.server.delete(&session, secret).await,
            cast.server.post(&identity, secret, &json!({ "password": PASSWORD })).await,
        ] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{caller:?}: {}", answer.body);
        }
    }
    let own = &targets.session;
    for (path, list, id) in [
        ("/v1/personal-tokens", "tokens", &targets.token_id),
        ("/v1/sessions", "sessions", &targets.session_id),
        ("/v1/people/current/identities", "identities", &targets.identity_id),
    ] {
        let there = cast.server.get(path, own).await.body;
        assert_eq!(there[list][0]["id"], json!(id), "{path}");
    }
    // And whose it is does.
    assert_eq!(cast.server.post(&identity, own, &json!({ "password": PASSWORD })).await.status, 204);
    assert_eq!(cast.server.delete(&token, own).await.status, StatusCode::NO_CONTENT);
    assert_eq!(cast.server.delete(&session, own).await.status, StatusCode::NO_CONTENT);
    cast.server.stop().await;
}

#[tokio::test]
async fn an_alert_of_another_household_is_not_found_in_ones_own() {
    let cast = Cast::gather().await;
    let path = |household| format!("/v1/households/{household}/alerts/{}/acknowledge", cast.alert);
    let stranger = &cast.secrets[&Caller::Stranger];
    let own = cast.server.post(&path(cast.other), stranger, &json!(null)).await;
    assert_eq!(own.status, StatusCode::NOT_FOUND, "{}", own.body);
    let owner = &cast.secrets[&Caller::Owner];
    let its = cast.server.post(&path(cast.household), owner, &json!(null)).await;
    assert_eq!(its.status, StatusCode::NO_CONTENT, "{}", its.body);
    cast.server.stop().await;
}
