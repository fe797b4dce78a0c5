//! The faults.

mod broker;
mod cluster;
mod dead_letters;
mod kills;
mod memory_alarm;
mod queue_full;
mod replicas;
mod sigterm;
mod store;

use super::report::Outcome;
use super::scene::Scene;

/// A fault: breaks something under load, heals it and has the ledger judged.
pub(crate) struct Scenario {
    /// Also that of its vhost and its database.
    pub(crate) name: &'static str,
    /// Of three nodes, in place of the one.
    pub(crate) on_cluster: bool,
    pub(crate) play: Play,
}

type Play = fn(&mut Scene<'_>, &mut Outcome) -> anyhow::Result<()>;

impl Scenario {
    const fn new(name: &'static str, play: Play) -> Self {
        Self { name, on_cluster: false, play }
    }

    const fn on_cluster(name: &'static str, play: Play) -> Self {
        Self { name, on_cluster: true, play }
    }
}

pub(crate) const SCENARIOS: [Scenario; 16] = [
    Scenario::new("kill-before-ack", kills::before_ack),
    Scenario::new("kill-each", kills::each_in_turn),
    Scenario::new("broker-restart", broker::restart),
    Scenario::new("half-open-broker", broker::half_open),
    Scenario::new("half-open-store", store::half_open),
    Scenario::new("memory-alarm", memory_alarm::play),
    Scenario::new("store-busy", store::busy),
    Scenario::new("store-hanging", store::hanging),
    Scenario::new("answer-lost", store::answer_lost),
    Scenario::new("queue-full", queue_full::play),
    Scenario::new("dead-letter-queue-gone", dead_letters::queue_gone),
    Scenario::new("poison", dead_letters::poison),
    Scenario::new("sigterm-under-load", sigterm::play),
    Scenario::new("replicas", replicas::play),
    Scenario::on_cluster("cluster-kill", cluster::kill),
    Scenario::on_cluster("cluster-partition", cluster::partition),
];
