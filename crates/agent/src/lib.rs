//! The agent of a hub: sensors → ticks → spool → publish. One runs in every home.
//!
//! It must not know what carries its containers: whoever runs it passes the publisher in. Nor does it know what
//! becomes of them.
//!
//! What a sensor tells becomes ticks ([`domain::ticker`]), a few ticks become a container, and a container is
//! deleted from the spool on disk only when the transport has confirmed it. The spool keeps, in the same
//! transaction as each container, where the measurement stands: a kill at any instant loses nothing and books
//! nothing twice.

mod board;
mod changes;
mod compressing;
pub mod config;
mod meter;
pub mod overview;
pub mod pairing;
mod presence;
mod pulse;
mod quiet;
mod seen;
pub mod sensors;
pub mod spool;
pub mod status;
mod switch;
pub mod systemd;
pub mod time;
mod uplink;

use std::sync::Arc;
use std::time::Duration;

use domain::sensor::Sensor;
use domain::transport::ContainerPublisher;
use domain::{Clock, HubId};
use tokio_util::sync::CancellationToken;

pub use changes::{Control, Ended};
pub use compressing::Compressing;
pub use config::Config;
pub use sensors::SensorError;
pub use spool::{Spool, SpoolError};
pub use status::Status;
pub use switch::Switch;

use changes::Changes;
use meter::Meter;
use overview::ReportError;
use presence::Herald;
use sensors::Start;
use spool::Identity;
use time::HubClock;
use uplink::Uplink;

/// So long a stopping agent goes on to publish what it has.
const DRAIN: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Sensor(#[from] SensorError),
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// What an agent lives with.
pub struct Deps {
    pub config: Config,
    pub spool: Spool,
    pub sensor: Box<dyn Sensor>,
    pub publisher: Arc<dyn ContainerPublisher>,
    pub status: Arc<Status>,
    /// How it can be changed meanwhile; `None` if not at all.
    pub changing: Option<Changing>,
}

/// What a change needs.
pub struct Changing {
    changes: Changes,
    clock: Arc<dyn Clock>,
    /// The clock again, where it may not know the time yet.
    time: Option<Arc<HubClock>>,
}

/// An agent that only lacks its publisher.
pub struct Prepared {
    pub config: Config,
    pub spool: Spool,
    pub sensor: Box<dyn Sensor>,
    pub status: Arc<Status>,
    control: Control,
    changing: Changing,
}

impl Prepared {
    pub fn hub(&self) -> HubId {
        self.spool.hub()
    }

    #[must_use]
    pub fn with(self, publisher: Arc<dyn ContainerPublisher>) -> Deps {
        let Self { config, spool, sensor, status, changing, control: _ } = self;
        Deps { config, spool, sensor, publisher, status, changing: Some(changing) }
    }

    /// For changing it while it runs.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

/// Who this hub is, also while another agent has its spool; a hub that is nobody yet is somebody from now on.
pub async fn identity(config: &Config, clock: &dyn Clock) -> Result<HubId, AgentError> {
    let fresh = HubId::from_uuid(uuid::Uuid::new_v4());
    let identity = Identity { configured: config.hub, fresh, now: clock.now() };
    match Spool::open(&config.spool, identity).await {
        Ok(spool) => {
            let hub = spool.hub();
            spool.close().await;
            Ok(hub)
        }
        Err(SpoolError::InUse { path }) => Ok(overview::ask(&path).await.map_err(ReportError::from)?.hub),
        Err(error) => Err(error.into()),
    }
}

/// Opens the spool and the configured sensor, which goes on where the spool says.
pub async fn prepare(config: Config, clock: Arc<dyn Clock>) -> Result<Prepared, AgentError> {
    prepare_at(config, clock, None).await
}

/// [`prepare`], where the time may not be known yet.
pub async fn prepare_undated(config: Config, time: Arc<HubClock>) -> Result<Prepared, AgentError> {
    prepare_at(config, Arc::clone(&time) as _, Some(time)).await
}

async fn prepare_at(
    config: Config,
    clock: Arc<dyn Clock>,
    time: Option<Arc<HubClock>>,
) -> Result<Prepared, AgentError> {
    let fresh = HubId::from_uuid(uuid::Uuid::new_v4());
    let identity = Identity { configured: config.hub, fresh, now: clock.now() };
    let spool = Spool::open(&config.spool, identity).await?;
    time::begin(time.as_deref(), &spool, config.tick_length()).await?;
    let status = Arc::new(Status::default());
    status.set_spool_depth(spool.depth());
    let start = Start::after(spool.checkpoint().as_ref(), spool.born(clock.now()), config.hold());
    let sensor = sensors::open(&config, start, Arc::clone(&clock), Arc::clone(&status)).await?;
    let (control, changes) = changes::channel();
    let changing = Changing { changes, clock, time };
    Ok(Prepared { config, spool, sensor, status, control, changing })
}

/// Measures and publishes until the sensor ends and all is published, or until it is told to stop.
pub async fn run(deps: Deps, shutdown: CancellationToken) -> Result<(), AgentError> {
    let Deps { config, spool, sensor, publisher, status, changing } = deps;
    tracing::info!(hub = %spool.hub(), waiting = spool.depth(), board = board::model(), "the hub measures");

    let measured = CancellationToken::new();
    let time = changing.as_ref().and_then(|changing| changing.time.clone());
    let herald = Herald::new(&spool, Arc::clone(&publisher), time);
    let uplink = Uplink::new(&config, spool.clone(), publisher, Arc::clone(&status));
    let meter = Meter::new(config, spool.clone(), Arc::clone(&status), changing);
    let measure = async {
        let outcome = meter.run(sensor, &shutdown).await;
        measured.cancel();
        outcome
    };
    let deadline = async {
        shutdown.cancelled().await;
        measured.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    let publish = async {
        tokio::select! {
            outcome = uplink.run(&measured) => outcome,
            () = deadline => Ok(()),
        }
    };
    let publish = async { publish.await.map_err(AgentError::from) };
    let outcome = herald.beside(Box::pin(async { tokio::try_join!(measure, publish) })).await;
    if let Err(error) = spool.finish().await {
        tracing::warn!("{error}; what was confirmed last may be published once more");
    }
    if spool.depth() > 0 {
        tracing::info!("{} containers stay in the spool", spool.depth());
    }
    spool.close().await;
    outcome?;
    Ok(())
}
