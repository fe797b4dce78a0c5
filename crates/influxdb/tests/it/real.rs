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

fn always() -> TimeRange {
    TimeRange::new(UtcMillis(i64::MIN), UtcMillis(i64::MAX))
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
        writer.write_containers(std::slice::from_ref(container)).await.unwrap();
    }
    server = tokio::task::spawn_blocking(move || {
        server.kill();
        server
    })
    .await
    .unwrap();
    assert!(matches!(writer.write_containers(&sent).await, Err(StoreError::Unavailable { .. })));
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
    assert!(matches!(writer.write_containers(&sent).await, Err(StoreError::Unavailable { .. })));
    let asked = reader.ticks(sent[0].hub, TimeRange::new(UtcMillis(0), UtcMillis(1))).await;
    assert!(matches!(asked, Err(StoreError::Unavailable { .. })), "{asked:?}");

    prepare(&config).await.unwrap();
    writer.write_containers(&sent).await.unwrap();
    // Again, and with another retention: what is there is left alone.
    prepare(&Config { retention_days: Some(1), ..config.clone() }).await.unwrap();
    assert_eq!(reader.ticks(sent[0].hub, always()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_influxdb_1_x_will_never_take_is_rejected_in_its_words() {
    let server = server().await;
    let config = Config { retention_days: Some(30), ..config(&server) };
    prepare(&config).await.unwrap();
    let writer = Writer::new(&config).unwrap();
    let rejected = async |containers: &[Container]| match writer.write_containers(containers).await {
        Err(StoreError::Rejected { reason, ticks, .. }) => {
            (reason, ticks.into_iter().map(|(place, _)| place).collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    };
    // The recorded day was years ago.
    let old = containers::container(random_hub(), 1);
    let (reason, places) = rejected(std::slice::from_ref(&old)).await;
    assert!(reason.contains("beyond retention policy"));
    assert_eq!(places, [0, 1, 2]);
    let far = |hub| {
        let mut far = container(hub, 1);
        far.ticks[0].start = UtcMillis(32_503_680_000_000);
        far
    };
    let (reason, places) = rejected(&[far(random_hub())]).await;
    assert!(reason.contains("outside range"));
    assert_eq!(places, [0]);
    // Among others, each is found, and the others are stored. The year 2200 is young for long.
    let mut young = container(random_hub(), 7);
    young.ticks[0].start = UtcMillis(7_258_118_400_000);
    let (_, places) = rejected(&[young.clone(), old.clone(), young.clone()]).await;
    assert_eq!(places, [1, 2, 3]);
    let (_, places) = rejected(&[far(random_hub()), young.clone(), far(random_hub())]).await;
    assert_eq!(places, [0, 2]);
    let found = Reader::new(&config).unwrap().ticks(young.hub, always()).await.unwrap();
    assert_eq!(found.len(), 1);
    // So many that the sentence is longer than anybody wants to read.
    let many: Vec<Container> = (0..4_000).map(|_| far(random_hub())).collect();
    let (reason, places) = rejected(&many).await;
    assert!(reason.len() < 1_000 && reason.contains("unable to parse"), "{reason}");
    assert_eq!(places, (0..4_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_was_a_float_is_a_rejection_that_names_nobody() {
    let server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    let young = container(random_hub(), 7);
    let float = format!("energy,hub={} s0=1.5,dt=10000i 1795219200000", random_hub());
    let url = format!("{}/write?db={}&precision=ms", server.url(), config.bucket);
    assert!(reqwest::Client::new().post(url).body(float).send().await.unwrap().status().is_success());
    let writer = Writer::new(&config).unwrap();
    let mut without = container(random_hub(), 7);
    let second = domain::SocketNumber::new(1).unwrap();
    without.ticks[0].energy = [(second, domain::Joules(3))].into_iter().collect();
    match writer.write_containers(&[young, without]).await {
        Err(StoreError::Rejected { reason, ticks, .. }) => {
            assert!(reason.contains("field type conflict"), "{reason}");
            assert_eq!(ticks, []);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_beyond_influxdbs_limit_of_a_body_is_stored_in_parts() {
    let server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    // 64 sockets at their largest take some 900 bytes a line; the limit is 25 MB.
    let hub = random_hub();
    let mut large = container(hub, 1);
    let (first, length) = (large.ticks[0].start.0, large.tick_length.millis_i64());
    large.ticks = (0..32_000)
        .map(|n| {
            let energy =
                domain::SocketNumber::in_mask(u64::MAX).map(|s| (s, domain::Joules(-999_999))).collect();
            domain::TickEnergy { start: UtcMillis(first - n * length), energy }
        })
        .collect();
    let config = Config { write_timeout_millis: 60_000, query_timeout_millis: 60_000, ..config };
    Writer::new(&config).unwrap().write_containers(std::slice::from_ref(&large)).await.unwrap();
    let range = TimeRange::new(UtcMillis(first - 31_999 * length), UtcMillis(first - 31_989 * length));
    let reader = Reader::new(&config).unwrap();
    assert_eq!(reader.ticks(hub, range).await.unwrap().len(), 10);
    assert_eq!(
        reader.ticks(hub, TimeRange::new(UtcMillis(first), UtcMillis(first + 1))).await.unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_writes_are_stored_alike() {
    let server = server().await;
    let config = Config { gzip: true, ..config(&server) };
    prepare(&config).await.unwrap();
    let hub = random_hub();
    let writer = Writer::new(&config).unwrap();
    let sent: Vec<Container> = (1..=20).map(|n| containers::container(hub, n)).collect();
    writer.write_containers(&sent).await.unwrap();
    writer.write_containers(&sent[..1]).await.unwrap();
    let found = Reader::new(&config).unwrap().ticks(hub, measurements::day()).await.unwrap();
    let ticks: Vec<_> = sent.iter().flat_map(|container| &container.ticks).collect();
    assert_eq!(found.len(), ticks.len());
    assert!(found.iter().zip(ticks).all(|(found, sent)| found.energy == sent.energy));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_writer_to_v2_is_not_mistaken_for_bad_data() {
    let server = server().await;
    let config = Config { api: Api::V2, token: Some("t".into()), ..config(&server) };
    // 1.6 knows no /api/v2/write.
    let outcome = Writer::new(&config).unwrap().write_containers(&[container(random_hub(), 1)]).await;
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
    writer.write_containers(&measurements::a_day(hub, 34)).await.unwrap();
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
