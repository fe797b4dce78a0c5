use std::time::{Duration, Instant};

use testkit::faults::TcpState;

use crate::chaos::broker;
use crate::chaos::report::Outcome;
use crate::chaos::scene::Scene;
use crate::interrupt::pass;

pub(super) fn poison(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let one_in = scene.form.pick(100_u32, 1_000);
    let lasts = Duration::from_secs(scene.form.pick(3, 120));
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.poisoned_swarm(1.0 / f64::from(one_in))?;
    scene.warm_up()?;
    pass(lasts)?;
    outcome.done = format!("one container in {one_in} cannot be read");
    scene.judge(swarm, Instant::now(), outcome)?;
    scene.expect(outcome.dead_expected > 0, "there was no poison");
    Ok(())
}

const DEAD: &str = "telemetry.dead";
/// The broker has done by then what had reached it.
const SETTLED: Duration = Duration::from_millis(500);

/// Somebody deletes the queue of the dead letters while there are some. It comes back, and what came after is in
/// it; what was deleted with it is counted.
pub(super) fn queue_gone(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let times = scene.form.pick(1, 5);
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.poisoned_swarm(0.01)?;
    scene.warm_up()?;
    let mut healed = Instant::now();
    for _ in 0..times {
        // The broker counts what a queue holds, and deletes it a moment later. Nothing may come in between, or it
        // would be gone and not counted.
        scene.broker.set(TcpState::Freeze);
        pass(SETTLED)?;
        let deleted = broker::delete_queue(&scene.stage.rabbitmq, scene.name, DEAD)?;
        scene.dead_letters_deleted(deleted);
        scene.broker.set(TcpState::Pass);
        healed = Instant::now();
        pass(Duration::from_secs(2))?;
        scene.healed()?;
    }
    outcome.done = format!("deleted {times} times");
    scene.judge(swarm, healed, outcome)?;
    outcome.done = format!(
        "deleted {times} times with {} dead letters in it; {} are held until it gets them",
        outcome.dead_deleted, outcome.dead_held
    );
    scene.expect(outcome.dead_letters > 0, "no dead letter came after the queue was deleted");
    Ok(())
}
