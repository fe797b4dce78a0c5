//! What all scenarios share: the servers, and where everything is.

use std::path::PathBuf;
use std::thread;

use anyhow::anyhow;
use testkit::servers::{InfluxDb, RabbitMq, RabbitMqCluster, RabbitMqClusterSetup};
use tokio::runtime::Runtime;

use super::broker;
use crate::interrupt;

pub(crate) struct Stage {
    pub(crate) rabbitmq: RabbitMq,
    /// Three more, from the first scenario on that needs them: idle ones would take time from the others.
    pub(crate) cluster: Option<RabbitMqCluster>,
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
        Ok(Self { rabbitmq, cluster: None, influxdb, runtime, binaries, folder, memory_bound_mib })
    }

    pub(crate) fn need_cluster(&mut self, net_ticktime_secs: u16, vhosts: &[&str]) -> anyhow::Result<()> {
        if self.cluster.is_none() {
            // By default a queue is led where its declarer is connected: one node would lead all.
            let config = vec!["queue_leader_locator = balanced".to_owned()];
            let setup = RabbitMqClusterSetup { net_ticktime_secs, config };
            let cluster = RabbitMqCluster::start(self.runtime.handle(), &setup)?;
            broker::make_vhosts(&cluster, vhosts)?;
            self.cluster = Some(cluster);
        }
        Ok(())
    }
}
