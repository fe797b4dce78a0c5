use super::*;
use crate::calendar::QUARTER_HOUR_MILLIS;
use crate::energy::Joules;
use crate::ids::{HubId, SocketNumber};
use crate::registry::{HomeSettings, Succession};
use crate::rollup::{DayRollup, SocketDay, UtcDay};
use crate::time::UtcMillis;
use crate::usage::UsageBuilder;

const QUARTERS: usize = 96;

fn always() -> TimeRange {
    TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX))
}

fn hub(number: u8) -> HubId {
    HubId::from_bytes([number; 16])
}

/// Of one socket, whose quarter hours `measured` were measured whole.
fn day(of: u8, day: i32, measured: Range<usize>) -> DayRollup {
    let secs = |quarter| if measured.contains(&quarter) { 900 } else { 0 };
    let socket = SocketDay {
        socket: SocketNumber::new(0).unwrap(),
        measured_secs: (0..QUARTERS).map(secs).collect(),
        energy: vec![0; QUARTERS],
        peak: Vec::new(),
        trough: Vec::new(),
    };
    DayRollup { hub: hub(of), day: UtcDay(day), quarters: 96, sockets: vec![socket] }
}

/// The days from the one until the other as buckets, at the end of the last day.
fn usage(days: Range<i32>, now: UtcMillis, measured: &[DayRollup]) -> Usage {
    built(UsageBuilder::new(edges(days), now), measured)
}

fn edges(days: Range<i32>) -> Vec<UtcMillis> {
    (days.start..=days.end).map(|day| UtcDay(day).start()).collect()
}

fn built(mut builder: UsageBuilder<'_>, measured: &[DayRollup]) -> Usage {
    for day in measured {
        if builder.range().intersection(&day.day.range()).is_empty() {
            builder.see_day(day, always());
        } else {
            builder.add_day(day, always());
        }
    }
    builder.finish()
}

fn coverage(usage: &Usage) -> Vec<f64> {
    (0..usage.bucket_count()).map(|bucket| usage.home_bucket_coverage(bucket)).collect()
}

#[test]
fn a_plug_that_is_new_says_nothing_of_the_days_before_it() {
    let measured = [day(1, 0, 0..96), day(1, 1, 0..96), day(1, 2, 0..96), day(2, 2, 48..96)];
    let usage = usage(0..3, UtcDay(3).start(), &measured);
    assert_eq!(coverage(&usage), [1.0, 1.0, 1.0]);
    assert!((usage.home_coverage() - 1.0).abs() < 1e-12);
    // Of itself half a day in three was measured.
    assert!((usage.total_coverage(&usage.sockets[1]) - 1.0 / 6.0).abs() < 1e-12);
}

#[test]
fn a_plug_that_was_put_away_is_missed_for_a_week_and_then_not_any_more() {
    let mut measured: Vec<DayRollup> = (0..20).map(|n| day(1, n, 0..96)).collect();
    measured.extend((0..10).map(|n| day(2, n, 0..96)));
    let a_week_later = usage(8..17, UtcDay(17).start(), &measured);
    assert_eq!(coverage(&a_week_later), [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    let a_day_after_that = usage(8..18, UtcDay(18).start(), &measured);
    assert_eq!(coverage(&a_day_after_that), [1.0; 10]);
}

#[test]
fn a_hub_that_is_dark_all_day_is_missed_that_day() {
    let measured = [day(1, 0, 0..96), day(2, 0, 0..96), day(1, 1, 0..96), day(1, 2, 0..96), day(2, 2, 0..96)];
    let now = UtcDay(3).start();
    assert_eq!(coverage(&usage(0..3, now, &measured)), [1.0, 0.5, 1.0]);
    let alone = usage(1..2, now, &measured);
    assert_eq!(coverage(&alone), [0.5]);
    assert_eq!(alone.absent.iter().map(|absent| absent.hub).collect::<Vec<_>>(), [hub(2)]);
    assert_eq!(alone.sockets.len(), 1);
    // Also while it is not back yet, and as long as nothing came at all.
    assert_eq!(coverage(&usage(1..2, UtcDay(2).start(), &measured[..3])), [0.5]);
    assert_eq!(coverage(&usage(1..2, UtcDay(2).start(), &measured[..2])), [0.0]);
}

#[test]
fn time_in_which_nothing_is_expected_was_not_measured() {
    // The home's first hub was set up at noon.
    let measured = [day(1, 1, 48..96), day(1, 2, 0..96), day(2, 2, 48..96)];
    let usage = usage(0..3, UtcDay(3).start(), &measured);
    assert_eq!(coverage(&usage), [0.0, 0.5, 1.0]);
    assert!((usage.home_coverage() - 0.5).abs() < 1e-12);
}

#[test]
fn of_one_socket_it_is_what_its_own_coverage_is() {
    let measured = [day(1, 0, 10..96), day(1, 1, 0..20), day(2, 0, 0..96), day(2, 1, 0..96)];
    let mut usage = usage(0..2, UtcDay(2).start(), &measured);
    usage.retain(|of, _| of == hub(1));
    assert_eq!(usage.sockets.len(), 1);
    for bucket in 0..2 {
        let own = usage.coverage(&usage.sockets[0], bucket);
        assert!((usage.home_bucket_coverage(bucket) - own).abs() < 1e-12, "{bucket}");
    }
    assert!((usage.home_coverage() - usage.total_coverage(&usage.sockets[0])).abs() < 1e-12);
}

#[test]
fn a_hub_that_moved_out_is_not_missed() {
    let measured = [day(1, 0, 0..96), day(1, 1, 0..96), day(2, 0, 0..96)];
    let mut builder = UsageBuilder::new(edges(0..2), UtcDay(2).start());
    builder.hub_gone(hub(2), UtcDay(1).start());
    assert_eq!(coverage(&built(builder, &measured)), [1.0, 1.0]);
}

#[test]
fn what_carries_on_is_expected_as_one_and_what_was_merged_as_two() {
    let succession = |until: Option<i64>| HomeSettings {
        successions: vec![Succession {
            hub: hub(1),
            socket: SocketNumber::new(0).unwrap(),
            into_hub: hub(2),
            into_socket: SocketNumber::new(0).unwrap(),
            until,
        }],
        ..HomeSettings::default()
    };
    let of = |home: &HomeSettings, measured: &[DayRollup]| {
        coverage(&built(UsageBuilder::new(edges(0..4), UtcDay(4).start()).for_home(home), measured))
    };
    // Replaced at the start of the third day, after it had been dead for one.
    let replaced = succession(Some(UtcDay(2).start().secs()));
    let measured = [day(1, 0, 0..96), day(2, 2, 0..96), day(2, 3, 0..96)];
    assert_eq!(of(&replaced, &measured), [1.0, 0.0, 1.0, 1.0]);
    // One of two that are one is dead.
    let both = [day(1, 0, 0..96), day(2, 0, 0..96), day(2, 1, 0..96), day(2, 2, 0..96), day(2, 3, 0..96)];
    assert_eq!(of(&succession(None), &both), [1.0, 0.5, 0.5, 0.5]);
}

#[test]
fn what_is_fed_in_is_the_quarter_hours_that_give_more_than_they_take() {
    let mut sunny = day(1, 0, 0..96);
    sunny.sockets[0].energy[10] = 500;
    sunny.sockets[0].energy[50] = -300;
    sunny.sockets[0].energy[51] = -20;
    let usage = usage(0..2, UtcDay(2).start(), &[sunny, day(1, 1, 0..96)]);
    assert_eq!(usage.total(), Joules(180));
    assert_eq!(usage.sockets[0].exported, [Joules(320), Joules(0)]);
    let sums = crate::measurement::SocketSums {
        socket: SocketNumber::new(0).unwrap(),
        sums: day(1, 0, 0..2).sums(&day(1, 0, 0..2).sockets[0]).map(|sum| sold(sum, -7)).collect(),
    };
    let mut builder = UsageBuilder::new(vec![UtcMillis(0), UtcMillis(2 * QUARTER_HOUR_MILLIS)], UtcMillis(0));
    builder.add_sums(hub(1), &[sums]);
    assert_eq!(builder.finish().sockets[0].exported, [Joules(14)]);
}

fn sold(sum: crate::measurement::BucketSum, joules: i64) -> crate::measurement::BucketSum {
    crate::measurement::BucketSum { energy: Joules(joules), ..sum }
}
