//! The faults.

mod broker;
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
    pub(crate) play: fn(&mut Scene<'_>, &mut Outcome) -> anyhow::Result<()>,
}

pub(crate) const SCENARIOS: [Scenario; 14] = [
    Scenario { name: "kill-before-ack", play: kills::before_ack },
    Scenario { name: "kill-each", play: kills::each_in_turn },
    Scenario { name: "broker-restart", play: broker::restart },
    Scenario { name: "half-open-broker", play: broker::half_open },
    Scenario { name: "half-open-store", play: store::half_open },
    Scenario { name: "memory-alarm", play: memory_alarm::play },
    Scenario { name: "store-busy", play: store::busy },
    Scenario { name: "store-hanging", play: store::hanging },
    Scenario { name: "answer-lost", play: store::answer_lost },
    Scenario { name: "queue-full", play: queue_full::play },
    Scenario { name: "dead-letter-queue-gone", play: dead_letters::queue_gone },
    Scenario { name: "poison", play: dead_letters::poison },
    Scenario { name: "sigterm-under-load", play: sigterm::play },
    Scenario { name: "replicas", play: replicas::play },
];
