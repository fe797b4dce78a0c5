//! Answers are the same whether they come from rollups, from ticks, or from both.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use domain::access::HubGrant;
use domain::measurement::{MeasurementStore as _, StoreError};
use domain::rollup::{Detail, Mark, PackedDay, Rollups, UtcDay};
use domain::{HubId, TickLength, TimeRange, UtcMillis};
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};

use crate::expected;
use crate::server::{Server, always, roll_up, utc};

const DAY: i64 = 86_400_000;

fn minutes(begin: UtcMillis, ticks: u32) -> ContainerBuilder {
    ContainerBuilder::new(hub(1)).tick_length(TickLength::from_secs(60).unwrap()).begin(begin).ticks(ticks)
}

#[tokio::test]
async fn rolled_up_or_not_the_answer_is_the_same() {
    let now = RECORDED_DAY.plus_millis(3 * DAY + 5 * 3_600_000 + 1_234_567);
    let server = Server::start(now).await;
    // A gap of some hours on the second day.
    let containers = [
        minutes(RECORDED_DAY, 1_900).build(),
        minutes(RECORDED_DAY.plus_millis(DAY + 14 * 3_600_000), 2_300).build(),
    ];
    server.store(&containers).await;
    let grants = [always(hub(1))];
    let token = server.token("Europe/Berlin", &grants);
    let (from, to) = ("2012-01-16T00:00:00+01:00", "2012-01-20T00:00:00+01:00");
    let buckets = ["15m", "1h", "1d", "1w", "1mo", "1y"];
    let mut before = Vec::new();
    for bucket in buckets {
        let answer = server.usage(&token, from, to, bucket).await;
        expected::check(&answer, &containers, &grants, now);
        before.push(answer);
    }
    for rolled_days in [1, 2, 4] {
        server
            .roll_up(hub(1), TimeRange::new(RECORDED_DAY, RECORDED_DAY.plus_millis(rolled_days * DAY)))
            .await;
        for (bucket, before) in buckets.into_iter().zip(&before) {
            assert_eq!(server.usage(&token, from, to, bucket).await, *before, "{bucket}, {rolled_days} days");
        }
    }
}

#[tokio::test]
async fn rollups_outlive_the_ticks_that_they_were_made_from() {
    let now = RECORDED_DAY.plus_millis(40 * DAY);
    let server = Server::start(now).await;
    server.store(&[minutes(RECORDED_DAY, 2_880).build()]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let ask = async || server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-18T00:00:00Z", "1d").await;
    let before = ask().await;
    server.roll_up(hub(1), TimeRange::new(RECORDED_DAY, RECORDED_DAY.plus_millis(2 * DAY))).await;
    server.store.forget_ticks(now).await.unwrap();
    let ticks = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-17T00:00:00Z", "tick").await;
    assert_eq!(ticks["total"]["total_j"], 0);
    assert_eq!(ask().await, before);
}

#[tokio::test]
async fn a_hub_that_moved_inside_a_quarter_hour_is_cut_off_to_the_tick_in_rollups_too() {
    let now = utc("2012-01-18T00:00:00Z");
    let server = Server::start(now).await;
    let containers = [ContainerBuilder::new(hub(1)).ticks(2_000).build()];
    server.store(&containers).await;
    server.roll_up(hub(1), TimeRange::new(RECORDED_DAY, RECORDED_DAY.plus_millis(DAY))).await;
    for (since, until) in [
        ("2012-01-16T01:07:30Z", "2012-01-16T03:22:40Z"),
        ("2012-01-16T01:15:00Z", "2012-01-16T03:30:00Z"),
        ("2012-01-16T01:01:10Z", "2012-01-16T01:07:20Z"),
    ] {
        let grants = [HubGrant { hub: hub(1), since: utc(since), until: Some(utc(until)) }];
        let token = server.token("Europe/Berlin", &grants);
        for bucket in ["15m", "1h", "1d", "1mo"] {
            let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-16T06:00:00Z", bucket).await;
            expected::check(&answer, &containers, &grants, now);
        }
    }
}

/// While the worker is away, what it has not rolled up yet is summed from ticks.
#[tokio::test]
async fn a_worker_that_is_away_costs_time_and_no_measurement() {
    let now = RECORDED_DAY.plus_millis(3 * DAY);
    let server = Server::start(now).await;
    let containers = [minutes(RECORDED_DAY, 4_096).build()];
    server.store(&containers).await;
    server.clock.set(RECORDED_DAY.plus_millis(DAY + 7 * 3_600_000));
    server.roll_up(hub(1), TimeRange::new(RECORDED_DAY, RECORDED_DAY.plus_millis(DAY + 3_600_000))).await;
    server.clock.set(now);
    let grants = [always(hub(1))];
    let token = server.token("UTC", &grants);
    let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-19T00:00:00Z", "1h").await;
    expected::check(&answer, &containers, &grants, now);
}

/// The worker rolled something up after the watermark was read and before the pages were.
struct Overtaken {
    store: sqlite::Measurements,
    watermark: UtcMillis,
}

#[async_trait]
impl Rollups for Overtaken {
    async fn watermark(&self, _: HubId) -> Result<Option<UtcMillis>, StoreError> {
        Ok(Some(self.watermark))
    }

    async fn days(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError> {
        self.store.days(hub, days, detail).await
    }

    async fn first_tick(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        self.store.first_tick(hub).await
    }

    async fn put_days(&self, _: &[PackedDay]) -> Result<(), StoreError> {
        unreachable!()
    }

    async fn active_hubs(&self, _: UtcMillis) -> Result<Vec<HubId>, StoreError> {
        unreachable!()
    }

    async fn mark(&self, _: &[Mark]) -> Result<(), StoreError> {
        unreachable!()
    }

    async fn marks(&self, _: usize) -> Result<Vec<Mark>, StoreError> {
        unreachable!()
    }

    async fn settle(&self, _: &[Mark]) -> Result<(), StoreError> {
        unreachable!()
    }
}

#[tokio::test]
async fn what_is_rolled_up_while_somebody_asks_counts_once() {
    let now = RECORDED_DAY.plus_millis(2 * DAY + 90 * 60_000);
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite::Measurements::open(folder.path().join("measurements.db")).await.unwrap();
    let containers = [minutes(RECORDED_DAY, 2_960).build()];
    store.write_containers(&containers).await.unwrap();
    let all = TimeRange::new(RECORDED_DAY, now);
    roll_up(&store, &store, hub(1), all, now).await;
    for hours in [1, 23, 24, 25, 48] {
        let overtaken =
            Overtaken { store: store.clone(), watermark: RECORDED_DAY.plus_millis(hours * 3_600_000) };
        let server = Server::start_with(now, Some(Arc::new(store.clone())), Some(Arc::new(overtaken))).await;
        let grants = [always(hub(1))];
        let token = server.token("UTC", &grants);
        let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-18T02:00:00Z", "1h").await;
        expected::check(&answer, &containers, &grants, now);
    }
}
