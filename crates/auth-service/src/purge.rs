use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use domain::accounts::{Accounts, AccountsError};
use domain::hubs::HubCredentials;
use domain::personal_tokens::PersonalTokens;
use tokio_util::sync::CancellationToken;

/// Forgets expired sessions, tokens and pairings from time to time; they are of no use to anybody long before.
pub(crate) async fn purge_what_expired(
    accounts: Arc<dyn Accounts>,
    personal_tokens: Arc<dyn PersonalTokens>,
    hub_credentials: Arc<dyn HubCredentials>,
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
        tell("sessions", accounts.purge_sessions(now).await);
        tell("personal tokens", personal_tokens.purge_tokens(now).await);
        tell("pairings", hub_credentials.purge_pairings(now).await);
    }
}

fn tell(what: &str, purged: Result<u64, AccountsError>) {
    match purged {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "forgot expired {what}"),
        Err(error) => tracing::warn!(%error, "expired {what} stay until the next time"),
    }
}
