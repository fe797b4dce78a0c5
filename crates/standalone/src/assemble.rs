//! Putting it together and taking it apart again.

use std::sync::Arc;

use agent::config::Speed;
use anyhow::Context as _;
use domain::Clock;
use read_service::{KeySource, TokenVerifier};
use service::Context;
use service::operations::Listeners;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use web_app::UpstreamConfig;
use write_service::{DoorConfig, Pipeline};

use crate::announce::Announcement;
use crate::arguments::Arguments;
use crate::settings::Settings;
use crate::{demo, history, home, rollups};

/// Containers between the agent and the store at most.
const IN_FLIGHT: usize = 256;

type Parts = JoinSet<anyhow::Result<()>>;

/// Runs until it is told to stop, or until a part fails.
pub(crate) async fn run(context: Context<Settings>, arguments: &Arguments) -> anyhow::Result<()> {
    let Context { mut config, clock, shutdown, metrics, .. } = context;
    let data = config.data_dir.clone();
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make the folder {}", data.display()))?;
    config.place_spool();
    // First, so that a port that is taken is told before anything is touched.
    let doors = doors(&config).await?;
    let page = doors.api.local_addr()?;
    let page_url = format!("{}://{page}", if config.tls.serves_tls() { "https" } else { "http" });
    let trusted = config.tls.trusted()?;
    let people = config.people(page.ip().is_loopback() && arguments.is_demo(), &page_url, trusted.pem());
    if let Some(smtp) = &mut config.alerts.smtp {
        smtp.ca = trusted.pem();
    }
    config.alerts.trusted = trusted;

    let accounts = Arc::new(sqlite::Accounts::open(data.join("accounts.db")).await?);
    let measurements = Arc::new(sqlite::Measurements::open(data.join("measurements.db")).await?);
    let (publisher, source, live) = inprocess::transport(IN_FLIGHT, &data, clock.clone());
    let labels = agent::sensors::labels(&config.agent)?;
    let has_history = !matches!(speed(&config.agent), Some(Speed::Times(_)));
    let tick_millis = config.agent.tick_length().millis_i64();
    let hub = agent::prepare(config.agent, clock.clone()).await?;
    let status = hub.status.clone();

    let password = home::password(&config.home, &data)?;
    let description = home::describe(&config.home, &password, hub.hub(), labels)?;
    let provisioned = auth_service::provision_missing(&*accounts, &*clock, &description).await?;
    if arguments.is_demo() {
        demo::furnish(&*accounts, provisioned.household, &config.home.zone.parse()?, clock.now()).await?;
    }

    let mut parts = Parts::new();
    let deps = auth_service::Deps {
        metrics: metrics.clone(),
        stores: Arc::clone(&accounts).into(),
        clock: clock.clone(),
        signing_keys: auth_service::SigningKeys::open(&data.join("signing-key.pem"), clock.now())?,
        sealing_key: auth_service::SealingKey::open(&data.join("second-factor.key"))?,
        sessions: auth_service::SessionsConfig::default(),
        people,
    };
    let auth_url = serve(&mut parts, &shutdown, |listener, stop| async move {
        Ok(auth_service::run(deps, listener, stop).await?)
    })
    .await?;
    let keys = KeySource::new(format!("{auth_url}/.well-known/jwks.json"))?;
    let deps = read_service::Deps {
        metrics: metrics.clone(),
        query: measurements.clone(),
        rollups: measurements.clone(),
        registry: accounts.clone(),
        live: Arc::new(live),
        clock: clock.clone(),
        tokens: Arc::new(TokenVerifier::new(keys, clock.clone())),
    };
    let read_url = serve(&mut parts, &shutdown, |listener, stop| async move {
        Ok(read_service::run(deps, listener, stop).await?)
    })
    .await?;
    let announcement =
        Announcement { url: page_url, email: config.home.email, password, household: provisioned.household };
    let upstream = UpstreamConfig {
        auth_url,
        read_url,
        secure_cookies: config.secure_cookies || config.tls.serves_tls(),
        forwarded_hops: config.forwarded_hops,
        ..UpstreamConfig::default()
    };
    let deps = web_app::Deps { upstream, clock: clock.clone(), metrics: metrics.clone() };
    let stop = shutdown.clone();
    parts.spawn(async move { Ok(web_app::run(deps, doors, stop).await?) });

    let rolling_up =
        rollups::worker(&measurements, &accounts, config.retention_days, clock.clone(), metrics.clone());
    let watching = alert_worker::Deps {
        metrics: metrics.clone(),
        query: measurements.clone(),
        rollups: measurements.clone(),
        alerts: accounts,
        clock: clock.clone(),
        config: config.alerts,
    };
    start_workers(&mut parts, rolling_up, watching, &shutdown);

    // The write path outlives the agent: what the agent still publishes when it is told to stop is stored.
    let measured = CancellationToken::new();
    let write = write_service::Deps {
        metrics,
        source: Arc::new(source),
        store: measurements.clone(),
        stale: measurements.clone(),
        batch: config.batch,
        door: DoorConfig { retention_days: config.retention_days, ..config.door },
        clock: clock.clone(),
        stored: None,
    };
    parts.spawn(storing(write, measured.clone()));
    let (stop, ended) = (shutdown.clone(), measured.clone().drop_guard());
    parts.spawn(measuring(async move { Ok(agent::run(hub.with(Arc::new(publisher)), stop).await?) }, ended));

    let caught_up = async {
        history::caught_up(status, clock, tick_millis, measured).await;
        rollups::caught_up(&*measurements).await;
    };
    let ready = announce(announcement, arguments.json(), has_history, caught_up);
    finish(parts, ready, &shutdown).await
}

/// Of the page, and of operators if they are to have one.
async fn doors(config: &Settings) -> anyhow::Result<Listeners> {
    let api = config.tls.listen(config.listen).await;
    let api = api.with_context(|| format!("cannot serve the page on {}", config.listen))?;
    let operations = match config.operations {
        Some(operations) => Some(config.tls.listen(operations.listen).await.context("operations.listen")?),
        None => None,
    };
    Ok(Listeners { api, operations })
}

/// The write-service.
async fn storing(deps: write_service::Deps, until: CancellationToken) -> anyhow::Result<()> {
    Pipeline::new(deps).run(until).await;
    Ok(())
}

/// Has a service run that only others in this process ask; gives its address.
async fn serve<F: Future<Output = anyhow::Result<()>> + Send + 'static>(
    parts: &mut Parts,
    shutdown: &CancellationToken,
    run: impl FnOnce(TcpListener, CancellationToken) -> F,
) -> anyhow::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    parts.spawn(run(listener, shutdown.clone()));
    Ok(url)
}

/// Those that look at what was measured by themselves.
fn start_workers(
    parts: &mut Parts,
    rolling_up: rollup_worker::Worker,
    watching: alert_worker::Deps,
    shutdown: &CancellationToken,
) {
    let stop = shutdown.clone();
    parts.spawn(async move {
        rolling_up.run(stop).await;
        Ok(())
    });
    let stop = shutdown.clone();
    parts.spawn(async move { Ok(alert_worker::watch(watching, stop).await?) });
}

/// However the agent ends, by a panic too, those who wait for it are told.
async fn measuring(agent: impl Future<Output = anyhow::Result<()>>, ended: DropGuard) -> anyhow::Result<()> {
    let outcome = agent.await;
    drop(ended);
    outcome
}

/// How fast the past is played; `None` without a sensor that has one.
fn speed(agent: &agent::Config) -> Option<Speed> {
    let replay = agent.sensor.replay.as_ref().map(|replay| replay.speed);
    replay.or_else(|| agent.sensor.simulated.as_ref().map(|simulated| simulated.speed))
}

/// People can open the page while the past comes in; programs want it to be there.
async fn announce(
    announcement: Announcement,
    json: bool,
    has_history: bool,
    caught_up: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    if !json {
        announcement.as_text()?;
    }
    if has_history {
        caught_up.await;
    }
    if json {
        announcement.as_json()?;
    }
    Ok(())
}

/// Waits for the parts. The first that fails stops all others.
async fn finish(
    mut parts: Parts,
    ready: impl Future<Output = anyhow::Result<()>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let announced = async {
        tokio::select! {
            outcome = ready => outcome,
            () = shutdown.cancelled() => Ok(()),
        }
    };
    let all = async {
        let mut failure = None;
        while let Some(outcome) = parts.join_next().await {
            if let Err(error) = outcome.map_err(anyhow::Error::from).flatten() {
                shutdown.cancel();
                failure = failure.or(Some(error));
            }
        }
        failure.map_or(Ok(()), Err)
    };
    let (announced, all) = tokio::join!(announced, all);
    all.and(announced)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_panic_of_the_agent_ends_everything() {
        let (shutdown, measured) = (CancellationToken::new(), CancellationToken::new());
        let mut parts = Parts::new();
        let until = measured.clone();
        parts.spawn(async move {
            until.cancelled().await;
            Ok(())
        });
        parts.spawn(measuring(async { panic!("the agent of this test panics") }, measured.drop_guard()));
        let all = finish(parts, std::future::pending(), &shutdown);
        let outcome = tokio::time::timeout(Duration::from_secs(10), all).await.unwrap();
        assert!(outcome.is_err() && shutdown.is_cancelled());
    }
}
