use std::time::{Duration, Instant};

use anyhow::Context;
use testkit::faults::StoreMood;

use crate::chaos::broker;
use crate::chaos::report::Outcome;
use crate::chaos::scene::{PATIENCE, Scene};
use crate::interrupt::pass;

const LONGEST_STOP: Duration = Duration::from_secs(10);

/// What a queue is about to deliver while its consumer is cancelled, the broker takes back itself or sends after its word
/// that there is no consumer any more, and the client library throws it away. The service was never given it, so it is
/// nobody's work that is done twice, but the queues count it. It is the load of some milliseconds: at most of these.
const LATE_MILLIS: u64 = 10;

/// It ends in order and in time, and of what it was given nothing comes back: the queues count for each container
/// how often it was given to somebody and not settled.
pub(super) fn play(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let times = scene.form.pick(2, 10);
    let late = u64::from(scene.form.rate) * LATE_MILLIS / 1_000;
    let mut writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    let mut came_back = 0;
    let mut slowest = Duration::ZERO;
    let mut healed = Instant::now();
    for _ in 0..times {
        scene.warm_up()?;
        let told = Instant::now();
        writer.terminate();
        let status = writer.wait(PATIENCE).context("it did not stop")?;
        slowest = slowest.max(told.elapsed());
        scene.expect(status.success(), format!("it ended with {status}"));
        let returned = broker::returned(&scene.stage.rabbitmq, scene.name)?;
        scene.expect(returned <= late, format!("at least {returned} containers came back to the queues"));
        came_back += returned;
        healed = Instant::now();
        scene.restart(&mut writer)?;
        scene.healed()?;
    }
    scene.expect(slowest < LONGEST_STOP, format!("it took {:.1} s to stop", slowest.as_secs_f64()));

    // A count that is always 0 would prove nothing.
    scene.store.set(StoreMood::Hang);
    pass(Duration::from_millis(500))?;
    writer.kill();
    scene.store.set(StoreMood::Pass);
    let returned = broker::returned(&scene.stage.rabbitmq, scene.name)?;
    scene.expect(returned > late, "no container came back after a SIGKILL: the check is blind");
    outcome.done = format!(
        "{times} times, the slowest stop {:.2} s, {came_back} given back (by a SIGKILL for comparison: \
         {returned} or more)",
        slowest.as_secs_f64()
    );
    scene.restart(&mut writer)?;
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}
