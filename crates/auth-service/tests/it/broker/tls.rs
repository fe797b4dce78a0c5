//! RabbitMQ's questions over HTTPS: they carry the secrets of hubs.

use testkit::certificates::Issued;

use super::stage::{Stage, confirming, publish};

pub(super) async fn a_hub_is_asked_about_and_publishes(stage: &Stage) {
    let hub = stage.hub().await;
    let connection = stage.log_in(&hub).await.expect("the broker believes us, and we know the hub");
    let channel = confirming(&connection).await;
    publish(&channel, "telemetry", &format!("hub.{}", hub.id)).await.expect("it may publish");
    let mut liar = stage.hub().await;
    liar.secret.push('x');
    assert!(stage.log_in(&liar).await.is_err(), "the secret is looked at");
}

/// Ends with nobody answering.
pub(super) async fn whoever_has_another_certificate_is_told_no_secret(stage: &mut Stage, issued: &Issued) {
    // New, so that the broker's cache does not know it.
    let hub = stage.hub().await;
    if stage.is_answering() {
        stage.fall_silent().await;
    }
    stage.show(issued);
    stage.answer().await;
    assert!(stage.log_in(&hub).await.is_err(), "the broker must not ask somebody whom it cannot believe");
    stage.fall_silent().await;
}
