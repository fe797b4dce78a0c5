//! A store that something must be made for before it takes writes.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use domain::Ticks;
use domain::measurement::{MeasurementStore, StoreError};

type Preparing = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Prepares the store before the first write, and again after it was not available: what is missing may have been
/// taken away meanwhile.
pub struct Prepared<S> {
    store: S,
    prepare: Box<dyn Fn() -> Preparing + Send + Sync>,
    done: AtomicBool,
}

impl<S> Prepared<S> {
    /// `prepare` may be called again and again, and by several services at once.
    pub fn new<F>(store: S, prepare: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        Self { store, prepare: Box::new(move || Box::pin(prepare())), done: AtomicBool::new(false) }
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        if !self.done.load(Ordering::Acquire) {
            (self.prepare)().await?;
            self.done.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn judge(&self, outcome: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Err(StoreError::Unavailable { .. }) = outcome {
            self.done.store(false, Ordering::Release);
        }
        outcome
    }
}

#[async_trait]
impl<S: MeasurementStore> MeasurementStore for Prepared<S> {
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        self.prepare().await?;
        self.judge(self.store.write(ticks).await)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.prepare().await?;
        self.judge(self.store.ready().await)
    }
}
