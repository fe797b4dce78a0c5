use std::time::{Duration, Instant};

use testkit::faults::TcpState;

use crate::chaos::broker;
use crate::chaos::report::Outcome;
use crate::chaos::scene::Scene;
use crate::interrupt::pass;

/// In good order; the consumers and their prefetch must be there again.
pub(super) fn restart(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let times = scene.form.pick(1, 5);
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let before = broker::consumers(&scene.stage.rabbitmq, scene.name)?;
    scene.expect(!before.is_empty(), "there were no consumers");
    scene.expect(before.iter().all(|(_, prefetch)| *prefetch > 0), "a consumer had no prefetch");
    let mut healed = Instant::now();
    for _ in 0..times {
        scene.stage.rabbitmq.ctl(&["stop_app"])?;
        scene.stage.rabbitmq.ctl(&["start_app"])?;
        healed = Instant::now();
        scene.healed()?;
        pass(scene.form.before)?;
    }
    let after = broker::consumers(&scene.stage.rabbitmq, scene.name)?;
    scene.expect(after == before, format!("the consumers were {before:?} and are {after:?}"));
    outcome.done = format!("restarted {times} times; {} consumers with their prefetch again", after.len());
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}

/// Nothing passes and nothing is closed, for longer than two heartbeats.
pub(super) fn half_open(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let heartbeat = Duration::from_secs(scene.form.heartbeat_secs.into());
    let frozen = heartbeat * 2 + Duration::from_secs(3);
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let connections = scene.hubs.accepted() + scene.broker.accepted();
    scene.hubs.set(TcpState::Freeze);
    scene.broker.set(TcpState::Freeze);
    pass(frozen)?;
    let again = scene.hubs.accepted() + scene.broker.accepted() - connections;
    scene.expect(again > 0, "nobody noticed in two heartbeats that the broker was gone");
    let healed = Instant::now();
    scene.hubs.set(TcpState::Pass);
    scene.broker.set(TcpState::Pass);
    scene.healed()?;
    outcome.done = format!("frozen for {} s with heartbeats of {} s", frozen.as_secs(), heartbeat.as_secs());
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}
