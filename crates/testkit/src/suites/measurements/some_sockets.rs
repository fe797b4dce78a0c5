//! Questions about some of a hub's sockets.

use domain::SocketJoules;

use super::{Subject, container, day, random_hub, stored, tick};

/// Without the others, and with the length of the ticks in which there are none of them.
pub(super) async fn can_be_asked_for_alone(subject: &Subject) {
    let hub = random_hub();
    let sent = container(
        hub,
        10,
        vec![
            tick(0, &[(0, 118), (7, -3), (63, 9)]),
            tick(10_000, &[(0, 5)]),
            tick(7 * 3_600_000, &[(7, 0), (63, 1)]),
        ],
    );
    subject.write(std::slice::from_ref(&sent)).await;
    for mask in [1 << 7, 1 << 63 | 2, 1 << 30] {
        let asked = subject.query.socket_ticks(hub, mask, day()).await;
        let mut expected = stored(&sent);
        for tick in &mut expected {
            tick.energy.keep(mask);
        }
        assert_eq!(asked.unwrap_or_else(|error| panic!("{error}")), expected, "{mask:b}");
        assert!(expected.iter().any(|tick| tick.energy == SocketJoules::default()));
    }
}
