//! `backfill`: days are rolled up again.

use std::process::ExitCode;

use anyhow::ensure;
use ctl::backfill::mark;
use domain::UtcMillis;
use domain::rollup::UtcDay;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::hubs;
use crate::arguments::Backfill;
use crate::settings::Settings;

/// Ten years at most: more is a slip of the keyboard.
const MOST_DAYS: i32 = 3_660;

pub(crate) async fn run(settings: &Settings, wanted: &Backfill) -> anyhow::Result<ExitCode> {
    ensure!(wanted.from <= wanted.to, "--to {} is before --from {}", wanted.to, wanted.from);
    let days = day(wanted.from)?..day(wanted.to)?.next();
    let count = days.end.0 - days.start.0;
    ensure!(count <= MOST_DAYS, "{count} days are too many at once, at most {MOST_DAYS}");
    let rollups = influxdb::Rollups::new(&settings.store()?)?;
    let hubs = if wanted.hub.is_empty() {
        hubs::that_measured(&rollups, days.start.start()).await?
    } else {
        wanted.hub.iter().copied().collect()
    };
    let all = hubs.iter().flat_map(|&hub| (days.start.0..days.end.0).map(move |day| (hub, UtcDay(day))));
    let marks = mark(&rollups, all).await?;
    println!(
        "{count} days of {} hubs are marked ({marks} marks); the rollup-worker does them next",
        hubs.len()
    );
    Ok(ExitCode::SUCCESS)
}

fn day(date: Date) -> anyhow::Result<UtcDay> {
    let start = date.to_zoned(TimeZone::UTC)?.timestamp();
    Ok(UtcDay::of(UtcMillis(start.as_millisecond())))
}
