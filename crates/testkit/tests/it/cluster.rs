use std::time::{Duration, Instant};

use testkit::servers::{RabbitMqCluster, RabbitMqClusterSetup};

const LONG: Duration = Duration::from_mins(2);

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < LONG, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Each node finds out by itself, and later than its clients: ask again.
fn are_running(cluster: &RabbitMqCluster, nodes: u32) -> bool {
    let answer = cluster.ctl(&["eval", "length(rabbit_nodes:all_running())."]);
    answer.is_ok_and(|answer| answer.trim() == nodes.to_string())
}

#[test]
fn a_node_that_is_cut_off_stops_serving_until_it_hears_the_others_again() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let setup = RabbitMqClusterSetup { net_ticktime_secs: 6, config: Vec::new() };
    let mut cluster = RabbitMqCluster::start(runtime.handle(), &setup).unwrap();
    until("all are there", || are_running(&cluster, 3));
    cluster.cut_off(1);
    until("the minority stops", || !cluster.serves(1));
    until("the majority notices", || are_running(&cluster, 2));
    assert!(cluster.serves(0) && cluster.serves(2));
    cluster.heal();
    until("it serves again", || cluster.serves(1));
    until("all are there again", || are_running(&cluster, 3));
    cluster.kill(0);
    assert!(!cluster.serves(0));
    cluster.restart(0).unwrap();
    until("the restarted one is among them", || are_running(&cluster, 3));
}
