//! `/health/live`: the process runs. `/health/started`: it could do its work once. `/health/ready`: it can do it now.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;

type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Longer than this and the answer is no.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a service is. Clones know the same.
#[derive(Clone)]
pub struct Health {
    ready: Arc<dyn Fn() -> Answer + Send + Sync>,
    has_started: Arc<AtomicBool>,
    shutdown: CancellationToken,
}

impl Health {
    /// `ready` says in one sentence why not. From `shutdown` on nobody is to send anything new.
    pub fn new<F, R>(shutdown: CancellationToken, ready: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        let ready = Arc::new(move || -> Answer { Box::pin(ready()) });
        Self { ready, has_started: Arc::default(), shutdown }
    }

    /// The addresses of this module.
    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let started = self.clone();
        Router::new()
            .route("/health/live", get(|| async { "alive\n" }))
            .route("/health/started", get(async move || judge(started.started().await, "started\n")))
            .route("/health/ready", get(async move || judge(self.ready().await, "ready\n")))
    }

    async fn ready(&self) -> Result<(), String> {
        if self.shutdown.is_cancelled() {
            return Err("It is stopping.".to_owned());
        }
        tokio::time::timeout(PATIENCE, (self.ready)())
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))?;
        self.has_started.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// A service that has started once may lose what it needs again: that is no reason to start it anew.
    async fn started(&self) -> Result<(), String> {
        if self.has_started.load(Ordering::Relaxed) { Ok(()) } else { self.ready().await }
    }
}

fn judge(answer: Result<(), String>, yes: &'static str) -> Response {
    match answer {
        Ok(()) => yes.into_response(),
        Err(reason) => Problem::new(StatusCode::SERVICE_UNAVAILABLE).detail(reason).into_response(),
    }
}
