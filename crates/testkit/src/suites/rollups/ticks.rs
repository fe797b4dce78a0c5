use domain::HubId;
use domain::UtcMillis;

use super::Subject;
use crate::containers::{ContainerBuilder, RECORDED_DAY, random_hub};

impl Subject {
    /// One tick.
    async fn tick(&self, hub: HubId, start: UtcMillis) {
        let container = ContainerBuilder::new(hub).begin(start).ticks(1).build();
        self.ticks.write_containers(&[container]).await.unwrap_or_else(|error| panic!("{error}"));
    }
}

pub(super) async fn active_is_who_has_a_tick_since_then(subject: &Subject) {
    let (early, late, silent) = (random_hub(), random_hub(), random_hub());
    let at = |secs: i64| RECORDED_DAY.plus_millis(secs * 1_000);
    subject.tick(early, at(0)).await;
    subject.tick(late, at(0)).await;
    subject.tick(late, at(86_400)).await;
    let active = async |since: UtcMillis| {
        let all = subject.rollups.active_hubs(since).await.unwrap();
        [early, late, silent].map(|hub| all.iter().filter(|&&other| other == hub).count())
    };
    assert_eq!(active(UtcMillis(i64::MIN)).await, [1, 1, 0]);
    assert_eq!(active(at(0)).await, [1, 1, 0]);
    assert_eq!(active(at(0).plus_millis(1)).await, [0, 1, 0]);
    assert_eq!(active(at(86_400)).await, [0, 1, 0]);
    assert_eq!(active(at(86_400).plus_millis(1)).await, [0, 0, 0]);
}

pub(super) async fn the_first_tick_is_the_earliest(subject: &Subject) {
    let hub = random_hub();
    let first = async || subject.rollups.first_tick(hub).await.unwrap();
    assert_eq!(first().await, None);
    // A year apart, and the earlier one comes later.
    let year_before = RECORDED_DAY.plus_millis(-365 * 86_400_000);
    subject.tick(hub, RECORDED_DAY).await;
    subject.tick(random_hub(), year_before).await;
    assert_eq!(first().await, Some(RECORDED_DAY));
    subject.tick(hub, year_before).await;
    assert_eq!(first().await, Some(year_before));
}
