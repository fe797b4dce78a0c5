//! Patience with a store that is busy: what goes through many hubs takes hours, and must not end with one slow answer.

use std::time::Duration;

use domain::measurement::StoreError;
use service::backoff::Backoff;

/// With the waits between them and the time that each may take, some minutes.
const TRIES: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Asks again while the store is not available, and gives up when that does not pass. What is asked must be the same
/// however often it is.
pub async fn persistently<T>(mut ask: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        match ask().await {
            Err(StoreError::Unavailable { retry_after, .. }) if backoff.tries() + 1 < TRIES => {
                tokio::time::sleep(
                    backoff.next_wait().max(retry_after.unwrap_or_default().min(LONGEST_WAIT)),
                )
                .await;
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> StoreError {
        StoreError::Unavailable { operation: "asking", reason: "busy".to_owned(), retry_after: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_comes_back_is_waited_for_and_another_fault_is_not() {
        let mut asked = 0;
        let answer = persistently(async || {
            asked += 1;
            if asked < 5 { Err(busy()) } else { Ok(asked) }
        });
        assert_eq!(answer.await.unwrap(), 5);

        let mut asked = 0;
        let answer = persistently(async || {
            asked += 1;
            Err::<(), _>(StoreError::Unauthorised { operation: "asking", reason: String::new() })
        });
        answer.await.unwrap_err();
        assert_eq!(asked, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_stays_away_is_given_up() {
        let (mut asked, began) = (0, tokio::time::Instant::now());
        let answer = persistently(async || {
            asked += 1;
            Err::<(), _>(busy())
        });
        assert!(matches!(answer.await, Err(StoreError::Unavailable { .. })));
        assert_eq!(asked, TRIES);
        assert!(began.elapsed() < Duration::from_mins(3));
    }
}
