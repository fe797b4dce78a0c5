use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use testkit::faults::TcpState;
use testkit::servers::Program;

use crate::chaos::report::Outcome;
use crate::chaos::scene::{PATIENCE, Scene};
use crate::interrupt::pass;

const SIGKILL: i32 = 9;

/// Between the store's yes and the acknowledgement: what is stored comes again.
pub(super) fn before_ack(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let times = scene.form.pick(10, 200);
    // The topology must be there before hubs publish.
    let mut writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    writer.kill();
    for round in 0..times {
        let stored = scene.store.stored();
        // 1 to 7 in an order that does not repeat soon.
        let batch = 1 + (round * round + 3 * round) % 7;
        let mut dying = scene.unready_writer(|setup| setup.die_before_ack = Some(batch))?;
        let status = dying.wait(PATIENCE).context("it did not die")?;
        if status.signal() != Some(SIGKILL) {
            bail!("it ended with {status} in place of SIGKILL");
        }
        if scene.store.stored() < stored + u64::from(batch) {
            bail!("it died before the store had {batch} batches");
        }
    }
    outcome.done = format!("SIGKILL between the store's yes and the ack, {times} times");
    let healed = Instant::now();
    scene.restart(&mut writer)?;
    scene.healed()?;
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}

/// How long a part is away.
const AWAY: Duration = Duration::from_millis(500);

/// Everything that runs, and the connections of the hubs, one after the other under load.
pub(super) fn each_in_turn(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let rounds = scene.form.pick(1, 8);
    let began = Instant::now();
    let mut writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let mut healed = Instant::now();
    for _ in 0..rounds {
        for part in [write_service, rabbitmq, influxdb, connections_of_hubs] {
            healed = part(scene, &mut writer)?;
            scene.healed()?;
            pass(scene.form.before)?;
        }
    }
    outcome.done = format!(
        "SIGKILL of write-service, RabbitMQ, InfluxDB and the hubs' connections, {rounds} times each in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let summary = scene.judge(swarm, healed, outcome)?;
    scene.expect(summary.reconnects > 0, "no hub had to connect again");
    Ok(())
}

fn write_service(scene: &mut Scene<'_>, writer: &mut Program) -> anyhow::Result<Instant> {
    writer.kill();
    pass(AWAY)?;
    let healed = Instant::now();
    scene.restart(writer)?;
    Ok(healed)
}

fn rabbitmq(scene: &mut Scene<'_>, _: &mut Program) -> anyhow::Result<Instant> {
    scene.stage.rabbitmq.kill();
    pass(AWAY)?;
    scene.stage.rabbitmq.restart()?;
    Ok(Instant::now())
}

fn influxdb(scene: &mut Scene<'_>, _: &mut Program) -> anyhow::Result<Instant> {
    scene.stage.influxdb.kill();
    pass(AWAY)?;
    scene.stage.influxdb.restart()?;
    Ok(Instant::now())
}

fn connections_of_hubs(scene: &mut Scene<'_>, _: &mut Program) -> anyhow::Result<Instant> {
    scene.hubs.set(TcpState::Cut);
    pass(AWAY)?;
    scene.hubs.set(TcpState::Pass);
    Ok(Instant::now())
}
