use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use domain::accounts::AccountsError;
use tokio_util::sync::CancellationToken;

use crate::Stores;

/// What is to be erased is erased within minutes.
const LATE_MILLIS: i64 = 3_600_000;

/// Forgets what has expired from time to time; it is of no use to anybody long before.
pub(crate) async fn purge_what_expired(
    stores: Stores,
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
        let now = clock.now();
        tell("sessions", stores.accounts.purge_sessions(now).await);
        tell("personal tokens", stores.personal_tokens.purge_tokens(now).await);
        tell("links", stores.tickets.purge_tickets(now).await);
        tell("log-ins", stores.identities.purge_flows(now).await);
        tell("memberships", stores.members.purge_members(now).await);
        tell("pairings", stores.hub_credentials.purge_pairings(now).await);
        // Whoever is to erase says so too, unless nobody runs.
        let late = stores.erasures.due_erasures(now.plus_millis(-LATE_MILLIS), None, 1).await;
        if let Some(first) = late.unwrap_or_default().first() {
            tracing::error!(id = %first.id, due = %first.due, "measurements of households that are gone wait to be erased: see the rollup-worker");
        }
    }
}

fn tell(what: &str, purged: Result<u64, AccountsError>) {
    match purged {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "forgot expired {what}"),
        Err(error) => tracing::warn!(%error, "expired {what} stay until the next time"),
    }
}
