use proptest::prelude::*;

use super::*;
use crate::container::SocketJoules;
use crate::ids::SocketNumber;
use crate::measurement::{StoredTick, sum_quarter_hours};
use crate::registry::Succession;
use crate::rollup::{Roller, UtcDay};
use crate::time::TickLength;

const QUARTER: i64 = QUARTER_HOUR_MILLIS;

fn key(number: u8) -> SocketKey {
    SocketKey { hub: HubId::from_bytes([1; 16]), socket: SocketNumber::new(number).unwrap() }
}

/// Whole minutes of the quarter hours `from` to `to`, one joule a minute more for each socket.
fn ticks(number: u8, quarters: std::ops::Range<i64>) -> Vec<StoredTick> {
    (quarters.start * 15..quarters.end * 15)
        .map(|minute| StoredTick {
            start: UtcMillis(minute * 60_000),
            length: TickLength::from_secs(60).unwrap(),
            energy: SocketJoules::from_iter([(key(number).socket, Joules(i64::from(number) + 1))]),
        })
        .collect()
}

fn rolled(number: u8, quarters: std::ops::Range<i64>) -> DayRollup {
    let mut roller = Roller::new(key(number).hub, UtcDay(0));
    for tick in &ticks(number, quarters) {
        roller.push(tick);
    }
    roller.finish(UtcDay(0).next().start())
}

fn edges(quarters: &[i64]) -> Vec<UtcMillis> {
    quarters.iter().map(|quarter| UtcMillis(quarter * QUARTER)).collect()
}

fn always() -> TimeRange {
    TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX))
}

fn carried_on(from: u8, into: u8, until_quarter: Option<i64>) -> HomeSettings {
    let succession = Succession {
        hub: key(from).hub,
        socket: key(from).socket,
        into_hub: key(into).hub,
        into_socket: key(into).socket,
        until: until_quarter.map(|quarter| quarter * QUARTER / 1_000),
    };
    HomeSettings { successions: vec![succession], ..HomeSettings::default() }
}

#[test]
fn days_and_sums_come_to_the_same() {
    let mut from_sums = UsageBuilder::new(edges(&[1, 3, 50, 96]), UtcMillis(i64::MAX));
    from_sums.add_sums(key(0).hub, &sum_quarter_hours(&ticks(3, 0..90)));
    let mut from_days = UsageBuilder::new(edges(&[1, 3, 50, 96]), UtcMillis(i64::MAX));
    from_days.add_day(&rolled(3, 0..90), always());
    assert_eq!(from_days.finish(), from_sums.finish());
}

#[test]
fn only_what_starts_within_is_taken() {
    let mut builder = UsageBuilder::new(edges(&[0, 96]), UtcMillis(i64::MAX));
    builder.add_day(&rolled(0, 0..96), TimeRange::new(UtcMillis(QUARTER), UtcMillis(3 * QUARTER)));
    let usage = builder.finish();
    assert_eq!(usage.total(), Joules(30));
    assert_eq!(usage.sockets[0].seen, TimeRange::new(UtcMillis(QUARTER), UtcMillis(3 * QUARTER)));
}

#[test]
fn a_plug_that_was_replaced_hands_its_history_over() {
    let home = carried_on(0, 1, Some(4));
    let mut builder = UsageBuilder::new(edges(&[0, 4, 8]), UtcMillis(8 * QUARTER)).for_home(&home);
    // The old plug goes on elsewhere afterwards.
    builder.add_day(&rolled(0, 0..8), always());
    builder.add_day(&rolled(1, 4..8), always());
    let usage = builder.finish();
    assert_eq!(usage.sockets.iter().map(|socket| socket.socket.get()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(usage.sockets[0].energy, [None, Some(Joules(60))]);
    assert_eq!(usage.sockets[1].energy, [Some(Joules(60)), Some(Joules(120))]);
    assert!((usage.total_coverage(&usage.sockets[1]) - 1.0).abs() < 1e-9);
    assert_eq!(usage.total(), Joules(240));
}

#[test]
fn merged_sockets_are_one_and_both_must_be_measured() {
    let home = carried_on(0, 1, None);
    let mut builder = UsageBuilder::new(edges(&[0, 4, 8, 12]), UtcMillis(12 * QUARTER)).for_home(&home);
    builder.add_day(&rolled(0, 0..8), always());
    builder.add_day(&rolled(1, 0..6), always());
    let usage = builder.finish();
    assert_eq!(usage.sockets.len(), 1);
    assert_eq!(usage.sockets[0].energy, [Some(Joules(180)), Some(Joules(120)), None]);
    let coverage: Vec<f64> = (0..3).map(|bucket| usage.coverage(&usage.sockets[0], bucket)).collect();
    assert_eq!(coverage, [1.0, 0.75, 0.0]);
}

#[test]
fn costs_add_up_and_are_none_where_no_tariff_holds() {
    let tariff = serde_json::from_str(
        r#"{ "valid_from": "1970-01-02", "name": "Flat", "bands": [{ "name": "All", "price_n": 7200000,
             "from": "00:00", "to": "24:00", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }] }"#,
    )
    .unwrap();
    let zone = "Africa/Abidjan".parse().unwrap();
    let range = TimeRange::new(UtcMillis(0), UtcDay(2).start());
    let prices = Prices::new(&[tariff], &zone, range);
    let mut builder = UsageBuilder::new(edges(&[0, 96, 100, 104]), range.end).priced(&prices);
    builder.add_day(&rolled(0, 0..96), range);
    builder.add_sums(key(0).hub, &sum_quarter_hours(&ticks(0, 96..98)));
    let usage = builder.finish();
    let cost = usage.sockets[0].cost.clone().unwrap();
    // 2 n for a joule.
    assert_eq!(cost.buckets, [None, Some(Nano(60)), None]);
    assert_eq!((cost.total, usage.total_cost()), (Some(Nano(60)), Some(Nano(60))));
    assert_eq!(usage.bucket_cost(0), None);
}

prop_compose! {
    /// Of one day: seconds that were measured, joules, milliwatts.
    fn quarter()(secs in prop_oneof![Just(0u16), Just(900), 1..=900u16], joules in -5_000i64..5_000, peak in -100i64..100)
        -> (u16, i64, i64) {
        if secs == 0 { (0, 0, 0) } else { (secs, joules, peak) }
    }
}

proptest! {
    #[test]
    fn a_day_in_stretches_is_what_its_quarter_hours_are_one_by_one(
        columns in prop::collection::vec(quarter(), 0..=96), from in 0i64..96, length in 0i64..96, edge in 1i64..95,
    ) {
        let day = DayRollup {
            hub: key(0).hub,
            day: UtcDay(1),
            quarters: u8::try_from(columns.len()).unwrap(),
            sockets: vec![SocketDay {
                socket: key(0).socket,
                measured_secs: columns.iter().map(|quarter| quarter.0).collect(),
                energy: columns.iter().map(|quarter| quarter.1).collect(),
                peak: columns.iter().map(|quarter| Milliwatts(quarter.2)).collect(),
                trough: columns.iter().map(|quarter| (quarter.2 > 0).then_some(Milliwatts(quarter.2 - 9))).collect(),
            }],
        };
        // The tariff begins within the day there.
        let zone = "Asia/Kathmandu".parse().unwrap();
        let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let tariff = serde_json::from_value(serde_json::json!({
            "valid_from": "1970-01-03", "name": "Two", "feed_in_n": 11, "bands": [
                { "name": "Day", "price_n": 34_567_890, "from": "06:00", "to": "22:00", "days": week },
                { "name": "Night", "price_n": 26_543_210, "from": "22:00", "to": "06:00", "days": week },
            ],
        })).unwrap();
        let prices = Prices::new(&[tariff], &zone, day.day.range());
        let within = TimeRange::new(day.day.start().plus_millis(from * QUARTER),
                                    day.day.start().plus_millis((from + length) * QUARTER));
        let builder = || UsageBuilder::new(edges(&[97, 96 + edge, 191]), UtcMillis(i64::MAX));
        let mut stretches = builder().priced(&prices);
        stretches.add_day(&day, within);
        let mut singly = builder().priced(&prices);
        let sums = day.sums(&day.sockets[0]).filter(|sum| within.contains(sum.start)).collect();
        singly.add_sums(day.hub, &[SocketSums { socket: key(0).socket, sums }]);
        prop_assert_eq!(stretches.finish(), singly.finish());
    }
}
