//! A thread for each port, bus or pin: opens it, reads, and opens it again when it fails.

mod clamps;
mod pins;
mod ports;

use std::thread;
use std::time::Duration;

use crate::config::Entry;
use crate::outbox::{Closed, News, Outbox};

/// Between two readings.
const PERIOD: Duration = Duration::from_secs(1);
/// Until a port that failed is opened again, give or take a quarter.
const RETRY: Duration = Duration::from_secs(5);
/// A fault is told when it has come so often in a row: one garbled answer is no trouble.
const TOLERATED: u32 = 3;

/// Why a thread does not read on.
enum Stop {
    Closed,
    /// A sentence for people.
    Trouble(String),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// Starts a thread for each port, bus and pin that an entry names.
pub(crate) fn start(entries: &[Entry], outbox: &Outbox) {
    ports::start(entries, outbox);
    pins::start(entries, outbox);
    clamps::start(entries, outbox);
}

/// Runs `work` in a thread until nobody measures any more; between its failures it rests.
fn keep_at(
    name: String,
    meters: Vec<usize>,
    outbox: &Outbox,
    mut work: impl FnMut(&Outbox) -> Result<(), Stop> + Send + 'static,
) {
    let own = outbox.clone();
    let run = move || {
        while !own.is_closed() {
            if let Err(Stop::Trouble(sentence)) = work(&own) {
                for meter in &meters {
                    if own.put_waiting(*meter, News::Trouble(sentence.clone())).is_err() {
                        return;
                    }
                }
                thread::sleep(RETRY.mul_f64(0.75 + 0.5 * rand::random::<f64>()));
            }
        }
    };
    if let Err(error) = thread::Builder::new().name(name).spawn(run) {
        tracing::error!(%error, "no thread for a meter");
    }
}

/// Whether a fault has come so often that it is told.
#[derive(Default)]
struct Patience(u32);

impl Patience {
    fn good(&mut self) {
        self.0 = 0;
    }

    fn is_over(&mut self) -> bool {
        self.0 = self.0.saturating_add(1);
        self.0 >= TOLERATED
    }
}
