use std::convert::Infallible;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use agent::Status;
use domain::Clock;
use tokio::time::interval;

/// What is measured up to here is the present.
const PRESENT_MILLIS: i64 = 120_000;

/// Says how far the story of the past is, until the present is reached. Then it only waits.
pub(crate) async fn show(status: &Status, clock: &dyn Clock) -> Infallible {
    let terminal = stderr().is_terminal();
    let mut beat = interval(if terminal { Duration::from_secs(1) } else { Duration::from_secs(5) });
    beat.tick().await;
    loop {
        beat.tick().await;
        let now = status.snapshot();
        let (Some(from), Some(until)) = (now.measured_from, now.measured_until) else { continue };
        if clock.now().millis_since(until) < PRESENT_MILLIS {
            return std::future::pending().await;
        }
        let hours = until.millis_since(from) / 3_600_000;
        let line = format!(
            "{until} ({} d {} h): {} readings, {} ticks, {} of {} containers confirmed, {} wait",
            hours / 24,
            hours % 24,
            now.readings,
            now.ticks,
            now.confirmed,
            now.containers,
            now.spool_depth
        );
        if terminal {
            // A terminal that has gone away is no reason to stop measuring.
            if write!(stderr(), "\r\x1b[K{line}").is_err() {
                return std::future::pending().await;
            }
        } else {
            tracing::info!("{line}");
        }
    }
}
