use std::time::{Duration, Instant};

use testkit::faults::StoreMood;

use crate::chaos::broker;
use crate::chaos::report::Outcome;
use crate::chaos::scene::Scene;
use crate::interrupt::pass;

/// What a broker starts with.
const WATERMARK: &str = "0.4";

/// The broker blocks publishers; consumers go on, and empty the queues.
pub(super) fn play(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let lasts = Duration::from_secs(scene.form.pick(2, 60));
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    // Something must wait when the alarm comes.
    scene.store.set(StoreMood::Answer { status: 503, retry_after_secs: None, body: String::new() });
    pass(Duration::from_secs(2))?;
    scene.stage.rabbitmq.ctl(&["set_vm_memory_high_watermark", "0"])?;
    let began = Instant::now();
    let waited = scene.waiting()?;
    scene.expect(waited > 0, "nothing was waiting when the alarm came");
    scene.store.set(StoreMood::Pass);
    scene.until("consumers have emptied the queues under the alarm", |scene| Ok(scene.waiting()? == 0))?;
    let blocked = broker::connections(&scene.stage.rabbitmq, scene.name, "blocked")?;
    scene.expect(blocked > 0, "no publisher was blocked");
    pass(lasts)?;
    let published = scene.waiting()?;
    scene.expect(published == 0, format!("{published} containers were published under the alarm"));
    scene.stage.rabbitmq.ctl(&["set_vm_memory_high_watermark", WATERMARK])?;
    let healed = Instant::now();
    outcome.done = format!(
        "alarm for {:.0} s; {blocked} publishers blocked, {waited} containers consumed meanwhile",
        began.elapsed().as_secs_f64()
    );
    scene.healed()?;
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}
