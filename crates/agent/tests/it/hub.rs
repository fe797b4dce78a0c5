use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use testkit::servers::RabbitMq;
use testkit::{emulated, wait};
use tokio::process::Command;

use crate::restart::undisturbed;
use crate::support::{receive, write_trace};

/// An emulated processor is some ten times as slow, on a machine that may be busy.
const LIMIT: Duration = Duration::from_mins(5);

/// An hour of twelve outlets that are read every second or two, each with a gap of its own longer than the hold.
fn an_hour(folder: &Path) {
    for outlet in 0..12u32 {
        let mut rows = Vec::new();
        let (mut second, mut n) = (outlet, 0u32);
        while second < 3_600 {
            let watts = (n * 131 + outlet * 17) % 2_111;
            rows.push(format!("16/01/2012 18:{:02}:{:02};{watts};0", second / 60, second % 60));
            second += if n == 500 + 100 * outlet { 95 } else { 1 + (n + outlet) % 2 };
            n += 1;
        }
        write_trace(folder, &format!("Lamp_{outlet}.csv"), &rows);
    }
}

#[tokio::test]
async fn the_packaged_agent_replays_an_hour_on_another_processor_to_the_joule() {
    let Some(words) = emulated::agent() else {
        eprintln!("skipped: no package was built for it; cargo xtask test does that where it can");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let traces = folder.path().join("traces");
    an_hour(&traces);
    let expected = undisturbed(&traces).await;
    assert!(expected.len() >= 360, "{}", expected.len());

    let broker = RabbitMq::start().unwrap();
    let config = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
    rabbitmq::declare_topology(&config).await.unwrap();
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .env_clear()
        .env("WATTLINE__AGENT__SPOOL__PATH", folder.path().join("spool.db"))
        .env("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", &traces)
        .env("WATTLINE__RABBITMQ__URL", broker.url())
        .env("WATTLINE__RABBITMQ__QUEUES", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let status = wait::within(LIMIT, "the hour is told and published", command.status()).await.unwrap();
    assert!(status.success(), "{status}");

    let arrived = wait::within(LIMIT, "every tick arrives", receive(config, expected.len())).await;
    let ticks = arrived.ticks();
    assert_eq!(ticks, expected);
    let total = |ticks: &[domain::TickEnergy]| -> i64 {
        ticks.iter().flat_map(|tick| tick.energy.iter()).map(|(_, joules)| joules.0).sum()
    };
    assert_eq!(total(&ticks), total(&expected));
    assert!(total(&ticks) > 1_000_000, "{}", total(&ticks));
}
