//! `migrate`: the versions of the schemas, up to this program's and one back.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use domain::schema::SchemaStatus;
use serde::Serialize;

use crate::arguments::{Migrate, MigrateStep, Store};
use crate::settings::Settings;

/// For a migration of a large table; services have seconds.
const STATEMENT_TIMEOUT_MILLIS: u64 = 600_000;

enum Schema {
    PostgreSql(Box<postgres::Schema>),
    Sqlite(sqlite::Schema),
}

/// What is known of one store.
#[derive(Serialize)]
struct Shown {
    store: &'static str,
    /// That of the store; 0 when it is empty.
    version: i64,
    /// That this program is made for.
    program: i64,
    pending: Vec<Pending>,
    /// What is said of the way back from `version`, when this program has one.
    way_back: Option<String>,
}

#[derive(Serialize)]
struct Pending {
    version: i64,
    name: String,
}

pub(crate) async fn run(settings: &Settings, wanted: &Migrate, json: bool) -> anyhow::Result<ExitCode> {
    let stores = chosen(settings, wanted.store)?;
    match wanted.step {
        MigrateStep::Status => {
            let mut all = Vec::new();
            for (store, schema) in &stores {
                all.push(shown(*store, schema.status().await?));
            }
            show(&all, json)?;
        }
        MigrateStep::Up => {
            let mut all = Vec::new();
            for (store, schema) in &stores {
                all.push(shown(*store, schema.up().await?));
            }
            show(&all, json)?;
        }
        MigrateStep::Down { yes } => {
            let [(store, schema)] = stores.as_slice() else {
                bail!("one store at a time goes back: say which with --store");
            };
            let now = shown(*store, schema.status().await?);
            let Some(way_back) = &now.way_back else {
                bail!("{}: this program knows no way back from version {}", now.store, now.version);
            };
            if !yes {
                println!("{}: from version {} to {}. {way_back}", now.store, now.version, now.version - 1);
                bail!(
                    "nothing was done; say --yes when all that uses it is of the release before, or stopped"
                );
            }
            show(&[shown(*store, schema.down().await?)], json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Those that are configured, or the one that was asked for.
fn chosen(settings: &Settings, only: Option<Store>) -> anyhow::Result<Vec<(Store, Schema)>> {
    let wants = |store| only.is_none_or(|only| only == store);
    let mut stores = Vec::new();
    if wants(Store::Accounts) && (only.is_some() || settings.accounts.postgres_url.is_some()) {
        settings.accounts()?;
        let config = postgres::Config {
            statement_timeout_millis: STATEMENT_TIMEOUT_MILLIS,
            ..settings.accounts.config(settings.tls.trusted()?.pem())
        };
        stores.push((Store::Accounts, Schema::PostgreSql(Box::new(postgres::Schema::new(&config)?))));
    }
    let files = &settings.sqlite;
    let of_kind: [(_, _, fn(_) -> _); 2] = [
        (Store::AccountsFile, &files.accounts, |path| sqlite::Schema::of_accounts(path)),
        (Store::MeasurementsFile, &files.measurements, |path| sqlite::Schema::of_measurements(path)),
    ];
    for (store, path, schema) in of_kind {
        match path {
            Some(path) if wants(store) => stores.push((store, Schema::Sqlite(schema(path.clone())))),
            None if only == Some(store) => bail!("{}: must be set", store.key()),
            _ => {}
        }
    }
    if stores.is_empty() {
        bail!(
            "no store is named: set accounts.postgres_url, or sqlite.accounts and sqlite.measurements for files"
        );
    }
    Ok(stores)
}

impl Schema {
    async fn status(&self) -> anyhow::Result<SchemaStatus> {
        Ok(match self {
            Self::PostgreSql(schema) => schema.status().await?,
            Self::Sqlite(schema) => schema.status().await?,
        })
    }

    async fn up(&self) -> anyhow::Result<SchemaStatus> {
        Ok(match self {
            Self::PostgreSql(schema) => schema.up().await?,
            Self::Sqlite(schema) => schema.up().await?,
        })
    }

    async fn down(&self) -> anyhow::Result<SchemaStatus> {
        Ok(match self {
            Self::PostgreSql(schema) => schema.down().await?,
            Self::Sqlite(schema) => schema.down().await?,
        })
    }
}

fn shown(store: Store, status: SchemaStatus) -> Shown {
    let SchemaStatus { program, database: version, pending, way_back } = status;
    let pending = pending.into_iter().map(|(version, name)| Pending { version, name }).collect();
    Shown { store: store.key(), version, program, pending, way_back }
}

fn show(all: &[Shown], json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(all).context("writing JSON")?);
        return Ok(());
    }
    println!("{:<24} {:>7} {:>12}", "store", "version", "this program");
    for Shown { store, version, program, pending, way_back } in all {
        println!("{store:<24} {version:>7} {program:>12}");
        for Pending { version, name } in pending {
            println!("  to come: {version} ({name})");
        }
        if version > program {
            println!("  it is of a newer release, with which this program works");
        } else if way_back.is_some() {
            println!("  one version back: migrate --store … down");
        }
    }
    Ok(())
}
