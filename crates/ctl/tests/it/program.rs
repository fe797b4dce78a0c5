//! `wattline-ctl` against real servers.

use std::path::Path;
use std::process::{Command, Output};

use domain::HubId;
use domain::measurement::{MeasurementQuery as _, MeasurementStore as _};
use domain::rollup::{Detail, PackedDay, Roller, Rollups as _, UtcDay};
use domain::transport::ContainerPublisher as _;
use rabbitmq::{Publisher, declare_topology};
use serde_json::Value;
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};
use testkit::servers::{InfluxDb, PostgreSql, RabbitMq, free_port};

use crate::accounts::filled;

pub(crate) fn run(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattline-ctl"));
    // PostgreSQL's tools are found on the path.
    let path = std::env::vars().find(|(name, _)| name == "PATH").map(|(_, path)| path).unwrap();
    command.env_clear().env("PATH", path).current_dir(folder).args(arguments);
    command.envs(variables.iter().copied()).output().unwrap()
}

pub(crate) fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_up_of_everything_is_restored_to_the_joule() {
    let folder = tempfile::tempdir().unwrap();
    let influxdb = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
    let postgresql = tokio::task::spawn_blocking(PostgreSql::start).await.unwrap().unwrap();
    let config = |bucket: &str| influxdb::Config {
        url: influxdb.url(),
        api: influxdb::Api::V1,
        bucket: bucket.to_owned(),
        ..influxdb::Config::default()
    };
    let (was, is) = (config("was"), config("is"));
    influxdb::prepare(&was).await.unwrap();
    let containers: Vec<_> = (1..=3)
        .flat_map(|number| {
            (1..=40).map(move |sequence| ContainerBuilder::new(hub(number)).sequence(sequence))
        })
        .map(|builder| builder.ticks(30).sockets(30).build())
        .collect();
    influxdb::Writer::new(&was).unwrap().write_containers(&containers).await.unwrap();
    let database = postgresql.database("wattline").unwrap();
    postgres::Accounts::connect(&postgres::Config::new(database.clone().into()))
        .unwrap()
        .migrate()
        .await
        .unwrap();
    filled(&database);
    // Of these homes' hub nothing is left but a day of rollups.
    let forgotten: HubId = "00000000-0000-0000-0000-0000000000b1".parse().unwrap();
    rolled_up(&was, forgotten, [hub(1), hub(2), hub(3)]).await;

    let url = influxdb.url();
    let with = |bucket: &'static str| {
        [
            ("WATTLINE__INFLUXDB__URL", url.as_str()),
            ("WATTLINE__INFLUXDB__API", "v1"),
            ("WATTLINE__INFLUXDB__BUCKET", bucket),
            ("WATTLINE__ACCOUNTS__POSTGRES_URL", database.as_str()),
        ]
    };
    let (code, _, stderr) = said(&run(folder.path(), &with("was"), &["backup", "--to", "kept"]));
    assert_eq!(code, 0, "{stderr}");
    // As in an image, where the accounts are dumped beside it: the same hubs.
    let (code, stdout, stderr) =
        said(&run(folder.path(), &with("was"), &["--json", "backup", "--without-accounts", "--to", "bare"]));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["hubs"], 4);
    // A folder that has something in it is not written to.
    let (code, _, stderr) = said(&run(folder.path(), &with("was"), &["backup", "--to", "kept"]));
    assert!(code == 1 && stderr.contains("has files in it already"), "{stderr}");

    let (code, stdout, stderr) =
        said(&run(folder.path(), &with("is"), &["--json", "restore", "--from", "kept"]));
    assert_eq!(code, 0, "{stderr}");
    let restored: Value = serde_json::from_str(&stdout).unwrap();
    let joules: i64 = containers.iter().map(|container| container.total().0).sum();
    assert_eq!(restored["joules"], joules);
    assert_eq!(restored["values"], 3 * 40 * 30 * 30);
    assert_eq!((&restored["hubs"], &restored["pages"]), (&4.into(), &4.into()));
    // The last day of each hub that has ticks.
    assert_eq!(restored["marked"], 3);
    let (before, after) = (influxdb::Reader::new(&was).unwrap(), influxdb::Reader::new(&is).unwrap());
    let day = UtcDay::of(RECORDED_DAY).range();
    for number in 1..=3 {
        let ticks = before.ticks(hub(number), day).await.unwrap();
        assert_eq!(ticks.len(), 40 * 30);
        assert_eq!(ticks, after.ticks(hub(number), day).await.unwrap());
    }
    let days = async |config: &influxdb::Config, hub| {
        let all = UtcDay(0)..UtcDay::of(RECORDED_DAY).next();
        influxdb::Rollups::new(config).unwrap().days(hub, all, Detail::Power).await.unwrap()
    };
    for hub in [hub(1), hub(2), hub(3), forgotten] {
        let pages = days(&was, hub).await;
        assert_eq!(pages.len(), 1);
        assert_eq!(pages, days(&is, hub).await);
    }

    let days = ["backfill", "--from", "2012-01-16", "--to", "2012-01-17"];
    let (code, stdout, stderr) = said(&run(folder.path(), &with("is"), &days));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("2 days of 3 hubs are marked"), "{stdout}");
    // Beside the three of the restore.
    assert_eq!(influxdb::Rollups::new(&is).unwrap().marks(100).await.unwrap().len(), 6 + 3);
    let backwards = ["backfill", "--from", "2012-01-17", "--to", "2012-01-16"];
    let (code, _, stderr) = said(&run(folder.path(), &with("is"), &backwards));
    assert!(code == 1 && stderr.contains("is before --from"), "{stderr}");
}

/// Rolls up the day of `hubs`, and that of `forgotten` from the ticks of the first of them.
async fn rolled_up(config: &influxdb::Config, forgotten: HubId, hubs: [HubId; 3]) {
    let (reader, rollups) = (influxdb::Reader::new(config).unwrap(), influxdb::Rollups::new(config).unwrap());
    let day = UtcDay::of(RECORDED_DAY);
    let page = async |of: HubId, ticks: HubId| {
        let mut roller = Roller::new(of, day);
        for tick in reader.ticks(ticks, day.range()).await.unwrap() {
            roller.push(&tick);
        }
        PackedDay::pack(&roller.finish(day.next().start()))
    };
    let mut pages = vec![page(forgotten, hubs[0]).await];
    for hub in hubs {
        pages.push(page(hub, hub).await);
    }
    rollups.put_days(&pages).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_nobody_is_said_and_ends_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let broker = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap().unwrap();
    let config = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
    let url = broker.url();
    let variables = [("WATTLINE__RABBITMQ__URL", url.as_str()), ("WATTLINE__RABBITMQ__QUEUES", "1")];
    let (code, _, stderr) = said(&run(folder.path(), &variables, &["queues"]));
    assert!(code == 1 && stderr.contains("looking at a queue"), "{stderr}");
    declare_topology(&config).await.unwrap();
    let (code, stdout, stderr) = said(&run(folder.path(), &variables, &["queues"]));
    assert!(code == 0 && stdout.contains("telemetry.0"), "{stdout}{stderr}");
    let publisher = Publisher::connect(config).unwrap();
    let container = ContainerBuilder::new(hub(1)).build();
    publisher.publish(container.hub, wire::encode(&container)).await.unwrap();
    let (code, stdout, _) = said(&run(folder.path(), &variables, &["queues"]));
    assert!(code == 1 && stdout.contains("nobody takes these"), "{stdout}");
}

#[test]
fn what_does_not_answer_and_what_is_not_set_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let urls = format!("[{nobody:?}]");
    let variables =
        [("WATTLINE__SERVICES__URLS", urls.as_str()), ("WATTLINE__SERVICES__FLEET_URL", nobody.as_str())];
    let (code, stdout, _) = said(&run(folder.path(), &variables, &["services"]));
    assert!(code == 1 && stdout.contains("nothing answers"), "{stdout}");
    let (code, _, stderr) = said(&run(folder.path(), &variables, &["fleet"]));
    assert!(code == 1 && stderr.contains("the fleet-service does not answer"), "{stderr}");
    let (code, _, stderr) = said(&run(folder.path(), &[], &["queues"]));
    assert!(code == 1 && stderr.contains("rabbitmq.url"), "{stderr}");
    let (code, _, stderr) = said(&run(folder.path(), &[], &["backup", "--to", "x"]));
    assert!(code == 1 && stderr.contains("accounts.postgres_url: must be set"), "{stderr}");
    let refused = [("WATTLINE__SERVICES__FLEET_URL", "http://10.0.0.1:9407")];
    let (code, _, stderr) = said(&run(folder.path(), &refused, &["fleet"]));
    assert!(code == 64 && stderr.contains("services.fleet_url"), "{stderr}");
}
