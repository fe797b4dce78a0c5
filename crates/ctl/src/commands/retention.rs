//! `retention`: how long each store keeps ticks.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ctl::retention::{advice, least_days};
use domain::UtcMillis;
use influxdb::{Held, Policy, Retention};
use serde::Serialize;

use crate::arguments::{Retention as Arguments, RetentionStep};
use crate::settings::Settings;

const DAY_MILLIS: i64 = 86_400_000;
const MAX_DAYS: u32 = 24_000;

/// What is known of one store.
#[derive(Serialize)]
struct Shown {
    store: String,
    bucket: String,
    /// Nothing: for ever.
    keeps_seconds: Option<u64>,
    /// Nothing: there is no tick.
    oldest_tick: Option<String>,
    /// Nothing: the store does not say.
    disk_bytes: Option<u64>,
    /// Nothing: for ever, as it should be.
    rollups_keep_seconds: Option<u64>,
}

pub(crate) async fn run(
    settings: &Settings,
    wanted: &Arguments,
    now: UtcMillis,
    json: bool,
) -> anyhow::Result<ExitCode> {
    match wanted.step {
        RetentionStep::Show => show(settings, json).await,
        RetentionStep::Set { days, yes, .. } => set(settings, days, yes, now).await,
    }
}

async fn show(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    if settings.sqlite.measurements.is_none() {
        for (store, config) in settings.store()?.each() {
            let retention = Retention::new(&config)?;
            let (ticks, rollups) = (retention.of_ticks().await?, retention.of_rollups().await?);
            let Held { oldest, disk_bytes } = retention.held().await?;
            all.push(Shown {
                store,
                bucket: ticks.bucket,
                keeps_seconds: ticks.keeps.map(|keeps| keeps.as_secs()),
                oldest_tick: oldest.map(|oldest| oldest.to_string()),
                disk_bytes,
                rollups_keep_seconds: rollups.keeps.map(|keeps| keeps.as_secs()),
            });
        }
    }
    if let Some(path) = &settings.sqlite.measurements {
        let disk = std::fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?;
        all.push(Shown {
            store: "sqlite".to_owned(),
            bucket: path.display().to_string(),
            keeps_seconds: None,
            oldest_tick: sqlite::oldest_tick(path).await?.map(|oldest| oldest.to_string()),
            disk_bytes: Some(disk.len()),
            rollups_keep_seconds: None,
        });
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        all.iter().for_each(say);
    }
    let is_forever = all.iter().all(|shown| shown.rollups_keep_seconds.is_none());
    Ok(if is_forever { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say(shown: &Shown) {
    let Shown { store, bucket, keeps_seconds, oldest_tick, disk_bytes, rollups_keep_seconds } = shown;
    let keeps = if store == "sqlite" {
        "as long as retention_days of the standalone says".to_owned()
    } else {
        length(keeps_seconds.map(Duration::from_secs))
    };
    println!("{store}: ticks in {bucket}");
    println!("  kept         {keeps}");
    println!("  oldest tick  {}", oldest_tick.as_deref().unwrap_or("none"));
    match disk_bytes {
        Some(bytes) => println!("  disk         {bytes} bytes"),
        None => println!("  disk         this version does not say"),
    }
    match rollups_keep_seconds {
        None => println!("  rollups      kept for ever"),
        some => println!(
            "  rollups      kept {}: THEY MUST BE KEPT FOR EVER",
            length(some.map(Duration::from_secs))
        ),
    }
}

/// One store and its rule as it is.
struct Change {
    store: String,
    retention: Retention,
    policy: Policy,
}

async fn set(settings: &Settings, days: Option<u32>, yes: bool, now: UtcMillis) -> anyhow::Result<ExitCode> {
    if let Some(days) = days.filter(|days| *days > MAX_DAYS) {
        bail!("--days {days}: at most {MAX_DAYS}");
    }
    if settings.sqlite.measurements.is_some() {
        bail!("what a file keeps is set by retention_days of the standalone that has it");
    }
    let mut changes = Vec::new();
    let mut destroys = false;
    // All are looked at before any is changed.
    for (store, config) in settings.store()?.each() {
        let retention = Retention::new(&config)?;
        let policy = retention.of_ticks().await?;
        if shortens(&policy, days) {
            destroys = true;
            may_shorten(&store, &retention, &policy, days, now).await?;
        }
        takes(&store, &policy, days)?;
        println!(
            "{store}: ticks in {} are kept {}, then {}",
            policy.bucket,
            length(policy.keeps),
            of_days(days)
        );
        changes.push(Change { store, retention, policy });
    }
    if destroys {
        let before = now.plus_millis(-i64::from(days.unwrap_or_default()) * DAY_MILLIS);
        println!("Ticks before {before} would be gone for good, here and for whoever asks about them:");
        println!(
            "of those days quarter hours stay, which are kept for ever. Hubs that bring later what is older"
        );
        println!("are refused, and it goes to the dead letters.");
        if !yes {
            bail!("nothing was done; say --yes to destroy these ticks");
        }
    }
    let kept = changes.iter().filter_map(|change| change.policy.keeps).map(whole_days).min();
    for Change { store, retention, policy } in changes {
        let policy = retention.set(&policy, days).await?;
        println!("{store}: ticks in {} are kept {} now", policy.bucket, length(policy.keeps));
    }
    println!("{}", advice(kept, days, now));
    Ok(ExitCode::SUCCESS)
}

fn shortens(policy: &Policy, days: Option<u32>) -> bool {
    let Some(days) = days else { return false };
    policy.keeps.is_none_or(|keeps| Duration::from_hours(u64::from(days) * 24) < keeps)
}

/// An error when something would go that no rollup tells of.
async fn may_shorten(
    store: &str,
    retention: &Retention,
    policy: &Policy,
    days: Option<u32>,
    now: UtcMillis,
) -> anyhow::Result<()> {
    let keeps_millis = policy.keeps.and_then(|keeps| i64::try_from(keeps.as_millis()).ok());
    // Without an end it is since the epoch: no hub has measured before.
    let kept_since = keeps_millis.map_or(UtcMillis(0), |millis| now.plus_millis(-millis));
    let from = retention.not_rolled_up_from(kept_since).await?;
    let least = least_days(from, now);
    if i64::from(days.unwrap_or_default()) >= least {
        return Ok(());
    }
    match from {
        Some(from) => bail!(
            "{store}: what was measured from {from} on is not rolled up yet, so that at least {least} days have to be kept. \
             When the rollup-worker has caught up it is less"
        ),
        None => bail!("{store}: at least {least} days have to be kept"),
    }
}

/// An error when InfluxDB would refuse it.
fn takes(store: &str, policy: &Policy, days: Option<u32>) -> anyhow::Result<()> {
    let Some(days) = days else { return Ok(()) };
    if Duration::from_hours(u64::from(days) * 24) < policy.shard {
        bail!(
            "{store}: {days} days are less than a shard of {}, which has {} h: InfluxDB refuses that",
            policy.bucket,
            policy.shard.as_secs() / 3_600
        );
    }
    Ok(())
}

/// As `influxdb.retention_days` can say it, which is 1 at least.
fn whole_days(keeps: Duration) -> u32 {
    u32::try_from(keeps.as_secs() / 86_400).unwrap_or(u32::MAX).max(1)
}

fn of_days(days: Option<u32>) -> String {
    length(days.map(|days| Duration::from_hours(u64::from(days) * 24)))
}

fn length(keeps: Option<Duration>) -> String {
    const DAY: u64 = 86_400;
    match keeps.map(|keeps| keeps.as_secs()) {
        None => "for ever".to_owned(),
        Some(secs) if secs.is_multiple_of(DAY) => format!("for {} days", secs / DAY),
        Some(secs) => format!("for {secs} s"),
    }
}
