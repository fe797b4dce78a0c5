use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::measurement::{MeasurementQuery as _, MeasurementStore as _, StoreError};
use domain::{Container, TimeRange, UtcMillis};
use influxdb::{Api, Config, Reader, Writer, prepare};
use testkit::containers::{self, random_hub};
use testkit::servers::InfluxDb;
use testkit::suites::measurements;

use crate::container;

async fn server() -> InfluxDb {
    tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap()
}

fn config(server: &InfluxDb) -> Config {
    Config { url: server.url(), api: Api::V1, bucket: "energy-1".to_owned(), ..Config::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_measurement_stores_holds() {
    let server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    measurements::run_all(Arc::new(Writer::new(&config).unwrap()), Arc::new(Reader::new(&config).unwrap()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let mut server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    let (writer, reader) = (Writer::new(&config).unwrap(), Reader::new(&config).unwrap());
    let hub = random_hub();
    let sent: Vec<Container> = (1..=50).map(|n| containers::container(hub, n)).collect();
    for container in &sent {
        writer.write(std::slice::from_ref(container)).await.unwrap();
    }
    server = tokio::task::spawn_blocking(move || {
        server.kill();
        server
    })
    .await
    .unwrap();
    assert!(matches!(writer.write(&sent).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(reader.ticks(hub, measurements::day()).await, Err(StoreError::Unavailable { .. })));
    assert!(reader.ready().await.is_err());

    let _server =
        tokio::task::spawn_blocking(move || server.restart().map(|()| server)).await.unwrap().unwrap();
    let found = reader.ticks(hub, measurements::day()).await.unwrap();
    let ticks: Vec<_> = sent.iter().flat_map(|container| &container.ticks).collect();
    assert_eq!(found.len(), ticks.len());
    assert!(
        found.iter().zip(ticks).all(|(found, sent)| found.start == sent.start && found.energy == sent.energy)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_made_and_data_waits_for_it() {
    let server = server().await;
    let config = config(&server);
    let (writer, reader) = (Writer::new(&config).unwrap(), Reader::new(&config).unwrap());
    let sent = [container(random_hub(), 7)];
    assert!(matches!(writer.write(&sent).await, Err(StoreError::Unavailable { .. })));
    let asked = reader.ticks(sent[0].hub, TimeRange::new(UtcMillis(0), UtcMillis(1))).await;
    assert!(matches!(asked, Err(StoreError::Unavailable { .. })), "{asked:?}");

    prepare(&config).await.unwrap();
    writer.write(&sent).await.unwrap();
    // Again, and with another retention: what is there is left alone.
    prepare(&Config { retention_days: Some(1), ..config.clone() }).await.unwrap();
    let all = TimeRange::new(UtcMillis(i64::MIN), UtcMillis(i64::MAX));
    assert_eq!(reader.ticks(sent[0].hub, all).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_influxdb_1_x_will_never_take_is_rejected_in_its_words() {
    let server = server().await;
    let config = Config { retention_days: Some(30), ..config(&server) };
    prepare(&config).await.unwrap();
    let writer = Writer::new(&config).unwrap();
    let reason = async |container: Container| match writer.write(&[container]).await {
        Err(StoreError::Rejected { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    // The recorded day was years ago.
    let old = containers::container(random_hub(), 1);
    assert!(reason(old).await.contains("beyond retention policy"));
    let mut far = container(random_hub(), 1);
    far.ticks[0].start = UtcMillis(32_503_680_000_000);
    assert!(reason(far).await.contains("outside range"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_writer_to_v2_is_not_mistaken_for_bad_data() {
    let server = server().await;
    let config = Config { api: Api::V2, token: Some("t".into()), ..config(&server) };
    // 1.6 knows no /api/v2/write.
    let outcome = Writer::new(&config).unwrap().write(&[container(random_hub(), 1)]).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
}

/// Not a benchmark: an alarm for when a question becomes ten times as slow.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_34_sockets_is_summed_without_delay() {
    let server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    let (writer, reader) = (Writer::new(&config).unwrap(), Reader::new(&config).unwrap());
    let hub = random_hub();
    writer.write(&measurements::a_day(hub, 34)).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..7 {
        let began = Instant::now();
        let sums = reader.quarter_hours(hub, measurements::day()).await.unwrap();
        times.push(began.elapsed());
        assert_eq!(sums.len(), 34);
    }
    times.sort_unstable();
    println!("a day of 34 sockets: {times:?}");
    assert!(times[0] < Duration::from_secs(1), "{times:?}");
}
