//! Transport in, and nothing behind it: what the broker and the production source can do together.

use std::fmt;
use std::time::Duration;

use domain::transport::{ContainerSource, Receipt, SourceError};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::process::cpu_micros;
use crate::summary::table;

const AT_ONCE: usize = 1_000;
/// Without an end of its own.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

#[derive(Clone, Copy, Debug, Serialize)]
pub struct DrainSummary {
    pub containers: u64,
    /// From the first delivery to the last acknowledgement.
    pub seconds: f64,
    pub containers_per_s: f64,
    pub cpu_us_per_container: f64,
}

/// Takes and acknowledges until so many have come, the time is over, or `stop`.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub async fn drain(
    source: &dyn ContainerSource,
    containers: Option<u64>,
    seconds: Option<Duration>,
    stop: CancellationToken,
) -> Result<DrainSummary, SourceError> {
    let wanted = containers.unwrap_or(u64::MAX);
    let end = Instant::now() + seconds.unwrap_or(FOR_EVER);
    let (mut first, mut last, mut cpu) = (None, Instant::now(), 0.0);
    let mut taken = 0;
    while taken < wanted {
        let received = stop.run_until_cancelled(timeout_at(end, source.receive(AT_ONCE))).await;
        let Some(Ok(deliveries)) = received else { break };
        let deliveries = deliveries?;
        if first.is_none() {
            first = Some(Instant::now());
            cpu = cpu_micros();
        }
        let receipts: Vec<Receipt> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        match source.accept(&receipts).await {
            Ok(()) => taken += receipts.len() as u64,
            // They come again.
            Err(SourceError::Unavailable { .. }) => {}
            Err(closed @ SourceError::Closed) => return Err(closed),
        }
        last = Instant::now();
    }
    let seconds = first.map_or(0.0, |first| (last - first).as_secs_f64());
    let per_container = |amount: f64| if taken == 0 { 0.0 } else { amount / taken as f64 };
    Ok(DrainSummary {
        containers: taken,
        seconds,
        containers_per_s: if seconds > 0.0 { taken as f64 / seconds } else { 0.0 },
        cpu_us_per_container: per_container(cpu_micros() - cpu),
    })
}

impl fmt::Display for DrainSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("containers", self.containers.to_string()),
            ("time", format!("{:.1} s", self.seconds)),
            ("rate", format!("{:.0} containers/s", self.containers_per_s)),
            ("processor", format!("{:.2} µs a container", self.cpu_us_per_container)),
        ];
        table(f, &rows)
    }
}
