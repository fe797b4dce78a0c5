//! RabbitMQ, InfluxDB, PostgreSQL and the five services.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use testkit::reference;
use testkit::system::{EMAIL, System, SystemSetup};

use super::day;
use super::report::Report;

const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) async fn measure(binaries: &Path) -> anyhow::Result<Report> {
    let folder = tempfile::tempdir()?;
    let traces = testkit::traces::unpack_recorded_day(&folder.path().join("traces"))?;
    let mut files: Vec<_> =
        std::fs::read_dir(&traces)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let expected: i64 = reference::recorded_day(&files).iter().flat_map(|quarters| quarters.values()).sum();

    let setup = SystemSetup {
        binaries: binaries.to_owned(),
        folder: None,
        port: None,
        agent: format!("[agent.sensor.replay]\nfolder = {:?}\n", traces.display().to_string()),
        sockets: Vec::new(),
    };
    let system = tokio::task::spawn_blocking(move || System::start(&setup)).await??;
    let began = Instant::now();
    let client = day::log_in(&system.url, EMAIL, &system.password).await?;
    while day::ask(&client, "1d").await.context("the read-service does not answer")?.total.total_j != expected
    {
        if began.elapsed() > PATIENCE {
            bail!("the day is not stored after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
    let seconds = began.elapsed().as_secs_f64();

    let mut report = Report::default();
    report.add("values of 10 s", "values", day::stored_values(&client).await?, "", None);
    report.add("from the agent's start to all stored, at most", "intake_s", seconds, "s", None);
    day::measure(&client, &mut report).await?;
    // Blocking: the servers are waited for.
    tokio::task::spawn_blocking(move || drop(system)).await?;
    Ok(report)
}
