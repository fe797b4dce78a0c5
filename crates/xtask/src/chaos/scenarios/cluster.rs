//! Three nodes of RabbitMQ, of which one is gone: the two others go on.

use std::time::{Duration, Instant};

use anyhow::Context;
use testkit::servers::Program;

use crate::chaos::broker;
use crate::chaos::loadgen::{Summary, Swarm};
use crate::chaos::report::Outcome;
use crate::chaos::scene::Scene;
use crate::interrupt::pass;

/// A node reads all of its log again before it serves; meanwhile the two others do.
const COMING_BACK: Duration = Duration::from_mins(4);

/// Every node dies once, each when the one before is back.
pub(super) fn kill(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let rounds = scene.form.pick(1, 3);
    let away = Duration::from_secs(scene.form.pick(1, 20));
    let _writers = two_writers(scene)?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let nodes = scene.cluster()?.nodes();
    let mut healed = Instant::now();
    let mut slowest = 0.0_f64;
    for _ in 0..rounds {
        for node in nodes.clone() {
            scene.cluster()?.kill(node);
            pass(away)?;
            // Two of three are enough.
            scene.until_writes_go_on()?;
            let started = Instant::now();
            scene.cluster()?.restart(node)?;
            slowest = slowest.max(started.elapsed().as_secs_f64());
            healed = Instant::now();
            scene.healed()?;
            pass(scene.form.before)?;
        }
    }
    let done = format!(
        "SIGKILL of each of {} nodes, {rounds} times; the slowest was back after {slowest:.1} s",
        nodes.len()
    );
    judge(scene, swarm, healed, outcome, &done)
}

/// The node that leads most queues and the two others lose sight of one another; clients reach all three.
pub(super) fn partition(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let times = scene.form.pick(1, 5);
    let lasts = Duration::from_secs(scene.form.pick(1, 30));
    let _writers = two_writers(scene)?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let mut healed = Instant::now();
    let (mut noticed, mut back) = (Duration::ZERO, Duration::ZERO);
    let mut led = Vec::new();
    for _ in 0..times {
        let (name, leading, queues) = broker::busiest(scene.rabbitmq(), scene.name)?;
        led.push(format!("{leading} of {queues}"));
        let cluster = scene.cluster()?;
        let node = cluster.nodes().find(|&node| cluster.name(node) == name).context("a stranger leads")?;
        cluster.cut_off(node);
        let stops =
            scene.until("the node in the minority serves nobody", |scene| Ok(!serves(scene, node)))?;
        noticed = noticed.max(stops);
        pass(lasts)?;
        scene.until_writes_go_on()?;
        scene.cluster()?.heal();
        healed = Instant::now();
        scene.healed()?;
        scene.until_within(COMING_BACK, "it serves again", |scene| Ok(serves(scene, node)))?;
        back = back.max(healed.elapsed());
        // The three are one cluster again only now.
        healed = Instant::now();
        pass(scene.form.before)?;
    }
    let done = format!(
        "{times} times the leader of {} queues, which serves nobody after {:.1} s at most, and again {:.1} s at \
         most after healing",
        led.join(", "),
        noticed.as_secs_f64(),
        back.as_secs_f64()
    );
    judge(scene, swarm, healed, outcome, &done)
}

fn serves(scene: &Scene<'_>, node: usize) -> bool {
    scene.stage.cluster.as_ref().is_some_and(|cluster| cluster.serves(node))
}

/// Both know all nodes, and begin with any of them.
fn two_writers(scene: &mut Scene<'_>) -> anyhow::Result<[Program; 2]> {
    let nodes = scene.url_of_nodes();
    let mut writer = || scene.writer(|setup| setup.broker.clone_from(&nodes));
    Ok([writer()?, writer()?])
}

fn judge(
    scene: &mut Scene<'_>,
    swarm: Swarm,
    healed: Instant,
    outcome: &mut Outcome,
    done: &str,
) -> anyhow::Result<()> {
    let Summary { reconnects, confirm_gap_ms, confirm_longest_ms, .. } =
        scene.judge(swarm, healed, outcome)?;
    outcome.done = format!(
        "{done}; the hubs of a connection got no confirm for at most {:.1} s, a container for {:.1} s",
        confirm_gap_ms / 1_000.0,
        confirm_longest_ms / 1_000.0
    );
    scene.expect(reconnects > 0, "no hub had to connect again");
    let nodes = scene.cluster()?.nodes().len();
    let copies = broker::copies(scene.rabbitmq(), scene.name)?;
    let whole = !copies.is_empty() && copies.iter().all(|copies| *copies == (nodes, nodes));
    scene.expect(whole, format!("the queues have so many copies, and so many of them are up: {copies:?}"));
    Ok(())
}
