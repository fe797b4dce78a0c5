//! `backup` and `restore`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use ctl::backup::{self, BackupError, Restoring};
use domain::UtcMillis;
use serde_json::json;

use super::{accounts, hubs};
use crate::arguments::{Backup, Restore};
use crate::settings::Settings;

const DAY_MILLIS: i64 = 86_400_000;
/// A progress line every so many hubs.
const SAY_EVERY: usize = 100;

pub(crate) async fn save(
    settings: &Settings,
    wanted: &Backup,
    now: UtcMillis,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let folder = wanted.to.as_path();
    empty(folder)?;
    let with_accounts = !wanted.what.without_accounts;
    if with_accounts {
        accounts::save(settings, folder)?;
        eprintln!("the accounts are saved");
    }
    if wanted.what.only_accounts {
        return Ok(ExitCode::SUCCESS);
    }
    let store = settings.store()?;
    let (query, rollups) = (influxdb::Reader::new(&store)?, influxdb::Rollups::new(&store)?);
    let mut all = hubs::that_measured(&rollups, UtcMillis(0)).await?;
    // Also where they are not dumped, since an image has no pg_dump: their hubs may have nothing but rollups.
    if settings.knows_accounts() {
        all.extend(hubs::of_households(&settings.registry()?).await?);
    }
    let saved = backup::save(&query, &rollups, &all, folder, with_accounts, now, &say).await?;
    if json {
        println!(
            "{}",
            json!({ "hubs": saved.hubs, "ticks": saved.ticks, "values": saved.values, "joules": saved.joules })
        );
    } else {
        println!(
            "{} hubs, {} ticks, {} values, {} J are in {}",
            saved.hubs,
            saved.ticks,
            saved.values,
            saved.joules,
            folder.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn restore(
    settings: &Settings,
    wanted: &Restore,
    now: UtcMillis,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let folder = wanted.from.as_path();
    let with_accounts = !wanted.what.without_accounts;
    if with_accounts && !folder.join(accounts::DUMP).is_file() {
        bail!("there are no accounts in {}; say --without-accounts", folder.display());
    }
    if with_accounts {
        settings.accounts()?;
    }
    let restore_accounts = || {
        accounts::restore(settings, folder)?;
        eprintln!("the accounts are restored");
        anyhow::Ok(())
    };
    if wanted.what.only_accounts {
        restore_accounts()?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = settings.store()?;
    influxdb::prepare(&config).await?;
    let keeps_from = config.retention_days.map(|days| now.plus_millis(-i64::from(days) * DAY_MILLIS));
    let (store, query) = (influxdb::Writer::new(&config)?, influxdb::Reader::new(&config)?);
    let rollups = influxdb::Rollups::new(&config)?;
    // The accounts are put in place of what is there, so that all else has to be well before.
    let restoring = Restoring::check(&rollups, folder, wanted.merge).await?;
    if with_accounts {
        restore_accounts()?;
    }
    let restored = restoring.run(&store, &query, &rollups, keeps_from, &say).await?;
    if json {
        println!(
            "{}",
            json!({
                "hubs": restored.hubs, "ticks": restored.ticks, "values": restored.values,
                "joules": restored.joules, "pages": restored.pages, "marked": restored.marked,
                "too_old": restored.too_old,
            })
        );
    } else {
        println!(
            "{} hubs, {} ticks, {} values, {} J and {} days of rollups are in the store and were read back",
            restored.hubs, restored.ticks, restored.values, restored.joules, restored.pages
        );
        println!(
            "{} days are marked to be rolled up again; the rollup-worker does them next",
            restored.marked
        );
        if restored.too_old > 0 {
            println!("{} ticks are older than the store keeps and were left out", restored.too_old);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// For whoever waits.
fn say(done: usize, of: usize) {
    if done > 0 && (done.is_multiple_of(SAY_EVERY) || done == of) {
        eprintln!("{done} of {of} hubs");
    }
}

/// Makes the folder, for its owner alone: what is in it is private.
fn empty(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if folder.exists() {
        let mut entries = folder.read_dir().with_context(|| format!("reading {}", folder.display()))?;
        if entries.next().is_some() {
            return Err(BackupError::NotEmpty(folder.to_owned()).into());
        }
        return Ok(());
    }
    let make = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    make.with_context(|| format!("making the folder {}", folder.display()))
}
