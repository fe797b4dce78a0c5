//! What each command does.

pub(crate) mod accounts;
pub(crate) mod backfill;
pub(crate) mod backup;
pub(crate) mod fleet;
pub(crate) mod hubs;
pub(crate) mod migrate;
pub(crate) mod queues;
pub(crate) mod retention;
pub(crate) mod services;

use std::process::ExitCode;

use domain::UtcMillis;

use crate::arguments::Command;
use crate::settings::Settings;

pub(crate) async fn run(
    command: Command,
    settings: &Settings,
    now: UtcMillis,
    json: bool,
) -> anyhow::Result<ExitCode> {
    match command {
        Command::Services => services::run(settings, json).await,
        Command::Queues => queues::run(settings, json).await,
        Command::Fleet(fleet) => fleet::run(settings, &fleet, json).await,
        Command::Backfill(backfill) => backfill::run(settings, &backfill).await,
        Command::Backup(backup) => backup::save(settings, &backup, now, json).await,
        Command::Restore(restore) => backup::restore(settings, &restore, now, json).await,
        Command::Migrate(migrate) => migrate::run(settings, &migrate, json).await,
        Command::Retention(retention) => retention::run(settings, &retention, now, json).await,
    }
}
