use std::time::{Duration, Instant};

use crate::chaos::report::Outcome;
use crate::chaos::scene::{PATIENCE, Scene};
use crate::interrupt::pass;

/// The write-service is away until the queues refuse; hubs keep what is refused.
pub(super) fn play(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let length = scene.form.pick(250, 5_000);
    let away = Duration::from_secs(scene.form.pick(4, 60));
    let mut writer = scene.writer(|setup| setup.max_queue_length = Some(length))?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    writer.terminate();
    let ended = writer.wait(PATIENCE);
    scene.expect(ended.is_some(), "the write-service did not stop");
    pass(away)?;
    let waiting = scene.waiting()?;
    let healed = Instant::now();
    scene.restart(&mut writer)?;
    scene.healed()?;
    let summary = scene.judge(swarm, healed, outcome)?;
    scene.expect(summary.refused > 0, "no publisher was refused");
    outcome.done = format!(
        "no write-service for {} s; {waiting} containers in queues of {length}, {} refused",
        away.as_secs(),
        summary.refused
    );
    Ok(())
}
