//! The contract of measurement stores.
//!
//! Every case has hubs of its own, so all may share one store and run side by side.

mod some_sockets;

use std::sync::Arc;

use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::measurement::{MeasurementQuery, MeasurementStore, StoredTick, sum_quarter_hours};
use domain::{
    Container, HubId, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, TimeRange, UtcMillis,
};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::containers::{RECORDED_DAY, random_hub};

const DAY_MILLIS: i64 = 86_400_000;
/// 100 kW for a minute: the most the wire lets through.
const MOST_JOULES: i64 = 6_000_000;

/// A store and the questions to it: two views of the same data.
#[derive(Clone)]
pub struct Subject {
    store: Arc<dyn MeasurementStore>,
    query: Arc<dyn MeasurementQuery>,
}

/// Every case, one after the other.
pub async fn run_all(store: Arc<dyn MeasurementStore>, query: Arc<dyn MeasurementQuery>) {
    let subject = Subject { store, query };
    it_says_that_it_is_ready(&subject).await;
    what_is_written_is_read(&subject).await;
    all_64_sockets_round_trip(&subject).await;
    extremes_round_trip(&subject).await;
    the_same_again_changes_nothing(&subject).await;
    another_value_replaces(&subject).await;
    further_sockets_of_a_tick_are_added(&subject).await;
    later_containers_of_one_call_win(&subject).await;
    ranges_are_half_open(&subject).await;
    an_empty_range_is_empty(&subject).await;
    ticks_come_in_order_of_time(&subject).await;
    quarter_hours_are_the_sums_of_their_ticks(&subject).await;
    tick_lengths_may_mix_in_a_quarter_hour(&subject).await;
    sums_agree_with_what_replaced_it(&subject).await;
    some_sockets::can_be_asked_for_alone(&subject).await;
    an_unknown_hub_has_nothing(&subject).await;
    hubs_do_not_mix(&subject).await;
    nothing_is_written_and_that_is_fine(&subject).await;
    a_day_of_34_sockets_fits_one_call(&subject).await;
    writers_do_not_get_in_each_others_way(&subject).await;
}

impl Subject {
    async fn write(&self, containers: &[Container]) {
        self.store.write_containers(containers).await.unwrap_or_else(|error| panic!("{error}"));
    }

    async fn ticks(&self, hub: HubId, range: TimeRange) -> Vec<StoredTick> {
        self.query.ticks(hub, range).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Of the recorded day.
    async fn day(&self, hub: HubId) -> Vec<StoredTick> {
        self.ticks(hub, day()).await
    }

    /// That the store's sums are those of its ticks.
    async fn assert_sums(&self, hub: HubId, range: TimeRange) {
        let sums = self.query.quarter_hours(hub, range).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(sums, sum_quarter_hours(&self.ticks(hub, range).await));
    }
}

async fn it_says_that_it_is_ready(subject: &Subject) {
    subject.store.ready().await.unwrap_or_else(|error| panic!("{error}"));
    subject.query.ready().await.unwrap_or_else(|error| panic!("{error}"));
}

/// Exports are negative, a zero is a value and a gap is none.
async fn what_is_written_is_read(subject: &Subject) {
    let hub = random_hub();
    let sent = container(
        hub,
        10,
        vec![tick(0, &[(0, 118), (7, -3)]), tick(10_000, &[(7, 0)]), tick(50_000, &[(0, -20_000), (63, 1)])],
    );
    subject.write(std::slice::from_ref(&sent)).await;
    assert_eq!(subject.day(hub).await, stored(&sent));
    subject.assert_sums(hub, day()).await;
}

async fn all_64_sockets_round_trip(subject: &Subject) {
    let hub = random_hub();
    let all: Vec<(u8, i64)> = (0..64).map(|n| (n, i64::from(n) * 1_000 - 7)).collect();
    let sent = container(hub, 60, vec![tick(0, &all), tick(60_000, &all[1..])]);
    subject.write(std::slice::from_ref(&sent)).await;
    assert_eq!(subject.day(hub).await, stored(&sent));
    subject.assert_sums(hub, day()).await;
}

async fn extremes_round_trip(subject: &Subject) {
    let hub = random_hub();
    let ticks = (0..15)
        .map(|n| tick(n * 60_000, &[(0, MOST_JOULES), (1, -MOST_JOULES), (2, MOST_JOULES - 1), (3, -1)]))
        .collect();
    let sent = container(hub, 60, ticks);
    subject.write(std::slice::from_ref(&sent)).await;
    assert_eq!(subject.day(hub).await, stored(&sent));
    let sums = subject.query.quarter_hours(hub, day()).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sums[0].sums[0].energy, Joules(15 * MOST_JOULES));
    assert_eq!(sums[1].sums[0].energy, Joules(-15 * MOST_JOULES));
    subject.assert_sums(hub, day()).await;
}

async fn the_same_again_changes_nothing(subject: &Subject) {
    let hub = random_hub();
    let sent = random_container(hub, 1, 10, 0, 100);
    subject.write(std::slice::from_ref(&sent)).await;
    let before = subject.day(hub).await;
    subject.write(std::slice::from_ref(&sent)).await;
    subject.write(&[sent.clone(), sent.clone()]).await;
    assert_eq!(subject.day(hub).await, before);
    assert_eq!(before, stored(&sent));
    subject.assert_sums(hub, day()).await;
}

async fn another_value_replaces(subject: &Subject) {
    let hub = random_hub();
    subject.write(&[container(hub, 10, vec![tick(0, &[(0, 1), (1, 2)]), tick(10_000, &[(0, 3)])])]).await;
    subject.write(&[container(hub, 10, vec![tick(0, &[(1, -9)])])]).await;
    let expected = container(hub, 10, vec![tick(0, &[(0, 1), (1, -9)]), tick(10_000, &[(0, 3)])]);
    assert_eq!(subject.day(hub).await, stored(&expected));
}

async fn further_sockets_of_a_tick_are_added(subject: &Subject) {
    let hub = random_hub();
    subject.write(&[container(hub, 10, vec![tick(0, &[(5, 50)]), tick(10_000, &[(5, 51)])])]).await;
    // Below, between and above; and a tick in between that was not there.
    subject.write(&[container(hub, 10, vec![tick(0, &[(0, 1), (9, 90)]), tick(20_000, &[(1, 4)])])]).await;
    subject.write(&[container(hub, 10, vec![tick(0, &[(7, 70)])])]).await;
    let expected = container(
        hub,
        10,
        vec![
            tick(0, &[(0, 1), (5, 50), (7, 70), (9, 90)]),
            tick(10_000, &[(5, 51)]),
            tick(20_000, &[(1, 4)]),
        ],
    );
    assert_eq!(subject.day(hub).await, stored(&expected));
}

async fn later_containers_of_one_call_win(subject: &Subject) {
    let (hub, other) = (random_hub(), random_hub());
    let parts = [
        container(hub, 10, vec![tick(0, &[(0, 1), (1, 2)]), tick(10_000, &[(0, 3)])]),
        container(other, 10, vec![tick(0, &[(0, 77)])]),
        container(hub, 10, vec![tick(0, &[(1, 20), (2, 30)])]),
        container(hub, 10, vec![tick(0, &[(2, 31)])]),
    ];
    subject.write(&parts).await;
    let expected = container(hub, 10, vec![tick(0, &[(0, 1), (1, 20), (2, 31)]), tick(10_000, &[(0, 3)])]);
    assert_eq!(subject.day(hub).await, stored(&expected));
    // The same over what is there already.
    subject.write(&[parts[2].clone(), parts[0].clone()]).await;
    let expected = container(hub, 10, vec![tick(0, &[(0, 1), (1, 2), (2, 30)]), tick(10_000, &[(0, 3)])]);
    assert_eq!(subject.day(hub).await, stored(&expected));
}

async fn ranges_are_half_open(subject: &Subject) {
    let hub = random_hub();
    let quarter = QUARTER_HOUR_MILLIS;
    let sent =
        container(hub, 1, [-1_000, 0, quarter - 1_000, quarter].map(|at| tick(at, &[(0, at)])).to_vec());
    subject.write(&[sent]).await;
    let starts = async |from: i64, to: i64| {
        let ticks = subject.ticks(hub, TimeRange::new(at(from), at(to))).await;
        ticks.iter().map(|tick| tick.start.millis_since(RECORDED_DAY)).collect::<Vec<_>>()
    };
    assert_eq!(starts(0, quarter).await, [0, quarter - 1_000]);
    assert_eq!(starts(-1_000, quarter + 1).await, [-1_000, 0, quarter - 1_000, quarter]);
    assert_eq!(starts(1, quarter - 1_000).await, [0; 0]);
    assert_eq!(starts(0, 1).await, [0]);

    let range = TimeRange::new(at(0), at(quarter));
    let sums = subject.query.quarter_hours(hub, range).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sums.len(), 1);
    assert_eq!(sums[0].sums.len(), 1);
    assert_eq!(sums[0].sums[0].energy, Joules(quarter - 1_000));
    assert_eq!(sums[0].sums[0].measured_millis, 2_000);
}

async fn an_empty_range_is_empty(subject: &Subject) {
    let hub = random_hub();
    subject.write(&[container(hub, 10, vec![tick(0, &[(0, 1)])])]).await;
    for range in [TimeRange::new(at(0), at(0)), TimeRange::new(at(QUARTER_HOUR_MILLIS), at(0))] {
        assert_eq!(subject.ticks(hub, range).await, []);
        assert!(subject.query.quarter_hours(hub, range).await.is_ok_and(|sums| sums.is_empty()));
    }
}

/// However they were written.
async fn ticks_come_in_order_of_time(subject: &Subject) {
    let hub = random_hub();
    let parts: Vec<Container> =
        (0..20u32).map(|n| random_container(hub, n.into(), 10, i64::from(n) * 3_600_000, 30)).collect();
    for part in parts.iter().rev() {
        subject.write(std::slice::from_ref(part)).await;
    }
    let expected: Vec<StoredTick> = parts.iter().flat_map(stored).collect();
    assert_eq!(subject.day(hub).await, expected);
    subject.assert_sums(hub, day()).await;
    // A month around it holds nothing more.
    let wide = TimeRange::new(at(-40 * DAY_MILLIS), at(40 * DAY_MILLIS));
    assert_eq!(subject.ticks(hub, wide).await, expected);
    subject.assert_sums(hub, wide).await;
}

async fn quarter_hours_are_the_sums_of_their_ticks(subject: &Subject) {
    let hub = random_hub();
    // Two hours with gaps, and an hour of it later in the day.
    subject
        .write(&[random_container(hub, 2, 10, 0, 720), random_container(hub, 3, 10, 50_000_000, 360)])
        .await;
    subject.assert_sums(hub, day()).await;
    let hour = TimeRange::new(at(QUARTER_HOUR_MILLIS), at(5 * QUARTER_HOUR_MILLIS));
    subject.assert_sums(hub, hour).await;
    let sums = subject.query.quarter_hours(hub, hour).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(!sums.is_empty());
    assert!(sums.iter().all(|socket| socket.sums.iter().all(|sum| hour.contains(sum.start))));
    assert!(sums.is_sorted_by_key(|socket| socket.socket));
}

/// Somebody changed the tick length while the quarter hour ran.
async fn tick_lengths_may_mix_in_a_quarter_hour(subject: &Subject) {
    let hub = random_hub();
    let parts = [
        container(hub, 10, vec![tick(0, &[(0, 100), (1, 5)]), tick(10_000, &[(0, 200)])]),
        container(hub, 1, vec![tick(20_000, &[(0, 90)]), tick(21_000, &[(0, -1), (1, 7)])]),
        container(hub, 60, vec![tick(60_000, &[(0, 600)]), tick(QUARTER_HOUR_MILLIS, &[(0, 60)])]),
    ];
    subject.write(&parts).await;
    let sums = subject.query.quarter_hours(hub, day()).await.unwrap_or_else(|error| panic!("{error}"));
    let first = sums[0].sums[0];
    assert_eq!(first.energy, Joules(989));
    assert_eq!(first.measured_millis, 82_000);
    // 90 J in one second, though 600 J is more.
    assert_eq!(first.peak.0, 90_000);
    assert_eq!(sums[1].sums[0].measured_millis, 11_000);
    subject.assert_sums(hub, day()).await;
}

async fn sums_agree_with_what_replaced_it(subject: &Subject) {
    let hub = random_hub();
    subject.write(&[random_container(hub, 4, 10, 0, 200)]).await;
    subject.assert_sums(hub, day()).await;
    subject.write(&[random_container(hub, 5, 10, 0, 200)]).await;
    subject.assert_sums(hub, day()).await;
}

async fn an_unknown_hub_has_nothing(subject: &Subject) {
    let hub = random_hub();
    assert_eq!(subject.day(hub).await, []);
    let sums = subject.query.quarter_hours(hub, day()).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sums, []);
}

async fn hubs_do_not_mix(subject: &Subject) {
    let (one, two) = (random_hub(), random_hub());
    let parts = [random_container(one, 6, 10, 0, 100), random_container(two, 7, 10, 0, 100)];
    subject.write(&parts).await;
    assert_eq!(subject.day(one).await, stored(&parts[0]));
    assert_eq!(subject.day(two).await, stored(&parts[1]));
    subject.assert_sums(one, day()).await;
}

async fn nothing_is_written_and_that_is_fine(subject: &Subject) {
    subject.write(&[]).await;
}

async fn a_day_of_34_sockets_fits_one_call(subject: &Subject) {
    let hub = random_hub();
    let day_of_34 = a_day(hub, 34);
    subject.write(&day_of_34).await;
    let expected: Vec<StoredTick> = day_of_34.iter().flat_map(stored).collect();
    assert_eq!(expected.len(), 8_640);
    assert_eq!(subject.day(hub).await, expected);
    let sums = subject.query.quarter_hours(hub, day()).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sums.len(), 34);
    assert_eq!(sums, sum_quarter_hours(&expected));
}

async fn writers_do_not_get_in_each_others_way(subject: &Subject) {
    let shared = random_hub();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..8u8 {
        let subject = subject.clone();
        writers.spawn(async move {
            let own = random_hub();
            let sent = random_container(own, u64::from(n), 10, 0, 60);
            // Everybody adds a socket of its own to the same ticks.
            let ticks = (0..60).map(|at| tick(at * 10_000, &[(n, i64::from(n) + at)])).collect();
            subject.write(&[sent.clone(), container(shared, 10, ticks)]).await;
            assert_eq!(subject.day(own).await, stored(&sent));
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap_or_else(|error| panic!("{error}"));
    }
    let all = subject.day(shared).await;
    assert_eq!(all.len(), 60);
    for (tick, at) in all.iter().zip(0..) {
        let expected: Vec<i64> = (0..8).map(|n| n + at).collect();
        assert_eq!(tick.energy.values(), expected);
        assert_eq!(tick.energy.mask(), 0xff);
    }
}

/// A day of 10 s ticks in containers of six, for those who also measure.
pub fn a_day(hub: HubId, sockets: u8) -> Vec<Container> {
    let mut random = StdRng::seed_from_u64(34);
    (0..1_440)
        .map(|minute| {
            let ticks = (0..6).map(|n| {
                let energy = (0..sockets)
                    .filter_map(|number| Some((SocketNumber::new(number).ok()?, usual(&mut random))))
                    .collect();
                TickEnergy { start: at(minute * 60_000 + n * 10_000), energy }
            });
            Container {
                hub,
                sequence: u64::try_from(minute).unwrap_or_default() + 1,
                tick_length: TickLength::DEFAULT,
                ticks: ticks.collect(),
            }
        })
        .collect()
}

/// The recorded day.
pub fn day() -> TimeRange {
    TimeRange::new(at(0), at(DAY_MILLIS))
}

/// Mostly nearly idle, now and then a kettle.
fn usual(random: &mut StdRng) -> Joules {
    Joules(if random.random_ratio(1, 20) {
        random.random_range(-8_000..30_000)
    } else {
        random.random_range(0..40)
    })
}

/// Ticks from `begin` ms into the day, with gaps of ticks and of sockets.
fn random_container(hub: HubId, seed: u64, secs: u32, begin: i64, ticks: i64) -> Container {
    let mut random = StdRng::seed_from_u64(seed);
    let millis = i64::from(secs) * 1_000;
    let ticks = (0..ticks)
        .filter_map(|n| {
            let mask = random.random::<u64>() & random.random::<u64>() & random.random::<u64>();
            let energy: SocketJoules =
                SocketNumber::in_mask(mask).map(|socket| (socket, usual(&mut random))).collect();
            let start = at(begin + n * millis);
            (!energy.is_empty() && random.random_ratio(9, 10)).then_some(TickEnergy { start, energy })
        })
        .collect();
    container(hub, secs, ticks)
}

fn container(hub: HubId, secs: u32, ticks: Vec<TickEnergy>) -> Container {
    let tick_length = TickLength::from_secs(secs).unwrap_or_else(|error| panic!("{error}"));
    Container { hub, sequence: 1, tick_length, ticks }
}

/// `millis` into the recorded day.
const fn at(millis: i64) -> UtcMillis {
    RECORDED_DAY.plus_millis(millis)
}

fn tick(millis: i64, values: &[(u8, i64)]) -> TickEnergy {
    let energy = values
        .iter()
        .map(|&(n, joules)| (SocketNumber::new(n).unwrap_or_else(|error| panic!("{error}")), Joules(joules)))
        .collect();
    TickEnergy { start: at(millis), energy }
}

/// What a store that has only this must give.
fn stored(container: &Container) -> Vec<StoredTick> {
    let tick = |tick: &TickEnergy| StoredTick {
        start: tick.start,
        length: container.tick_length,
        energy: tick.energy.clone(),
    };
    container.ticks.iter().map(tick).collect()
}
