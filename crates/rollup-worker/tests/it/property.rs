//! Whatever comes in whatever order, with whatever failures: in the end the pages are what the ticks are.

use domain::rollup::Rollups as _;
use domain::{Clock as _, HubId, TimeRange, UtcMillis};
use proptest::prelude::*;
use testkit::containers::{ContainerBuilder, hub};

use crate::memory::{Failing, Memory};
use crate::world::{DAY, HOUR, MINUTE, World, at};

#[derive(Clone, Debug)]
enum Step {
    /// Ticks of a hub, so many minutes after the start of all. When that is not over yet, time goes on to then.
    Write {
        hub: HubId,
        minute: i64,
        ticks: u32,
        sockets: u8,
    },
    Wait {
        minutes: i64,
    },
    Pass,
    /// The call of this number fails.
    FailingPass {
        call: usize,
        failing: Failing,
    },
    /// The worker is killed at the call of this number, if it comes so far.
    KilledPass {
        call: usize,
    },
}

/// All that is measured begins in these days.
const DAYS: i64 = 4;

fn step() -> impl Strategy<Value = Step> {
    let write =
        (1..=2u64, 0..DAYS * 24 * 60, 1..=400u32, 1..=3u8).prop_map(|(number, minute, ticks, sockets)| {
            Step::Write { hub: hub(number), minute, ticks, sockets }
        });
    let failing = prop_oneof![Just(Failing::Before), Just(Failing::After)];
    prop_oneof![
        4 => write,
        1 => (1..=26 * 60i64).prop_map(|minutes| Step::Wait { minutes }),
        2 => Just(Step::Pass),
        1 => (0..30usize, failing).prop_map(|(call, failing)| Step::FailingPass { call, failing }),
        1 => (0..30usize).prop_map(|call| Step::KilledPass { call }),
    ]
}

async fn take(world: &mut World<Memory>, step: &Step) {
    match *step {
        Step::Write { hub, minute, ticks, sockets } => {
            let begin = at(minute * MINUTE);
            let end = begin.plus_millis(i64::from(ticks) * 10_000);
            world.clock.set(world.clock.now().max(end));
            let builder = ContainerBuilder::new(hub).begin(begin);
            world.write(&builder.ticks(ticks).sockets(sockets).build()).await;
        }
        Step::Wait { minutes } => world.clock.advance_millis(minutes * MINUTE),
        Step::Pass => {
            world.good_pass().await;
        }
        Step::FailingPass { call, failing } => {
            let mut left = call;
            world.store.fails(move |_| {
                let is_it = left == 0;
                left = left.wrapping_sub(1);
                is_it.then_some(failing)
            });
            world.pass().await;
            world.store.recovers();
        }
        Step::KilledPass { call } => {
            let mut left = call;
            let reached = tokio_util::sync::CancellationToken::new();
            let there = reached.clone();
            world.store.fails(move |_| {
                let is_it = left == 0;
                left = left.wrapping_sub(1);
                is_it.then(|| {
                    there.cancel();
                    Failing::Hanging
                })
            });
            tokio::select! {
                _ = world.pass() => {}
                () = reached.cancelled() => {}
            }
            world.store.recovers();
            world.restart(rollup_worker::RollupConfig::default());
        }
    }
}

async fn run(steps: &[Step]) {
    let mut world = World::in_memory();
    for step in steps {
        take(&mut world, step).await;
    }
    let end: UtcMillis = world.clock.now().max(at((DAYS + 1) * DAY));
    let limit = end.ceil_to(HOUR);
    world.clock.set(limit.plus_millis(2 * MINUTE));
    world.good_pass().await;
    for step in steps {
        if let Step::Write { hub, .. } = *step {
            // A hub that is silent is left where it is, but not before all that it has ever measured.
            let until = world.store.watermark(hub).await.unwrap().unwrap();
            let last = world.ticks(hub, TimeRange::new(UtcMillis(0), end)).await.pop().unwrap();
            assert!(last.start < until && until <= limit);
            world.assert_fresh(hub, until).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn in_the_end_every_page_is_a_fresh_roll_of_all_ticks(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(&steps));
    }
}
