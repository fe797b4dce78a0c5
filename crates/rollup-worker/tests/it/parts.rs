use std::collections::BTreeSet;

use domain::HubId;
use rollup_worker::{RollupConfig, Worker};
use testkit::containers::hub;
use tokio_util::sync::CancellationToken;

use crate::memory::Call;
use crate::world::{DAY, HOUR, MINUTE, World, at, deps};

#[tokio::test]
async fn two_parts_share_the_hubs_and_their_marks_and_none_is_done_twice() {
    let mut world = World::in_memory();
    let of = |part| RollupConfig { part, parts: 2, ..RollupConfig::default() };
    let mut workers = [0, 1].map(|part| Worker::new(deps(&world.store, &world.clock, of(part))));
    world.is(2 * DAY + 2 * MINUTE);
    for number in 1..=20 {
        world.store_only_hours(hub(number), DAY, 3).await;
    }
    for round in ["live", "late"] {
        let mut its = Vec::new();
        for worker in &mut workers {
            let pass = worker.pass(&CancellationToken::new()).await;
            assert_eq!(pass.failures, 0);
            let calls = world.store.calls();
            let hubs: BTreeSet<HubId> = calls.iter().filter_map(Call::put).map(|(hub, ..)| hub).collect();
            assert_eq!(pass.hubs + pass.days, hubs.len());
            its.push(hubs);
        }
        assert!(its[0].is_disjoint(&its[1]) && its.iter().all(|hubs| !hubs.is_empty()), "{round}");
        assert_eq!(its[0].len() + its[1].len(), 20, "{round}");
        for number in 1..=20 {
            world.assert_fresh(hub(number), at(2 * DAY)).await;
            world.measure(hub(number), 20 * HOUR, 21 * HOUR).await;
        }
        world.store.calls();
    }
}
