use std::process::Command;
use std::time::Duration;

use rollup_worker::RollupConfig;
use testkit::wait;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::memory::Failing;
use crate::world::{World, deps};

#[tokio::test]
async fn it_is_ready_while_the_store_answers_and_refuses_nothing() {
    let world = World::in_memory();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/health/ready", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let every_second = RollupConfig { every_secs: 1, ..RollupConfig::default() };
    let service =
        rollup_worker::run(deps(&world.store, &world.clock, every_second), listener, shutdown.clone());
    let service = tokio::spawn(service);
    let answers = async |status: u16| {
        wait::until(Duration::from_secs(30), &format!("it answers {status}"), async || {
            let answer = reqwest::get(&url).await.unwrap();
            let is_it = answer.status().as_u16() == status;
            let body = answer.text().await.unwrap();
            assert!(!body.contains("memory"), "{body}");
            is_it.then_some(body)
        })
        .await
    };
    answers(200).await;
    world.store.is_unready(true);
    assert!(answers(503).await.contains("The store is not available."));
    world.store.is_unready(false);
    answers(200).await;
    world.store.fails(|_| Some(Failing::Before));
    assert!(answers(503).await.contains("The store is not available."));
    world.store.recovers();
    answers(200).await;
    shutdown.cancel();
    wait::within(Duration::from_secs(10), "it has stopped", service).await.unwrap().unwrap();
}

#[test]
fn a_bad_configuration_names_every_fault_and_exits_with_64() {
    let output = Command::new(env!("CARGO_BIN_EXE_rollup-worker"))
        .env_clear()
        .env("WATTLINE__ROLLUP__PART", "2")
        .env("WATTLINE__ROLLUP__PARTS", "2")
        .env("WATTLINE__ROLLUP__HUBS_AT_ONCE", "none")
        .env("WATTLINE__INFLUXDB__URL", "influxdb")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{stderr}");
    for part in ["rollup.part: must be 0 to 1", "WATTLINE__ROLLUP__HUBS_AT_ONCE", "influxdb.url"] {
        assert!(stderr.contains(part), "{part} in {stderr}");
    }
}
