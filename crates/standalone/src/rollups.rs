//! The rollup-worker of this process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::measurement::StoreError;
use domain::rollup::Rollups;
use domain::{Clock, UtcMillis};
use rollup_worker::{Deps, Erasing, Forgetting, RollupConfig, Worker};
use service::Metrics;
use sqlite::{Accounts, Measurements};

const LOOK: Duration = Duration::from_millis(100);

/// One hub and its own file: looking often costs nothing, and there is no reason to leave anything out.
const EVERY_SECS: u64 = 1;
const LOOKBACK_DAYS: u32 = 36_500;

pub(crate) fn worker(
    measurements: &Arc<Measurements>,
    accounts: &Arc<Accounts>,
    retention_days: Option<u32>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
) -> Worker {
    Worker::new(Deps {
        query: measurements.clone(),
        rollups: measurements.clone(),
        clock,
        metrics,
        rollup: RollupConfig {
            every_secs: EVERY_SECS,
            start_lookback_days: LOOKBACK_DAYS,
            retention_days,
            ..RollupConfig::default()
        },
        forgetting: Some(Arc::new(Ticks(measurements.clone()))),
        erasing: Some(Erasing { list: accounts.clone(), store: measurements.clone() }),
    })
}

struct Ticks(Arc<Measurements>);

#[async_trait]
impl Forgetting for Ticks {
    async fn forget_ticks(&self, before: UtcMillis) -> Result<(), StoreError> {
        let ticks = self.0.forget_ticks(before).await?;
        if ticks > 0 {
            tracing::info!(ticks, %before, "ticks that are old enough are forgotten");
        }
        Ok(())
    }
}

/// Returns when no day waits for being rolled up again.
pub(crate) async fn caught_up(rollups: &dyn Rollups) {
    while !rollups.marks(1).await.is_ok_and(|marks| marks.is_empty()) {
        tokio::time::sleep(LOOK).await;
    }
}
