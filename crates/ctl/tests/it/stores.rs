//! `migrate` and `retention` against real servers and files.

use domain::measurement::MeasurementStore as _;
use domain::rollup::{PackedDay, Roller, Rollups as _, UtcDay};
use serde_json::Value;
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};
use testkit::servers::{InfluxDb, PostgreSql};

use crate::program::{run, said};

#[tokio::test(flavor = "multi_thread")]
async fn schemas_are_shown_brought_up_and_taken_one_back() {
    let folder = tempfile::tempdir().unwrap();
    let postgresql = tokio::task::spawn_blocking(PostgreSql::start).await.unwrap().unwrap();
    let database = postgresql.database("wattline").unwrap();
    let file = folder.path().join("measurements.db");
    let store = sqlite::Measurements::open(&file).await.unwrap();
    let file = file.display().to_string();
    let variables = [
        ("WATTLINE__ACCOUNTS__POSTGRES_URL", database.as_str()),
        ("WATTLINE__SQLITE__MEASUREMENTS", file.as_str()),
    ];
    let ctl = |arguments: &[&str]| said(&run(folder.path(), &variables, arguments));
    let versions = |arguments: &[&str]| {
        let (code, stdout, stderr) = ctl(&[&["--json", "migrate"], arguments].concat());
        assert_eq!(code, 0, "{stderr}");
        let all: Value = serde_json::from_str(&stdout).unwrap();
        let of = |shown: &Value| (shown["version"].as_i64().unwrap(), shown["program"].as_i64().unwrap());
        all.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };

    let before = versions(&["status"]);
    let (accounts, measurements) = (before[0].1, before[1].1);
    assert_eq!(before, [(0, accounts), (measurements, measurements)]);
    // Somebody has the file open.
    let (code, _, stderr) = ctl(&["migrate", "--store", "measurements-file", "down", "--yes"]);
    assert!(code == 1 && stderr.contains("stop whoever has it open"), "{stderr}");
    store.close().await;
    assert_eq!(versions(&["up"]), [(accounts, accounts), (measurements, measurements)]);

    let (code, _, stderr) = ctl(&["migrate", "down", "--yes"]);
    assert!(code == 1 && stderr.contains("--store"), "{stderr}");
    let (code, stdout, stderr) = ctl(&["migrate", "--store", "accounts", "down"]);
    assert!(code == 1 && stderr.contains("nothing was done"), "{stderr}");
    assert!(stdout.contains(&format!("from version {accounts} to {}", accounts - 1)), "{stdout}");
    for (store, version) in [("accounts", accounts), ("measurements-file", measurements)] {
        assert_eq!(versions(&["--store", store, "down", "--yes"]), [(version - 1, version)]);
    }
    let (code, stdout, _) = ctl(&["migrate", "status"]);
    assert!(code == 0 && stdout.contains("to come"), "{stdout}");
    // What came first has none.
    let (code, _, stderr) = ctl(&["migrate", "--store", "measurements-file", "down", "--yes"]);
    assert!(code == 1 && stderr.contains("no way back"), "{stderr}");
    assert_eq!(versions(&["up"]), [(accounts, accounts), (measurements, measurements)]);
    let (code, _, stderr) = said(&run(folder.path(), &[], &["migrate", "status"]));
    assert!(code == 1 && stderr.contains("accounts.postgres_url"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_are_kept_as_long_as_they_are_needed_and_go_only_when_told_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
    let url = server.url();
    let variables = [("WATTLINE__INFLUXDB__URL", url.as_str()), ("WATTLINE__INFLUXDB__API", "v1")];
    let ctl = |arguments: &[&str]| said(&run(folder.path(), &variables, arguments));
    let (code, _, stderr) = ctl(&["retention", "show"]);
    assert!(code == 1 && stderr.contains("wattline"), "{stderr}");
    let config =
        influxdb::Config { url: server.url(), api: influxdb::Api::V1, ..influxdb::Config::default() };
    influxdb::prepare(&config).await.unwrap();
    let ticks = ContainerBuilder::new(hub(1)).ticks(30).sockets(30).build();
    influxdb::Writer::new(&config).unwrap().write_containers(&[ticks]).await.unwrap();

    let (code, stdout, stderr) = ctl(&["retention", "show"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stdout.contains("kept         for ever") && stdout.contains("rollups      kept for ever"),
        "{stdout}"
    );
    assert!(stdout.contains(&RECORDED_DAY.to_string()), "{stdout}");
    // What no rollup tells of does not go, also with a confirmation.
    let (code, _, stderr) = ctl(&["retention", "set", "--days", "30", "--yes"]);
    assert!(
        code == 1 && stderr.contains("is not rolled up yet") && stderr.contains("days have to be kept"),
        "{stderr}"
    );

    let day = UtcDay::of(RECORDED_DAY);
    let page = PackedDay::pack(&Roller::new(hub(1), day).finish(day.next().start()));
    influxdb::Rollups::new(&config).unwrap().put_days(&[page]).await.unwrap();
    let (code, _, stderr) = ctl(&["retention", "set", "--days", "1", "--yes"]);
    assert!(code == 1 && stderr.contains("at least 2 days"), "{stderr}");
    let (code, stdout, stderr) = ctl(&["retention", "set", "--days", "30"]);
    assert!(code == 1 && stderr.contains("--yes"), "{stderr}");
    assert!(
        stdout.contains("kept for ever, then for 30 days") && stdout.contains("gone for good"),
        "{stdout}"
    );
    let kept = || {
        let (code, stdout, stderr) = ctl(&["--json", "retention", "show"]);
        assert_eq!(code, 0, "{stderr}");
        let all: Value = serde_json::from_str(&stdout).unwrap();
        all[0]["keeps_seconds"].as_u64()
    };
    assert_eq!(kept(), None);
    let (code, stdout, stderr) = ctl(&["retention", "set", "--days", "30", "--yes"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("influxdb.retention_days = 30"), "{stdout}");
    assert_eq!(kept(), Some(30 * 86_400));
    // Longer needs no confirmation, and services must not follow at once.
    let (code, stdout, stderr) = ctl(&["retention", "set", "--days", "90"]);
    assert_eq!((code, kept()), (0, Some(90 * 86_400)), "{stderr}");
    assert!(stdout.contains("Leave influxdb.retention_days = 30 ") && !stdout.contains("Set"), "{stdout}");
    let (code, stdout, stderr) = ctl(&["retention", "set", "--forever"]);
    assert_eq!((code, kept()), (0, None), "{stderr}");
    assert!(stdout.contains("Leave influxdb.retention_days = 90 "), "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_stores_none_is_changed_when_one_would_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let start = || tokio::task::spawn_blocking(|| InfluxDb::start().unwrap());
    let (first, second) = tokio::try_join!(start(), start()).unwrap();
    let config = influxdb::Config { url: first.url(), api: influxdb::Api::V1, ..influxdb::Config::default() };
    influxdb::prepare(&config).await.unwrap();
    // As somebody else makes a database: with shards of a week.
    for database in ["wattline", "wattline-rollups"] {
        second.database(database).unwrap();
    }
    let file = folder.path().join("ctl.toml");
    let stores = [("first", first.url()), ("second", second.url())]
        .map(|(name, url)| format!("[[influxdb.stores]]\nname = {name:?}\nurl = {url:?}\n"));
    std::fs::write(&file, format!("[influxdb]\napi = \"v1\"\n{}", stores.concat())).unwrap();
    let file = file.display().to_string();
    let ctl =
        |arguments: &[&str]| said(&run(folder.path(), &[], &[&["--config", &file], arguments].concat()));
    let kept = || {
        let (code, stdout, stderr) = ctl(&["--json", "retention", "show"]);
        assert_eq!(code, 0, "{stderr}");
        let all: Value = serde_json::from_str(&stdout).unwrap();
        [0, 1].map(|store| all[store]["keeps_seconds"].as_u64())
    };

    let (code, _, stderr) = ctl(&["retention", "set", "--days", "6", "--yes"]);
    assert!(code == 1 && stderr.contains("second: 6 days are less than a shard"), "{stderr}");
    assert_eq!(kept(), [None, None]);
    // As long as a shard is enough.
    let (code, _, stderr) = ctl(&["retention", "set", "--days", "7", "--yes"]);
    assert_eq!((code, kept()), (0, [Some(7 * 86_400); 2]), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_shown_and_set_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("measurements.db");
    let store = sqlite::Measurements::open(&file).await.unwrap();
    for number in 1..=3 {
        let ticks = ContainerBuilder::new(hub(number)).sequence(4 - number).ticks(30).build();
        store.write_containers(&[ticks]).await.unwrap();
    }
    let file = file.display().to_string();
    let variables = [("WATTLINE__SQLITE__MEASUREMENTS", file.as_str())];
    let (code, stdout, stderr) = said(&run(folder.path(), &variables, &["retention", "show"]));
    assert!(code == 0 && stdout.contains(&RECORDED_DAY.to_string()), "{stdout}{stderr}");
    let (code, _, stderr) =
        said(&run(folder.path(), &variables, &["retention", "set", "--days", "30", "--yes"]));
    assert!(code == 1 && stderr.contains("retention_days of the standalone"), "{stderr}");
}
