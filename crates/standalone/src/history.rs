//! Watching the past come in.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use agent::Status;
use domain::{Clock, UtcMillis};
use tokio_util::sync::CancellationToken;

const LOOK: Duration = Duration::from_millis(100);
const WIDTH: usize = 30;
const HOUR_MILLIS: i64 = 3_600_000;

/// Returns when everything up to now is stored, or when the sensor has ended and all is published. Shows a bar
/// when a person watches.
pub(crate) async fn caught_up(
    status: Arc<Status>,
    clock: Arc<dyn Clock>,
    tick_millis: i64,
    ended: CancellationToken,
) {
    let is_watched = std::io::stderr().is_terminal();
    let mut first = None;
    let mut shown = false;
    loop {
        let now = status.snapshot();
        let behind = now.measured_until.map(|until| clock.now().millis_since(until));
        if ended.is_cancelled() || (behind.is_some_and(|ms| ms <= 3 * tick_millis) && now.spool_depth <= 1) {
            break;
        }
        if let Some(until) = now.measured_until {
            let from = *first.get_or_insert(until);
            if is_watched && clock.now().millis_since(from) > HOUR_MILLIS {
                shown = true;
                draw(from, until, clock.now(), now.values);
            }
        }
        tokio::select! {
            () = ended.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    if shown {
        let values = status.snapshot().values;
        eprintln!("\r\x1b[K  History is there: {values} values. From now on, live.");
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bar of 30 characters"
)]
fn draw(from: UtcMillis, until: UtcMillis, now: UtcMillis, values: u64) {
    let part = (until.millis_since(from) as f64 / now.millis_since(from).max(1) as f64).clamp(0.0, 1.0);
    let filled = (part * WIDTH as f64) as usize;
    let bar: String = (0..WIDTH).map(|n| if n < filled { '█' } else { '░' }).collect();
    let hours = now.millis_since(until) / HOUR_MILLIS;
    eprint!("\r\x1b[K  History {bar} {:3.0} %  {values} values, {hours} h to go", part * 100.0);
    if std::io::stderr().flush().is_err() {
        // Nobody watches any more.
    }
}
