use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use domain::accounts::Accounts;
use tokio_util::sync::CancellationToken;

/// Forgets expired sessions from time to time; they are of no use to anybody long before.
pub(crate) async fn purge_expired_sessions(
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    interval: Duration,
    shutdown: CancellationToken,
) {
    loop {
        // Replicas that started together must not purge together.
        let wait = interval.mul_f64(0.5 + rand::random::<f64>());
        if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
        match accounts.purge_sessions(clock.now()).await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "forgot expired sessions"),
            Err(error) => tracing::warn!(%error, "expired sessions stay until the next time"),
        }
    }
}
