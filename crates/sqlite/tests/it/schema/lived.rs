//! Files as programs of earlier versions have left them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlite::{Accounts, Measurements, Schema};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

/// Which of the two kinds of files.
pub(super) struct Kind {
    pub(super) name: &'static str,
    migrations: Migrator,
    pub(super) schema: fn(PathBuf) -> Schema,
}

pub(super) static ACCOUNTS: Kind = Kind {
    name: "accounts",
    migrations: sqlx::migrate!("./migrations/accounts"),
    schema: |path| Schema::of_accounts(path),
};
pub(super) static MEASUREMENTS: Kind = Kind {
    name: "measurements",
    migrations: sqlx::migrate!("./migrations/measurements"),
    schema: |path| Schema::of_measurements(path),
};

impl Kind {
    pub(super) fn newest(&self) -> i64 {
        self.migrations.iter().map(|migration| migration.version).max().unwrap()
    }
}

/// A file, and the columns that it had of each table when it was left.
pub(super) struct Lived {
    _folder: TempDir,
    pub(super) path: PathBuf,
    pub(super) columns: BTreeMap<String, Vec<String>>,
}

impl Lived {
    /// Made at the first version, come to this one, with data of each on its way.
    pub(super) async fn until(kind: &Kind, version: i64) -> Self {
        Self::make(kind, version, true).await
    }

    pub(super) async fn empty_at(kind: &Kind, version: i64) -> Self {
        Self::make(kind, version, false).await
    }

    async fn make(kind: &Kind, version: i64, with_data: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{}.db", kind.name));
        std::fs::write(&path, "").unwrap();
        let mut connection = connect(&path).await;
        for version in 1..=version {
            kind.migrations.run_to(version, &mut connection).await.unwrap();
            if with_data {
                let name = format!("tests/seeds/{}/{version:04}.sql", kind.name);
                let seed = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
                    .expect("each migration needs data of its version");
                sqlx::raw_sql(AssertSqlSafe(seed)).execute(&mut connection).await.unwrap();
            }
        }
        let mut lived = Self { _folder: folder, path, columns: BTreeMap::new() };
        lived.columns = lived.columns_now().await;
        lived
    }

    pub(super) fn schema(&self, kind: &Kind) -> Schema {
        (kind.schema)(self.path.clone())
    }

    pub(super) async fn run(&self, sql: impl Into<String>) {
        sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(&mut connect(&self.path).await).await.unwrap();
    }

    /// As the next release would: a migration that is only known to the file.
    pub(super) async fn migrated_further(&self, version: i64, name: &str) {
        self.run(format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ({version}, '{name}', 1, x'00', 0)"
        ))
        .await;
    }

    pub(super) async fn columns_now(&self) -> BTreeMap<String, Vec<String>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND t.name <> '_sqlx_migrations'
             ORDER BY t.name, c.cid",
        )
        .fetch_all(&mut connect(&self.path).await)
        .await
        .unwrap();
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column) in rows {
            columns.entry(table).or_default().push(column);
        }
        columns
    }

    /// Everything that SQLite keeps of the schema, in its very words.
    pub(super) async fn dump(&self) -> Vec<(String, String, Option<String>)> {
        sqlx::query_as("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
            .fetch_all(&mut connect(&self.path).await)
            .await
            .unwrap()
    }

    /// All rows, each with its table, as far as the columns go that there were.
    pub(super) async fn rows(&self) -> Vec<String> {
        let (mut connection, mut all) = (connect(&self.path).await, Vec::new());
        for (table, columns) in &self.columns {
            let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
            let question = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ' ' || "));
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(question)).fetch_all(&mut connection).await.unwrap();
            all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
        }
        all
    }
}

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// What a store of the accounts has to keep: it works, and whatever can be written was. Without the suite of hubs, which
/// wants to be the only one with pairings.
pub(super) async fn accounts_suites(path: &Path) {
    let accounts = Accounts::open(path).await.unwrap();
    testkit::suites::accounts::run_all(&accounts).await;
    testkit::suites::registry::run_all(&accounts).await;
    testkit::suites::alerts::run_all(&accounts).await;
    testkit::suites::personal_tokens::run_all(&accounts).await;
    testkit::suites::tickets::run_all(&accounts).await;
    testkit::suites::footholds::run_all(&accounts).await;
    testkit::suites::members::run_all(&accounts).await;
    testkit::suites::second_factors::run_all(&accounts).await;
    testkit::suites::identities::run_all(&accounts).await;
    testkit::suites::audit::run_all(&accounts).await;
    testkit::suites::deletions::run_all(&accounts).await;
    accounts.close().await;
}

pub(super) async fn measurements_suites(path: &Path) {
    let store = Arc::new(Measurements::open(path).await.unwrap());
    testkit::suites::measurements::run_all(store.clone(), store.clone()).await;
    testkit::suites::rollups::run_all(store.clone(), store.clone()).await;
    store.close().await;
}
