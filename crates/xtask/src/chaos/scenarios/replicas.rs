use std::time::Instant;

use testkit::faults::StoreGate;
use testkit::servers::Program;

use crate::chaos::broker;
use crate::chaos::report::Outcome;
use crate::chaos::scene::Scene;
use crate::interrupt::pass;

struct Replica {
    program: Program,
    /// Its own, so that its writes can be told from those of the others.
    store: StoreGate,
}

/// One, two and four share the load; one of four is killed, and the others go on.
pub(super) fn play(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let mut replicas = vec![replica(scene)?];
    let swarm = scene.swarm()?;
    all_write(scene, &replicas)?;
    let queues = broker::consumers(&scene.stage.rabbitmq, scene.name)?.len();
    for count in [2, 4] {
        while replicas.len() < count {
            replicas.push(replica(scene)?);
        }
        pass(scene.form.before)?;
        all_write(scene, &replicas)?;
        all_consume(scene, &replicas, queues)?;
    }
    let healed = Instant::now();
    if let Some(mut killed) = replicas.pop() {
        killed.program.kill();
    }
    all_write(scene, &replicas)?;
    all_consume(scene, &replicas, queues)?;
    outcome.done.push_str("1, 2 and 4 write-services; SIGKILL of one of 4, 3 go on");
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}

fn replica(scene: &mut Scene<'_>) -> anyhow::Result<Replica> {
    let influxdb = scene.stage.influxdb.url();
    let store = scene.stage.runtime.block_on(StoreGate::start(Some(influxdb)))?;
    let program = scene.writer(|setup| setup.store = store.url())?;
    Ok(Replica { program, store })
}

/// Waits until each has stored something more.
fn all_write(scene: &Scene<'_>, replicas: &[Replica]) -> anyhow::Result<()> {
    let before: Vec<u64> = replicas.iter().map(|replica| replica.store.stored()).collect();
    let all = |_: &Scene<'_>| {
        Ok(replicas.iter().zip(&before).all(|(replica, before)| replica.store.stored() >= before + 2))
    };
    scene.until(&format!("each of {} write-services stores", replicas.len()), all)?;
    Ok(())
}

/// Waits until each queue has a consumer of each: the broker may take a moment to notice that one is gone.
fn all_consume(scene: &Scene<'_>, replicas: &[Replica], queues: usize) -> anyhow::Result<()> {
    let expected = queues * replicas.len();
    let all = |scene: &Scene<'_>| Ok(broker::consumers(&scene.stage.rabbitmq, scene.name)?.len() == expected);
    scene.until(&format!("there are {expected} consumers"), all)?;
    Ok(())
}
