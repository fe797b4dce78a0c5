//! The schema from every version to the newest, back by one, and under a program that is older than it.

mod ahead;
mod back;
mod forward;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use postgres::{Accounts, Config, Schema};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use testkit::servers::PostgreSql;

use crate::start;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

async fn server() -> PostgreSql {
    tokio::task::spawn_blocking(start).await.unwrap()
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap()
}

fn schema_at(url: &str) -> Schema {
    Schema::new(&Config::new(url.into())).unwrap()
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// A database that was made at the first version, has come to this one, and got data of each on its way.
async fn lived_until(server: &PostgreSql, name: &str, version: i64) -> String {
    let url = server.database(name).unwrap();
    let mut connection = connect(&url).await;
    for version in 1..=version {
        MIGRATIONS.run_to(version, &mut connection).await.unwrap();
        let path = format!("{}/tests/seeds/{version:04}.sql", env!("CARGO_MANIFEST_DIR"));
        let seed =
            std::fs::read_to_string(Path::new(&path)).expect("each migration needs data of its version");
        sqlx::raw_sql(AssertSqlSafe(seed)).execute(&mut connection).await.unwrap();
    }
    url
}

/// An empty one.
async fn made_at(server: &PostgreSql, name: &str, version: i64) -> String {
    let url = server.database(name).unwrap();
    MIGRATIONS.run_to(version, &mut connect(&url).await).await.unwrap();
    url
}

/// The whole schema, as `pg_dump` writes it.
fn dump(url: &str) -> String {
    let arguments = ["--schema-only", "--no-owner", "--no-privileges", "--dbname", url];
    let output = Command::new("pg_dump").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // Newer ones put a random word into commands of psql.
    text.lines().filter(|line| !line.starts_with('\\')).collect::<Vec<_>>().join("\n")
}

/// The columns of each table.
type Columns = BTreeMap<String, Vec<String>>;

async fn columns(url: &str) -> Columns {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY ordinal_position",
    )
    .fetch_all(&mut connect(url).await)
    .await
    .unwrap();
    let mut columns = Columns::new();
    for (table, column) in rows {
        columns.entry(table).or_default().push(column);
    }
    columns
}

/// All rows, each with its table, as far as these columns go.
async fn rows(url: &str, columns: &Columns) -> Vec<String> {
    let (mut connection, mut all) = (connect(url).await, Vec::new());
    for (table, columns) in columns {
        let columns = columns.join(", ");
        let question =
            format!("SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table}) AS r ORDER BY 1");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(question)).fetch_all(&mut connection).await.unwrap();
        assert!(!columns.is_empty());
        all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
    }
    all
}

/// What a store of the accounts has to keep: it works, and whatever can be written was. Without the suite of hubs, which
/// wants to be the only one with pairings.
async fn suites(accounts: &Accounts) {
    testkit::suites::accounts::run_all(accounts).await;
    testkit::suites::registry::run_all(accounts).await;
    testkit::suites::alerts::run_all(accounts).await;
    testkit::suites::personal_tokens::run_all(accounts).await;
    testkit::suites::tickets::run_all(accounts).await;
    testkit::suites::footholds::run_all(accounts).await;
    testkit::suites::members::run_all(accounts).await;
    testkit::suites::second_factors::run_all(accounts).await;
    testkit::suites::identities::run_all(accounts).await;
    testkit::suites::audit::run_all(accounts).await;
    testkit::suites::deletions::run_all(accounts).await;
}
