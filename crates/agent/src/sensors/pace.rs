use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, UtcMillis};
use tokio::time::{Instant, sleep};

use crate::config::Speed;

/// A sensor says at least this often how far it is.
const HEARTBEAT_MILLIS: i64 = 1_000;

/// How far a story may be told: at a certain speed, and never beyond the present.
pub(super) struct Pace {
    clock: Arc<dyn Clock>,
    speed: Speed,
    begin: Option<(Instant, UtcMillis)>,
    reached: UtcMillis,
    /// What is told is not yet the present.
    behind: bool,
}

impl Pace {
    pub(super) fn new(clock: Arc<dyn Clock>, speed: Speed) -> Self {
        Self { clock, speed, begin: None, reached: UtcMillis(i64::MIN), behind: false }
    }

    /// Up to which instant a story that begins at `origin` may be told now. Never goes back, also when the
    /// system's clock does.
    pub(super) fn reached(&mut self, origin: UtcMillis) -> UtcMillis {
        let present = self.clock.now();
        let reached = match self.speed {
            Speed::Max => present,
            Speed::Times(factor) => {
                let (since, from) = *self.begin.get_or_insert_with(|| (Instant::now(), origin));
                let told = since.elapsed().as_secs_f64() * 1_000.0 * factor;
                #[expect(clippy::cast_possible_truncation, reason = "saturates, and min cuts it")]
                let told = (told as i64).min(i64::MAX / 4);
                from.plus_millis(told).min(present)
            }
        };
        self.behind = reached < present;
        self.reached = self.reached.max(reached);
        self.reached
    }

    /// Sleeps until `next` may be told or the next whole second is over, whichever is first.
    pub(super) async fn sleep(&self, next: UtcMillis) {
        let millis = match self.speed {
            Speed::Times(factor) if self.behind => {
                // In a story told faster than life the timer's grain is worth many readings.
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    reason = "at most a second"
                )]
                let away = (next.millis_since(self.reached) as f64 / factor).ceil() as i64;
                away.clamp(5, HEARTBEAT_MILLIS)
            }
            _ => {
                let beat = self.reached.plus_millis(1).ceil_to(HEARTBEAT_MILLIS);
                next.min(beat).millis_since(self.reached).clamp(1, HEARTBEAT_MILLIS)
            }
        };
        sleep(Duration::from_millis(millis.unsigned_abs())).await;
    }
}
