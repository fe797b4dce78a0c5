//! What a provider says about itself, kept for a while.

use std::sync::Arc;

use domain::UtcMillis;
use tokio::sync::Mutex;

use super::ProviderError;

const HOUR_MILLIS: i64 = 3_600_000;
/// It is asked for anew when it is older.
const FRESH_MILLIS: i64 = HOUR_MILLIS;
/// It is still good for so long where the provider does not answer.
const USABLE_MILLIS: i64 = 24 * HOUR_MILLIS;
/// After a failure nobody is kept waiting for another one so soon.
const RETRY_MILLIS: i64 = 5_000;
/// Anybody can send a token of an unknown key. The provider is asked no more often than this because of it.
const REFRESH_MILLIS: i64 = 30_000;

struct State<T> {
    value: Option<(Arc<T>, UtcMillis)>,
    tried: Option<UtcMillis>,
}

/// One asks at a time, and the others wait for the same answer.
pub(super) struct Cache<T> {
    what: &'static str,
    state: Mutex<State<T>>,
}

impl<T> Cache<T> {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, state: Mutex::new(State { value: None, tried: None }) }
    }

    pub(super) async fn get(
        &self,
        now: UtcMillis,
        fetch: impl AsyncFnOnce() -> Result<T, ProviderError>,
    ) -> Result<Arc<T>, ProviderError> {
        let mut state = self.state.lock().await;
        match &state.value {
            Some((value, since)) if now < since.plus_millis(FRESH_MILLIS) => return Ok(Arc::clone(value)),
            _ => {}
        }
        if state.tried.is_some_and(|tried| now < tried.plus_millis(RETRY_MILLIS)) {
            let reason = "it did not answer a moment ago".to_owned();
            return state.usable(now).ok_or(ProviderError::Away { what: self.what, reason });
        }
        self.ask(&mut state, now, fetch).await
    }

    /// As it is now, unless that was asked a moment ago.
    pub(super) async fn refreshed(
        &self,
        now: UtcMillis,
        fetch: impl AsyncFnOnce() -> Result<T, ProviderError>,
    ) -> Result<Arc<T>, ProviderError> {
        let mut state = self.state.lock().await;
        if state.tried.is_some_and(|tried| now < tried.plus_millis(REFRESH_MILLIS))
            && let Some(value) = state.usable(now)
        {
            return Ok(value);
        }
        self.ask(&mut state, now, fetch).await
    }

    async fn ask(
        &self,
        state: &mut State<T>,
        now: UtcMillis,
        fetch: impl AsyncFnOnce() -> Result<T, ProviderError>,
    ) -> Result<Arc<T>, ProviderError> {
        state.tried = Some(now);
        match fetch().await {
            Ok(value) => {
                let value = Arc::new(value);
                state.value = Some((Arc::clone(&value), now));
                Ok(value)
            }
            Err(error) => match state.usable(now) {
                Some(value) => {
                    tracing::warn!(%error, "{} of before is used", self.what);
                    Ok(value)
                }
                None => Err(error),
            },
        }
    }
}

impl<T> State<T> {
    fn usable(&self, now: UtcMillis) -> Option<Arc<T>> {
        let (value, since) = self.value.as_ref()?;
        (now < since.plus_millis(USABLE_MILLIS)).then(|| Arc::clone(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis(1_800_000_000_000);

    async fn fails() -> Result<u8, ProviderError> {
        Err(ProviderError::Away { what: "it", reason: "down".to_owned() })
    }

    fn at(millis: i64) -> UtcMillis {
        NOW.plus_millis(millis)
    }

    #[tokio::test]
    async fn it_is_asked_for_once_an_hour() {
        let cache = Cache::new("it");
        assert_eq!(*cache.get(NOW, async || Ok(1)).await.unwrap(), 1);
        assert_eq!(*cache.get(at(HOUR_MILLIS - 1), async || Ok(2)).await.unwrap(), 1);
        assert_eq!(*cache.get(at(HOUR_MILLIS), async || Ok(3)).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn after_a_failure_nobody_waits_for_the_next_one_so_soon() {
        let cache = Cache::new("it");
        assert!(cache.get(NOW, fails).await.is_err());
        assert!(cache.get(at(RETRY_MILLIS - 1), async || panic!("asked too soon")).await.is_err());
        assert_eq!(*cache.get(at(RETRY_MILLIS), async || Ok(1)).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_was_known_is_good_for_a_day_without_an_answer() {
        let cache = Cache::new("it");
        assert_eq!(*cache.get(NOW, async || Ok(1)).await.unwrap(), 1);
        assert_eq!(*cache.get(at(USABLE_MILLIS - 1), fails).await.unwrap(), 1);
        assert!(cache.get(at(USABLE_MILLIS + RETRY_MILLIS), fails).await.is_err());
    }

    #[tokio::test]
    async fn nobody_makes_us_ask_all_the_time() {
        let cache = Cache::new("it");
        assert_eq!(*cache.get(NOW, async || Ok(1)).await.unwrap(), 1);
        assert_eq!(*cache.refreshed(at(REFRESH_MILLIS - 1), async || Ok(2)).await.unwrap(), 1);
        assert_eq!(*cache.refreshed(at(REFRESH_MILLIS), async || Ok(3)).await.unwrap(), 3);
        assert_eq!(*cache.refreshed(at(2 * REFRESH_MILLIS), fails).await.unwrap(), 3);
    }
}
