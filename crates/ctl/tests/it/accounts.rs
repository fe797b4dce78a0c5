//! The accounts, out of a real PostgreSQL and into one: every row of every table, as it was.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use domain::measurement::MeasurementStore as _;
use testkit::certificates::Authority;
use testkit::containers::{ContainerBuilder, hub};
use testkit::servers::{InfluxDb, PostgreSql};

use crate::program::{run, said};

/// What stands for a few homes: rows for every table, which the tests of its schema write as well.
pub(crate) fn filled(url: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../postgres/tests/seeds");
    let mut seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    for seed in seeds {
        sql(url, &fs::read_to_string(seed).unwrap());
    }
}

/// What `statement` prints, one row a line.
fn sql(url: &str, statement: &str) -> String {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]);
    let (code, stdout, stderr) = said(&command.output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    stdout
}

/// Every table with its rows as PostgreSQL writes them, in order.
fn rows(url: &str) -> BTreeMap<String, Vec<String>> {
    let tables = sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    let of = |table: &str| {
        let mut rows: Vec<_> =
            sql(url, &format!("SELECT t::text FROM \"{table}\" t")).lines().map(str::to_owned).collect();
        rows.sort();
        (table.to_owned(), rows)
    };
    tables.lines().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_come_back_over_what_is_there_and_into_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = tokio::task::spawn_blocking(PostgreSql::start).await.unwrap().unwrap();
    let ctl = |url: &str, arguments: &[&str]| {
        said(&run(folder.path(), &[("WATTLINE__ACCOUNTS__POSTGRES_URL", url)], arguments))
    };
    let restore = |url: &str, from: &str| ctl(url, &["restore", "--only-accounts", "--from", from]);
    let was = server.database("was").unwrap();
    let (code, _, stderr) = ctl(&was, &["migrate", "up"]);
    assert_eq!(code, 0, "{stderr}");
    filled(&was);
    let before = rows(&was);
    assert!(before.len() > 10 && before.values().all(|rows| !rows.is_empty()), "{before:?}");
    let (code, _, stderr) = ctl(&was, &["backup", "--only-accounts", "--to", "kept"]);
    assert_eq!(code, 0, "{stderr}");
    let dump = fs::metadata(folder.path().join("kept/accounts.dump")).unwrap();
    assert_eq!(dump.permissions().mode() & 0o777, 0o600);

    let spoil = "UPDATE person SET name = 'Mallory'; DELETE FROM hub_credential; DELETE FROM household;
        INSERT INTO person (id, email, name, password_hash)
        VALUES ('00000000-0000-0000-0000-000000000666', 'eve@example.org', 'Eve', 'hash');";
    sql(&was, spoil);
    let spoiled = rows(&was);
    for table in ["person", "household", "hub_assignment", "hub_credential"] {
        assert_ne!(spoiled[table], before[table], "{table}");
    }
    // All or nothing.
    let whole = fs::read(folder.path().join("kept/accounts.dump")).unwrap();
    fs::create_dir(folder.path().join("torn")).unwrap();
    fs::write(folder.path().join("torn/accounts.dump"), &whole[..whole.len() / 2]).unwrap();
    let (code, _, stderr) = restore(&was, "torn");
    assert!(code == 1 && stderr.contains("pg_restore failed"), "{stderr}");
    assert_eq!(rows(&was), spoiled);

    let (code, _, stderr) = restore(&was, "kept");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(rows(&was), before);
    let empty = server.database("empty").unwrap();
    let (code, _, stderr) = restore(&empty, "kept");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(rows(&empty), before);
    // It is worked with: the version is known, and what counts by itself goes on counting.
    let (code, stdout, stderr) = ctl(&empty, &["migrate", "status"]);
    assert!(code == 0 && !stdout.contains("to come"), "{stdout}{stderr}");
    let another = "INSERT INTO audit_entry (household, at, by, action, about)
        SELECT id, 3, NULL, 'household-renamed', 'Hut' FROM household LIMIT 1";
    sql(&empty, another);
}

/// With the server's certificate of an authority of our own, which the services take from `tls.ca` too.
#[tokio::test(flavor = "multi_thread")]
async fn with_sslmode_only_a_server_that_is_certified_is_dumped() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let authority = Authority::new().unwrap();
        let issued = authority.issue("postgres", &["127.0.0.1"]).unwrap();
        (PostgreSql::start_with_tls(&issued).unwrap(), authority)
    };
    let (server, authority) = tokio::task::spawn_blocking(start).await.unwrap();
    let url = server.database("wattline").unwrap();
    let backup = |url: &str, ca: &Path, to: &str| {
        let ca = ca.display().to_string();
        let variables = [("WATTLINE__ACCOUNTS__POSTGRES_URL", url), ("WATTLINE__TLS__CA", ca.as_str())];
        said(&run(folder.path(), &variables, &["backup", "--only-accounts", "--to", to]))
    };
    let other = Authority::new().unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let safe = format!("{url}?sslmode={mode}");
        let (code, _, stderr) = backup(&safe, &authority.ca(), mode);
        assert_eq!(code, 0, "{mode}: {stderr}");
        let (code, _, stderr) = backup(&safe, &other.ca(), "unknown");
        assert!(code == 1 && stderr.contains("certificate verify failed"), "{mode}: {stderr}");
        let elsewhere = safe.replace("127.0.0.1", "localhost");
        let (code, _, stderr) = backup(&elsewhere, &authority.ca(), "elsewhere");
        assert!(code == 1 && stderr.contains("does not match host name"), "{mode}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_are_left_alone_when_the_measurements_cannot_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let server = tokio::task::spawn_blocking(PostgreSql::start).await.unwrap().unwrap();
    let influxdb = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
    let (database, store) = (server.database("wattline").unwrap(), influxdb.url());
    let variables = [
        ("WATTLINE__ACCOUNTS__POSTGRES_URL", database.as_str()),
        ("WATTLINE__INFLUXDB__URL", store.as_str()),
        ("WATTLINE__INFLUXDB__API", "v1"),
    ];
    let ctl = |arguments: &[&str]| said(&run(folder.path(), &variables, arguments));
    let (code, _, stderr) = ctl(&["migrate", "up"]);
    assert_eq!(code, 0, "{stderr}");
    filled(&database);
    let config =
        influxdb::Config { url: store.clone(), api: influxdb::Api::V1, ..influxdb::Config::default() };
    influxdb::prepare(&config).await.unwrap();
    let ticks = ContainerBuilder::new(hub(1)).ticks(30).build();
    influxdb::Writer::new(&config).unwrap().write_containers(&[ticks]).await.unwrap();
    let (code, _, stderr) = ctl(&["backup", "--to", "kept"]);
    assert_eq!(code, 0, "{stderr}");
    sql(&database, "UPDATE person SET name = 'Since then'");
    let now = rows(&database);

    let (code, _, stderr) = ctl(&["restore", "--from", "kept"]);
    assert!(code == 1 && stderr.contains("the store already has ticks"), "{stderr}");
    assert_eq!(rows(&database), now);
    fs::remove_file(folder.path().join("kept/manifest.json")).unwrap();
    let (code, _, stderr) = ctl(&["restore", "--merge", "--from", "kept"]);
    assert!(code == 1 && stderr.contains("is no back-up"), "{stderr}");
    assert_eq!(rows(&database), now);
}

/// As docs/ctl.md has it where the program is in an image with nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_dump_that_was_made_beside_the_program_is_found_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = tokio::task::spawn_blocking(PostgreSql::start).await.unwrap().unwrap();
    let (was, is) = (server.database("was").unwrap(), server.database("is").unwrap());
    let variables = [("WATTLINE__ACCOUNTS__POSTGRES_URL", was.as_str())];
    let (code, _, stderr) = said(&run(folder.path(), &variables, &["migrate", "up"]));
    assert_eq!(code, 0, "{stderr}");
    filled(&was);
    let dump = File::create(folder.path().join("accounts.dump")).unwrap();
    let made = Command::new("pg_dump")
        .args(["--format=custom", "--no-owner", "--no-privileges", &was])
        .stdout(dump)
        .status()
        .unwrap();
    assert!(made.success());

    let variables = [("WATTLINE__ACCOUNTS__POSTGRES_URL", is.as_str())];
    let (code, _, stderr) =
        said(&run(folder.path(), &variables, &["restore", "--only-accounts", "--from", "."]));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(rows(&is), rows(&was));

    // And by PostgreSQL's own tool alone, over what is there, through a pipe.
    sql(&is, "UPDATE person SET name = 'Mallory'");
    let restored = Command::new("pg_restore")
        .args([
            "--clean",
            "--if-exists",
            "--no-owner",
            "--no-privileges",
            "--single-transaction",
            "--exit-on-error",
        ])
        .args(["--dbname", &is])
        .stdin(File::open(folder.path().join("accounts.dump")).unwrap())
        .status()
        .unwrap();
    assert!(restored.success());
    assert_eq!(rows(&is), rows(&was));
}
