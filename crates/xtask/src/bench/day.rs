//! Asking for the recorded day, over and over.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use testkit::client::{Client, Usage};
use testkit::reference::{FROM, TO};

use super::report::Report;

const QUESTIONS: usize = 200;

pub(crate) async fn log_in(url: &str, email: &str, password: &str) -> anyhow::Result<Client> {
    Client::log_in(url, email, password)
        .await
        .map_err(|(status, problem)| anyhow!("cannot log in: {status} {problem}"))
}

pub(crate) async fn ask(client: &Client, bucket: &str) -> anyhow::Result<Usage> {
    client.usage(FROM, TO, bucket).await.map_err(anyhow::Error::msg)
}

/// How long the answer in quarter hours takes, through the page's own API.
pub(crate) async fn measure(client: &Client, report: &mut Report) -> anyhow::Result<()> {
    ask(client, "15m").await?;
    let mut times = Vec::with_capacity(QUESTIONS);
    for _ in 0..QUESTIONS {
        let began = Instant::now();
        ask(client, "15m").await?;
        times.push(began.elapsed());
    }
    times.sort();
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    report.add("usage of the day, p50", "usage_day_p50_ms", millis(times[QUESTIONS / 2]), "ms", None);
    let p99 = millis(times[QUESTIONS * 99 / 100]);
    report.add("usage of the day, p99", "usage_day_p99_ms", p99, "ms", Some("under 50 ms"));
    Ok(())
}

/// Measurements of 10 s that are stored of the day.
pub(crate) async fn stored_values(client: &Client) -> anyhow::Result<usize> {
    let ticks = ask(client, "tick").await?;
    Ok(ticks.sockets.iter().map(|socket| socket.energy_j.iter().flatten().count()).sum())
}
