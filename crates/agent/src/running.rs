//! The agent at work: it measures and publishes, shows how it is, and takes another configuration on SIGHUP.

use std::convert::Infallible;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent::overview::{self, Observer};
use agent::time::HubClock;
use agent::{Config, Control, Status, Switch};
use anyhow::Context as _;
use domain::transport::ContainerPublisher;
use domain::{Clock, HubId};
use service::tls::TlsConfig;
use service::{Context, Metrics};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::progress;
use crate::settings::{Leaving, Settings};

/// Until it is told to stop, or its sensor has told everything.
pub(crate) async fn run(context: Context<Settings>, file: Option<PathBuf>) -> anyhow::Result<()> {
    let Context {
        config: Settings { agent, rabbitmq, mqtt, tls, .. },
        clock: system,
        shutdown,
        manager,
        metrics,
    } = context;
    let leaving = Leaving {
        rabbitmq,
        mqtt,
        compress_from_bytes: agent.uplink.compress_from_bytes,
        ca: tls.trusted()?.pem(),
    };
    let config = agent.clone();
    let target = leaving.place();
    let time = config.waits_for_time().then(|| HubClock::of_machine(Arc::clone(&system))).transpose()?;
    let time = time.map(Arc::new);
    let prepared = match &time {
        Some(time) => agent::prepare_undated(agent, Arc::clone(time)).await?,
        None => agent::prepare(agent, Arc::clone(&system)).await?,
    };
    let clock: Arc<dyn Clock> = match &time {
        Some(time) => Arc::clone(time) as _,
        None => system,
    };
    let (hub, control, status) = (prepared.hub(), prepared.control(), Arc::clone(&prepared.status));
    let switch = Arc::new(Switch::new(leaving.publisher(hub, &config.spool.path)?));
    let observer =
        Observer::new(prepared.spool.clone(), Arc::clone(&status), Arc::clone(&clock), time.clone(), target);
    let observer = Arc::new(observer);
    let reload = Reload {
        file,
        hub,
        control: control.clone(),
        switch: Arc::clone(&switch),
        status: Arc::clone(&status),
    };
    let publisher: Arc<dyn ContainerPublisher> = switch;
    let measure = agent::run(prepared.with(publisher), shutdown.clone());
    tokio::select! {
        outcome = measure => Ok(outcome?),
        never = progress::show(&status, clock.as_ref()) => match never {},
        never = agent::systemd::keep_informed(&manager, &status, &shutdown) => match never {},
        never = desk(Arc::clone(&observer), &config.spool.path) => match never {},
        failed = page(observer, &config, &tls, metrics, shutdown.clone()) => failed.map(|never| match never {}),
        failed = reload.on_signal() => failed.map(|never| match never {}),
        failed = date(time, control) => failed.map(|never| match never {}),
    }
}

async fn desk(observer: Arc<Observer>, spool: &Path) -> Infallible {
    overview::serve(observer, spool).await;
    pending().await
}

async fn page(
    observer: Arc<Observer>,
    config: &Config,
    tls: &TlsConfig,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> anyhow::Result<Infallible> {
    if let Some(address) = config.page.listen {
        let listener = tls.listen(address).await.context("agent.page.listen")?;
        service::http::serve(listener, overview::routes(observer, metrics.clone()), &metrics, shutdown)
            .await?;
    }
    pending().await
}

/// Waits for the time, and keeps to it.
async fn date(time: Option<Arc<HubClock>>, control: Control) -> anyhow::Result<Infallible> {
    let Some(time) = time else { return pending().await };
    if !time.is_dated() {
        tracing::info!("the clock is not synchronised; what is measured gets its time as soon as it is");
        time.synchronised().await;
        // Where nothing is measured any more there is nothing to date either, and the agent ends by itself.
        let Ok(outcome) = control.date().await else { return pending().await };
        outcome?;
    }
    match time.follow().await {}
}

/// What a signal sets going.
struct Reload {
    file: Option<PathBuf>,
    hub: HubId,
    control: Control,
    switch: Arc<Switch>,
    status: Arc<Status>,
}

impl Reload {
    async fn on_signal(self) -> anyhow::Result<Infallible> {
        let mut hang_up = signal(SignalKind::hangup())?;
        loop {
            if hang_up.recv().await.is_none() {
                return pending().await;
            }
            if let Err(error) = self.reload().await {
                tracing::error!("the configuration stays as it was: {error:#}");
                self.status.set_error(format!("the configuration stays as it was: {error:#}"));
            }
        }
    }

    async fn reload(&self) -> anyhow::Result<()> {
        let settings = service::config::load::<Settings>(self.file.as_deref(), std::env::vars())?;
        let Settings { agent, rabbitmq, mqtt, tls, .. } = settings;
        let leaving = Leaving {
            rabbitmq,
            mqtt,
            compress_from_bytes: agent.uplink.compress_from_bytes,
            ca: tls.trusted()?.pem(),
        };
        let publisher = leaving.publisher(self.hub, &agent.spool.path)?;
        // Where it has ended there is nothing to change either.
        let Ok(outcome) = self.control.configure(agent).await else { return Ok(()) };
        let later = outcome?;
        self.switch.set(publisher);
        for key in later {
            tracing::warn!("agent.{key}: a change takes a new start of the agent");
        }
        tracing::info!("the configuration was read again");
        Ok(())
    }
}
