//! What erasing has to do, and above all what it has to leave.

use std::sync::Arc;
use std::time::Duration;

use domain::erasure::MeasurementErasure;
use domain::measurement::{MeasurementQuery, MeasurementStore, StoredTick};
use domain::rollup::{Detail, Mark, PackedDay, Rollups, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use rand::RngExt as _;
use tokio::time::timeout;

use super::rollups::a_year;
use crate::containers::{ContainerBuilder, RECORDED_DAY, random_hub};

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_mins(1);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

struct Subject {
    ticks: Arc<dyn MeasurementStore>,
    query: Arc<dyn MeasurementQuery>,
    rollups: Arc<dyn Rollups>,
    erasure: Arc<dyn MeasurementErasure>,
}

/// Every case, one after the other. Each has hubs of its own.
pub async fn run_all(
    ticks: Arc<dyn MeasurementStore>,
    query: Arc<dyn MeasurementQuery>,
    rollups: Arc<dyn Rollups>,
    erasure: Arc<dyn MeasurementErasure>,
) {
    let subject = Subject { ticks, query, rollups, erasure };
    macro_rules! run {
        ($($case:path),* $(,)?) => {
            $(timeout(PATIENCE, $case(&subject)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        ticks_go_to_the_tick_and_others_stay,
        ticks_of_any_range_go_and_all_others_stay,
        what_is_erased_may_be_erased_again_and_written_again,
        days_go_with_their_marks_and_others_stay,
        a_replaced_day_leaves_nothing_of_the_one_before,
        nothing_and_everything_are_ranges_too,
    );
}

fn at(millis: i64) -> UtcMillis {
    RECORDED_DAY.plus_millis(millis)
}

fn all() -> TimeRange {
    TimeRange::new(UtcMillis(i64::MIN), UtcMillis(i64::MAX))
}

fn day(number: i32) -> UtcDay {
    UtcDay(UtcDay::of(RECORDED_DAY).0 + number)
}

impl Subject {
    /// A tick every minute, of two days.
    async fn measured(&self, hub: HubId) -> Vec<StoredTick> {
        let minute = domain::TickLength::from_secs(60).unwrap();
        let ticks = ContainerBuilder::new(hub).tick_length(minute).ticks(2 * 1_440).build();
        self.ticks.write_containers(&[ticks]).await.unwrap();
        let stored = self.read(hub).await;
        assert_eq!(stored.len(), 2 * 1_440);
        stored
    }

    async fn read(&self, hub: HubId) -> Vec<StoredTick> {
        self.query.ticks(hub, all()).await.unwrap()
    }

    async fn days(&self, hub: HubId) -> Vec<PackedDay> {
        self.rollups.days(hub, day(-10)..day(1_000), Detail::Power).await.unwrap()
    }

    async fn marks(&self, hub: HubId) -> Vec<Mark> {
        let mut marks = self.rollups.marks(1_000).await.unwrap();
        marks.retain(|mark| mark.hub == hub);
        marks.sort_unstable();
        marks
    }
}

fn without(ticks: &[StoredTick], range: TimeRange) -> Vec<StoredTick> {
    ticks.iter().filter(|tick| !range.contains(tick.start)).cloned().collect()
}

async fn ticks_go_to_the_tick_and_others_stay(subject: &Subject) {
    let (hub, other) = (random_hub(), random_hub());
    let (before, of_other) = (subject.measured(hub).await, subject.measured(other).await);
    // Both edges are ticks: the first goes, the second stays.
    let range = TimeRange::new(at(10 * HOUR), at(30 * HOUR));
    subject.erasure.erase_ticks(hub, range).await.unwrap();
    let left = subject.read(hub).await;
    assert_eq!(left, without(&before, range));
    assert!(left.iter().any(|tick| tick.start == range.end));
    assert_eq!(subject.read(other).await, of_other);
}

async fn ticks_of_any_range_go_and_all_others_stay(subject: &Subject) {
    let hub = random_hub();
    let mut expected = subject.measured(hub).await;
    for _ in 0..12 {
        let (a, b) = {
            let mut random = rand::rng();
            (random.random_range(-DAY..3 * DAY), random.random_range(-DAY..3 * DAY) / 8)
        };
        // To the millisecond on purpose: assignments begin and end at any.
        let range = TimeRange::new(at(a), at(a + b.abs()));
        subject.erasure.erase_ticks(hub, range).await.unwrap();
        expected = without(&expected, range);
        assert_eq!(subject.read(hub).await, expected, "{range:?}");
    }
}

async fn what_is_erased_may_be_erased_again_and_written_again(subject: &Subject) {
    let hub = random_hub();
    let before = subject.measured(hub).await;
    for _ in 0..2 {
        for _ in 0..2 {
            subject.erasure.erase_ticks(hub, all()).await.unwrap();
            assert_eq!(subject.read(hub).await, []);
            assert_eq!(subject.rollups.first_tick(hub).await.unwrap(), None);
            assert!(!subject.rollups.active_hubs(UtcMillis(0)).await.unwrap().contains(&hub));
        }
        assert_eq!(subject.measured(hub).await, before);
    }
}

async fn days_go_with_their_marks_and_others_stay(subject: &Subject) {
    let (hub, other) = (random_hub(), random_hub());
    let (pages, of_other) = (&a_year(hub, 2)[..6], &a_year(other, 2)[..6]);
    let mark = |hub, number, nonce| Mark { hub, day: day(number), nonce };
    let last = Mark::NONCES - 1;
    let marks = [mark(hub, 1, last), mark(hub, 2, 0), mark(hub, 3, last), mark(hub, 4, 0)];
    for pages in [pages, of_other] {
        subject.rollups.put_days(pages).await.unwrap();
    }
    subject.rollups.mark(&marks).await.unwrap();
    subject.rollups.mark(&[mark(other, 2, 0)]).await.unwrap();
    let ticks = subject.measured(hub).await;
    for _ in 0..2 {
        subject.erasure.erase_days(hub, day(2)..day(4)).await.unwrap();
        assert_eq!(subject.days(hub).await, [&pages[..2], &pages[4..]].concat());
        assert_eq!(subject.marks(hub).await, [marks[0], marks[3]]);
    }
    assert_eq!(subject.days(other).await, of_other);
    assert_eq!(subject.marks(other).await, [mark(other, 2, 0)]);
    assert_eq!(subject.read(hub).await, ticks, "ticks are another matter");
    assert_eq!(subject.rollups.watermark(hub).await.unwrap(), Some(day(6).start()));
    subject.rollups.settle(&[marks[0], marks[3], mark(other, 2, 0)]).await.unwrap();
}

async fn a_replaced_day_leaves_nothing_of_the_one_before(subject: &Subject) {
    let hub = random_hub();
    let pages = [&a_year(hub, 64)[..1], &a_year(hub, 1)[..1]].map(|page| page[0].clone());
    for page in [&pages[0], &pages[1], &pages[0], &pages[1]] {
        subject.erasure.replace_day(page).await.unwrap();
        assert_eq!(subject.days(hub).await, std::slice::from_ref(page));
    }
    // It is a page like any other.
    subject.rollups.put_days(&pages[..1]).await.unwrap();
    assert_eq!(subject.days(hub).await, &pages[..1]);
}

async fn nothing_and_everything_are_ranges_too(subject: &Subject) {
    let hub = random_hub();
    let before = subject.measured(hub).await;
    let page = &a_year(hub, 1)[..1];
    subject.rollups.put_days(page).await.unwrap();
    for nothing in [TimeRange::new(at(5), at(5)), TimeRange::new(at(DAY), at(0))] {
        subject.erasure.erase_ticks(hub, nothing).await.unwrap();
    }
    subject.erasure.erase_days(hub, day(3)..day(3)).await.unwrap();
    subject.erasure.erase_days(hub, day(3)..day(-3)).await.unwrap();
    assert_eq!(subject.read(hub).await, before);
    assert_eq!(subject.days(hub).await, page);
    subject.erasure.erase_days(hub, UtcDay(i32::MIN)..UtcDay(i32::MAX)).await.unwrap();
    subject.erasure.erase_ticks(hub, all()).await.unwrap();
    assert_eq!(subject.days(hub).await, []);
    assert_eq!(subject.read(hub).await, []);
}
