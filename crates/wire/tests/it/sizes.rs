//! How small a container is. Beside what others would send: `loadgen wire`.

use crate::one_tick;

/// Joules of 10 s as real homes have them: much standby, some tens of watts, one kettle.
fn typical(count: usize) -> Vec<i64> {
    let pattern = [0, 13, 118, 905, 20_150, 31, 4, 1_712, 96, 0, 441, 2_290, 57, 1_010, 8];
    pattern.into_iter().cycle().take(count).collect()
}

#[test]
fn a_container_is_small() {
    for (count, limit) in [(11, 75), (30, 160)] {
        let ours = wire::encode(&one_tick(&typical(count))).len();
        assert!(ours <= limit, "{count} values take {ours} bytes, more than {limit}");
    }
}
