//! How a hub's time at the broker ends, and what an outage of ours means.

use std::time::{Duration, Instant};

use domain::hubs::Standing;
use sha2::{Digest, Sha256};
use testkit::wait;

use super::stage::{Hub, Stage, TTL, confirming, connect, publish};

/// What we promise.
const MINUTE: Duration = Duration::from_mins(1);

fn key(hub: &Hub) -> String {
    format!("hub.{}", hub.id)
}

pub(super) async fn a_released_hub_is_thrown_out_and_stays_out(stage: &Stage) {
    let (hub, other) = (stage.hub().await, stage.hub().await);
    let (connection, others) = (stage.log_in(&hub).await.unwrap(), stage.log_in(&other).await.unwrap());
    let (channel, others_channel) = (confirming(&connection).await, confirming(&others).await);
    publish(&channel, "telemetry", &key(&hub)).await.unwrap();

    let released = Instant::now();
    stage.release(&hub).await;
    wait::until(MINUTE, "the connection is closed", async || {
        (!connection.status().connected()).then_some(())
    })
    .await;
    let closed = released.elapsed();
    // While the broker's cache remembers the hub it may get in once more, and is thrown out again.
    let back = stage.log_in(&hub).await;
    let was_back = back.is_ok();
    wait::until(MINUTE, "no log-in works any more", async || {
        let is_out = stage.log_in(&hub).await.is_err();
        is_out.then_some(())
    })
    .await;
    let refused = released.elapsed();
    if let Ok(back) = back {
        wait::until(MINUTE, "the second connection is closed", async || {
            (!back.status().connected()).then_some(())
        })
        .await;
    }
    wait::until(MINUTE, "nothing is left to be closed", async || {
        let left = stage.server.hub_credentials.to_disconnect(None, 10).await.unwrap();
        left.is_empty().then_some(())
    })
    .await;
    let done = released.elapsed();
    assert!(done < MINUTE, "{done:?}");
    assert!(stage.log_in(&hub).await.is_err());
    let hash = Sha256::digest(&hub.secret).into();
    let standing = stage.server.hub_credentials.standing(&hash, stage.server.now()).await.unwrap();
    assert_eq!(standing, Some(Standing::Revoked));
    publish(&others_channel, "telemetry", &key(&other)).await.expect("the other hub is not disturbed");
    eprintln!(
        "released: connection closed after {} ms, back through the cache: {was_back}, refused after {} ms, done after {} ms \
         (cache {} s)",
        closed.as_millis(),
        refused.as_millis(),
        done.as_millis(),
        TTL.as_secs()
    );
}

pub(super) async fn while_nobody_answers_known_hubs_go_on_and_new_ones_wait(stage: &mut Stage) {
    let (known, new, leaving) = (stage.hub().await, stage.hub().await, stage.hub().await);
    let connection = stage.log_in(&known).await.unwrap();
    let left = stage.log_in(&leaving).await.unwrap();
    let channel = confirming(&connection).await;
    publish(&channel, "telemetry", &key(&known)).await.unwrap();
    let asked = Instant::now();
    stage.fall_silent().await;

    publish(&channel, "telemetry", &key(&known)).await.expect("who is connected goes on");
    let again = stage.log_in(&known).await;
    let in_time = asked.elapsed() < TTL;
    match again {
        Ok(again) => {
            let channel = confirming(&again).await;
            publish(&channel, "telemetry", &key(&known)).await.expect("the cache knows this too");
        }
        Err(error) => assert!(!in_time, "the cache lets in whom it knows: {error}"),
    }
    assert!(stage.log_in(&new).await.is_err(), "who is new is refused");
    wait::until(TTL * 3, "the cache forgets", async || stage.log_in(&known).await.is_err().then_some(()))
        .await;
    publish(&channel, "telemetry", &key(&known)).await.expect("who is connected still goes on");
    stage.release(&leaving).await;
    assert!(left.status().connected(), "nobody is there to close it");

    stage.answer().await;
    for hub in [&known, &new] {
        // A failure is not kept.
        let connection = stage.log_in(hub).await.expect("all are let in again at once");
        publish(&confirming(&connection).await, "telemetry", &key(hub)).await.unwrap();
    }
    wait::until(MINUTE, "what was released meanwhile is closed", async || {
        (!left.status().connected()).then_some(())
    })
    .await;
}

/// No more: on two cores this broker takes some twenty log-ins a second, whoever is asked about them.
pub(super) async fn sixty_come_at_once(stage: &Stage) {
    let hubs = stage.hubs(60).await;
    let began = Instant::now();
    let mut arrivals = tokio::task::JoinSet::new();
    for hub in hubs {
        let url = stage.url_of(&hub.id.to_string(), &hub.secret, "%2f");
        arrivals.spawn(async move {
            let connection = connect(&url).await?;
            publish(&confirming(&connection).await, "telemetry", &key(&hub)).await.map(|()| connection)
        });
    }
    let connected = arrivals.join_all().await;
    let failures: Vec<_> = connected.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(failures.is_empty(), "{} of {}: {:?}", failures.len(), connected.len(), failures[0]);
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("{} hubs logged in and published within {seconds:.1} s", connected.len());
}

pub(super) fn no_secret_is_in_the_brokers_log(stage: &Stage) {
    let log = stage.rabbitmq.log();
    assert!(log.contains("failed authenticating") || log.contains("refused"), "it tells of refusals");
    assert!(!log.contains("wlh_"), "{log}");
}
