use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use testkit::faults::{Seen, StoreMood, TcpGate, TcpState};

use crate::chaos::report::Outcome;
use crate::chaos::scene::Scene;
use crate::interrupt::pass;

/// Connections to the store stay open and silent, for longer than a write may take.
pub(super) fn half_open(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let frozen = scene.form.store_timeout + Duration::from_secs(scene.form.pick(2, 10));
    let behind = SocketAddr::from((Ipv4Addr::LOCALHOST, scene.store.port()));
    let gate = scene.stage.runtime.block_on(TcpGate::start(behind))?;
    let _writer = scene.writer(|setup| setup.store = format!("http://127.0.0.1:{}", gate.port()))?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let connections = gate.accepted();
    gate.set(TcpState::Freeze);
    pass(frozen)?;
    scene.expect(gate.accepted() > connections, "no write was given up");
    let healed = Instant::now();
    gate.set(TcpState::Pass);
    scene.healed()?;
    outcome.done = format!("frozen for {} s", frozen.as_secs());
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}

pub(super) fn hanging(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let hangs = scene.form.store_timeout + Duration::from_secs(scene.form.pick(3, 105));
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let before = scene.store.seen().len();
    scene.store.set(StoreMood::Hang);
    pass(hangs)?;
    let asked = scene.store.seen().len() - before;
    scene.expect(asked > 1, "nothing was tried again");
    let healed = Instant::now();
    scene.store.set(StoreMood::Pass);
    scene.healed()?;
    outcome.done = format!("no answer for {} s; {asked} requests came meanwhile", hangs.as_secs());
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}

/// The store has it and nobody is told, so that it comes again.
pub(super) fn answer_lost(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let lossy = Duration::from_secs(scene.form.pick(3, 60));
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    let before = scene.store.stored();
    scene.store.set(StoreMood::DropAnswer);
    pass(lossy)?;
    let lost = scene.store.stored() - before;
    scene.expect(lost > 1, "no answer was lost");
    let healed = Instant::now();
    scene.store.set(StoreMood::Pass);
    scene.healed()?;
    outcome.done = format!("{lost} answers lost in {} s after the store had it", lossy.as_secs());
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}

/// What a request that was on its way already may take.
const UNDER_WAY: Duration = Duration::from_millis(300);

/// 503 and 429 with Retry-After: nothing comes before it is over.
pub(super) fn busy(scene: &mut Scene<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let asked = Duration::from_secs(2);
    let each = Duration::from_secs(scene.form.pick(5, 60));
    let _writer = scene.writer(|_| {})?;
    let swarm = scene.swarm()?;
    scene.warm_up()?;
    for status in [503, 429] {
        let mood = StoreMood::Answer {
            status,
            retry_after_secs: Some(asked.as_secs()),
            body: r#"{"error":"the store is busy"}"#.to_owned(),
        };
        scene.store.set(mood);
        pass(each)?;
    }
    let healed = Instant::now();
    scene.store.set(StoreMood::Pass);
    scene.healed()?;

    let seen = scene.store.seen();
    for status in [503, 429] {
        let count = seen.iter().filter(|seen| seen.got(status)).count();
        scene.expect(count > 1, format!("{count} requests were answered with {status}"));
    }
    let early = too_early(&seen, asked);
    for (is_write, after) in early.iter().take(3) {
        let what = if *is_write { "a write" } else { "a question" };
        let after = after.as_secs_f64();
        scene.expect(false, format!("{what} came {after:.2} s after a refusal that asked for {asked:?}"));
    }
    let early = early.len();
    outcome.done = format!(
        "503 and 429 for {} s each, Retry-After {} s; {early} requests came too early",
        each.as_secs(),
        asked.as_secs()
    );
    scene.judge(swarm, healed, outcome)?;
    Ok(())
}

/// Requests that came while a refusal's Retry-After was running: whether it was a write, and how long after.
fn too_early(seen: &[Seen], asked: Duration) -> Vec<(bool, Duration)> {
    let refusals: Vec<Instant> = seen
        .iter()
        .filter(|seen| seen.got(503) || seen.got(429))
        .filter_map(|seen| seen.answered.map(|(at, _)| at))
        .collect();
    let early = |request: &Seen| {
        let after = refusals.iter().filter_map(|&refused| request.at.checked_duration_since(refused));
        let after = after.filter(|after| *after > UNDER_WAY && *after < asked).max()?;
        Some((request.is_write, after))
    };
    seen.iter().filter_map(early).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_within_the_time_asked_for_is_too_early() {
        let begin = Instant::now();
        let seen = |millis, status| {
            let at = begin + Duration::from_millis(millis);
            Seen { is_write: true, at, answered: Some((at, status)) }
        };
        let asked = Duration::from_secs(2);
        let early = |seen: &[Seen]| too_early(seen, asked).len();
        assert_eq!(early(&[seen(0, 503), seen(100, 503), seen(2_200, 204), seen(2_300, 204)]), 0);
        assert_eq!(early(&[seen(0, 503), seen(1_500, 204), seen(2_300, 204)]), 1);
        assert_eq!(early(&[seen(0, 204), seen(500, 204)]), 0);
    }
}
