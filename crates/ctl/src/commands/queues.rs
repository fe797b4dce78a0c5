//! `queues`: how much waits, and for whom.

use std::process::ExitCode;

use serde::Serialize;

use crate::settings::Settings;

#[derive(Serialize)]
struct Shown {
    queue: String,
    ready: u32,
    consumers: u32,
}

/// Dead letters have no consumer: an operator takes them.
const DEAD: &str = "telemetry.dead";

pub(crate) async fn run(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let depths = rabbitmq::depths(&settings.broker()?).await?;
    let shown: Vec<Shown> = depths
        .into_iter()
        .map(|depth| Shown { queue: depth.queue, ready: depth.ready, consumers: depth.consumers })
        .collect();
    let is_stuck = |queue: &Shown| queue.queue != DEAD && queue.ready > 0 && queue.consumers == 0;
    if json {
        println!("{}", serde_json::to_string_pretty(&shown)?);
    } else {
        println!("{:<16} {:>10} {:>10}", "queue", "ready", "consumers");
        for queue in &shown {
            let note = match queue {
                queue if is_stuck(queue) => "  nobody takes these",
                queue if queue.queue == DEAD && queue.ready > 0 => "  write-service dead-letters list",
                _ => "",
            };
            println!("{:<16} {:>10} {:>10}{note}", queue.queue, queue.ready, queue.consumers);
        }
    }
    Ok(if shown.iter().any(is_stuck) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
