//! What all scenarios share: the servers, and where everything is.

use std::path::PathBuf;
use std::thread;

use anyhow::anyhow;
use testkit::servers::{InfluxDb, RabbitMq};
use tokio::runtime::Runtime;

use super::broker;
use crate::interrupt;

pub(crate) struct Stage {
    pub(crate) rabbitmq: RabbitMq,
    pub(crate) influxdb: InfluxDb,
    /// Of the gates.
    pub(crate) runtime: Runtime,
    pub(crate) binaries: PathBuf,
    /// Of what scenarios leave behind.
    pub(crate) folder: PathBuf,
    /// For a write-service.
    pub(crate) memory_bound_mib: u32,
}

impl Stage {
    pub(crate) fn start(
        binaries: PathBuf,
        folder: PathBuf,
        memory_bound_mib: u32,
        vhosts: &[&str],
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        interrupt::listen(&runtime)?;
        let (rabbitmq, influxdb) = thread::scope(|scope| {
            let influxdb = scope.spawn(InfluxDb::start);
            (RabbitMq::start(), influxdb.join())
        });
        let (rabbitmq, influxdb) = (rabbitmq?, influxdb.map_err(|_| anyhow!("starting InfluxDB panicked"))??);
        broker::make_vhosts(&rabbitmq, vhosts)?;
        Ok(Self { rabbitmq, influxdb, runtime, binaries, folder, memory_bound_mib })
    }
}
