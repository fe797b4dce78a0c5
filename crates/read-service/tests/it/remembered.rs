//! What the service remembers of a real InfluxDB is never what somebody is told who asks later.

use std::sync::Arc;

use domain::access::HubGrant;
use domain::erasure::MeasurementErasure as _;
use domain::measurement::MeasurementStore as _;
use domain::rollup::UtcDay;
use domain::{Container, TickLength, TimeRange, UtcMillis};
use influxdb::{Api, Config, Eraser, Reader, Rollups, Writer, prepare};
use serde_json::Value;
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};
use testkit::servers::InfluxDb;

use crate::expected;
use crate::server::{Server, always, roll_up, utc};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const DAYS: i64 = 4;

fn at(millis: i64) -> UtcMillis {
    RECORDED_DAY.plus_millis(millis)
}

fn minutes(begin: i64, ticks: u32) -> Container {
    let minute = TickLength::from_secs(60).unwrap();
    ContainerBuilder::new(hub(1)).tick_length(minute).begin(at(begin)).ticks(ticks).build()
}

/// The service, and those that are other processes and tell it nothing.
struct Place {
    _influxdb: InfluxDb,
    server: Server,
    writer: Writer,
    reader: Reader,
    worker: Rollups,
    eraser: Eraser,
    now: UtcMillis,
}

impl Place {
    async fn start() -> Self {
        let influxdb = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
        let config = Config { url: influxdb.url(), api: Api::V1, ..Config::default() };
        prepare(&config).await.unwrap();
        let now = at(DAYS * DAY + 5 * HOUR);
        let (query, rollups) = (Reader::new(&config).unwrap(), Rollups::remembering(&config).unwrap());
        let server = Server::start_with(now, Some(Arc::new(query)), Some(Arc::new(rollups))).await;
        Self {
            _influxdb: influxdb,
            server,
            writer: Writer::new(&config).unwrap(),
            reader: Reader::new(&config).unwrap(),
            worker: Rollups::new(&config).unwrap(),
            eraser: Eraser::new(&config).unwrap(),
            now,
        }
    }

    async fn store(&self, containers: &[Container]) {
        self.writer.write_containers(containers).await.unwrap();
    }

    async fn roll_up(&self, days: std::ops::Range<i64>) {
        let range = TimeRange::new(at(days.start * DAY), at(days.end * DAY));
        roll_up(&self.reader, &self.worker, hub(1), range, self.now).await;
    }

    async fn ask(&self, token: &str, bucket: &str) -> Value {
        self.server.usage(token, "2012-01-16T00:00:00Z", "2012-01-21T00:00:00Z", bucket).await
    }

    /// Twice: once it is read, and once it is remembered.
    async fn assert_shown(&self, containers: &[Container], grants: &[HubGrant]) {
        let token = self.server.token("Europe/Berlin", grants);
        for bucket in ["15m", "1d", "15m", "1d"] {
            expected::check(&self.ask(&token, bucket).await, containers, grants, self.now);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_ticks_of_a_remembered_day_are_in_the_next_answer() {
    let place = Place::start().await;
    // Half a day is missing, and the fourth is not rolled up yet.
    let mut containers = vec![minutes(0, 2_160), minutes(2 * DAY, 2_880)];
    place.store(&containers).await;
    place.roll_up(0..3).await;
    place.assert_shown(&containers, &[always(hub(1))]).await;
    containers.push(minutes(36 * HOUR, 300));
    place.store(&containers[2..]).await;
    place.roll_up(1..2).await;
    place.assert_shown(&containers, &[always(hub(1))]).await;
    place.roll_up(3..4).await;
    place.assert_shown(&containers, &[always(hub(1))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_in_no_answer_any_more() {
    let place = Place::start().await;
    let containers = [minutes(0, 2_880), minutes(2 * DAY, 2_880)];
    place.store(&containers).await;
    place.roll_up(0..4).await;
    place.assert_shown(&containers, &[always(hub(1))]).await;
    let first = UtcDay::of(RECORDED_DAY);
    place.eraser.erase_ticks(hub(1), TimeRange::new(at(0), at(2 * DAY))).await.unwrap();
    place.eraser.erase_days(hub(1), first..UtcDay(first.0 + 2)).await.unwrap();
    place.assert_shown(&containers[1..], &[always(hub(1))]).await;
    place.eraser.erase_ticks(hub(1), TimeRange::new(at(0), place.now)).await.unwrap();
    place.eraser.erase_days(hub(1), first..UtcDay(first.0 + 9)).await.unwrap();
    place.assert_shown(&[], &[always(hub(1))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_changes_hands_takes_nothing_that_is_remembered_along() {
    let place = Place::start().await;
    let containers = [minutes(0, 2_880), minutes(2 * DAY, 2_880)];
    place.store(&containers).await;
    place.roll_up(0..4).await;
    // In the middle of the second day, and of a quarter hour.
    let moved = utc("2012-01-17T11:07:00Z");
    let before = [HubGrant { hub: hub(1), since: UtcMillis(0), until: Some(moved) }];
    let after = [HubGrant { hub: hub(1), since: moved, until: None }];
    for grants in [&before, &after, &before] {
        place.assert_shown(&containers, grants).await;
    }
    // The one before is gone and what was measured for it is erased, as the worker does.
    place.eraser.erase_ticks(hub(1), TimeRange::new(at(0), moved)).await.unwrap();
    place.eraser.erase_days(hub(1), UtcDay::of(at(0))..UtcDay::of(moved)).await.unwrap();
    place.roll_up(1..2).await;
    place.assert_shown(&[], &before).await;
    place.assert_shown(&containers, &after).await;
}
