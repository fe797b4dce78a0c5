use proptest::prelude::*;

use super::*;
use crate::energy::Joules;

fn socket(number: u8) -> SocketNumber {
    SocketNumber::new(number).unwrap()
}

fn at(secs: i64) -> UtcMillis {
    UtcMillis::from_secs(secs)
}

/// Feeds (seconds, watts) of socket 0 and then lets the time run to `end`.
fn run(readings: &[(i64, i64)], end: i64) -> Vec<(i64, i64)> {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    let mut ticks = Vec::new();
    let mut take = |ticker: &mut Ticker, to: i64| {
        while let Some(tick) = ticker.advance(at(to)) {
            ticks.push((tick.start.secs(), tick.energy.get(socket(0)).unwrap().0));
        }
    };
    for &(secs, watts) in readings {
        take(&mut ticker, secs);
        ticker.reading(socket(0), at(secs), Milliwatts::from_watts(watts)).unwrap();
    }
    take(&mut ticker, end);
    ticks
}

#[test]
fn a_reading_holds_until_the_next() {
    assert_eq!(run(&[(0, 100), (4, 50), (10, 0), (20, 0)], 20), [(0, 700), (10, 0)]);
}

#[test]
fn what_is_beyond_the_hold_is_a_gap() {
    // 80 W, an outage of 50 minutes, then 2,400 W: 80 W for 30 s, never 2,400 W for 50 minutes.
    let ticks = run(&[(0, 80), (3_000, 2_400), (3_010, 0)], 3_010);
    assert_eq!(ticks, [(0, 800), (10, 800), (20, 800), (3_000, 24_000)]);
}

#[test]
fn the_hold_may_end_inside_a_tick() {
    assert_eq!(run(&[(5, 100)], 60), [(0, 500), (10, 1_000), (20, 1_000), (30, 500)]);
}

#[test]
fn the_last_of_several_readings_of_one_second_counts() {
    assert_eq!(run(&[(0, 100), (0, 900), (0, 200), (10, 0)], 10), [(0, 2_000)]);
}

#[test]
fn the_rest_is_carried_over_a_gap() {
    let mut ticker = Ticker::new(TickLength::from_secs(1).unwrap(), Duration::from_secs(1));
    let mut total = 0;
    for n in 0..10 {
        let now = at(n * 5);
        while let Some(tick) = ticker.advance(now) {
            total += tick.energy.total().0;
        }
        ticker.reading(socket(3), now, Milliwatts(700)).unwrap();
    }
    while let Some(tick) = ticker.advance(at(100)) {
        total += tick.energy.total().0;
    }
    assert_eq!(total, 7, "ten seconds of 0.7 W");
}

#[test]
fn late_and_implausible_readings_are_refused_by_name() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    ticker.reading(socket(0), at(100), Milliwatts(1)).unwrap();
    assert!(matches!(ticker.reading(socket(1), at(99), Milliwatts(1)), Err(RefusedReading::Late { .. })));
    let glitch = Milliwatts::from_watts(-8_388_608);
    assert_eq!(ticker.reading(socket(0), at(101), glitch), Err(RefusedReading::Implausible(glitch)));
}

#[test]
fn export_is_negative_and_as_exact() {
    let ticks = run(&[(0, -250), (10, -250), (20, 0)], 20);
    assert_eq!(ticks, [(0, -2_500), (10, -2_500)]);
}

/// Ticks and energy of a whole trace, by the definition instead of step by step: the cumulative energy is
/// integrated millisecond-exactly, floored at each tick's end.
fn by_definition(readings: &[(i64, i64)], end: i64, hold: i64, length: i64) -> Vec<(i64, i64)> {
    let cumulative = |to: i64| -> (i128, i64) {
        let (mut energy, mut observed) = (0i128, 0i64);
        for (n, &(from, milliwatts)) in readings.iter().enumerate() {
            let next = readings.get(n + 1).map_or(i64::MAX, |r| r.0);
            let until = next.min(from + hold).min(to);
            if until > from {
                energy += i128::from(milliwatts) * i128::from(until - from);
                observed += until - from;
            }
        }
        (energy, observed)
    };
    let mut ticks = Vec::new();
    let mut start = 0;
    while start + length <= end {
        let (before, seen_before) = cumulative(start);
        let (after, seen_after) = cumulative(start + length);
        if seen_after > seen_before {
            let joules = after.div_euclid(1_000_000) - before.div_euclid(1_000_000);
            ticks.push((start, i64::try_from(joules).unwrap()));
        }
        start += length;
    }
    ticks
}

proptest! {
    #[test]
    fn any_trace_gives_what_the_definition_says_and_survives_any_restart(
        steps in prop::collection::vec((0i64..90_000, -5_000_000i64..5_000_000), 1..60),
        restart in 0usize..60,
        hold in prop::sample::select(vec![1_000i64, 7_500, 30_000, 60_000]),
        length in prop::sample::select(vec![1u32, 10, 60]),
    ) {
        let mut now = 0;
        let readings: Vec<(i64, i64)> = steps.iter().map(|&(gap, power)| { now += gap; (now, power) }).collect();
        let end = now + 200_000;
        let length = TickLength::from_secs(length).unwrap();
        let fresh = || Ticker::new(length, Duration::from_millis(hold.unsigned_abs()));

        let mut ticker = fresh();
        let mut ticks = Vec::new();
        let mut checkpoint = None;
        for (n, &(millis, power)) in readings.iter().enumerate() {
            while let Some(tick) = ticker.advance(UtcMillis(millis)) {
                ticks.push((tick.start.0, tick.energy.get(socket(5)).unwrap().0));
                checkpoint = ticker.checkpoint();
            }
            if n == restart && let Some(saved) = &checkpoint {
                ticker = fresh().resumed(saved);
                for &(millis, power) in readings[..n].iter().filter(|r| r.0 >= saved.booked_until.0 - hold) {
                    prop_assert_eq!(ticker.advance(UtcMillis(millis)), None);
                    ticker.reading(socket(5), UtcMillis(millis), Milliwatts(power)).unwrap();
                }
                prop_assert_eq!(ticker.advance(UtcMillis(millis)), None);
            }
            ticker.reading(socket(5), UtcMillis(millis), Milliwatts(power)).unwrap();
        }
        while let Some(tick) = ticker.advance(UtcMillis(end)) {
            ticks.push((tick.start.0, tick.energy.get(socket(5)).unwrap().0));
        }
        prop_assert_eq!(ticks, by_definition(&readings, end, hold, length.millis_i64()));
    }
}

#[test]
fn joules_of_a_tick_are_per_socket() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    ticker.reading(socket(0), at(0), Milliwatts::from_watts(10)).unwrap();
    ticker.reading(socket(63), at(5), Milliwatts::from_watts(20)).unwrap();
    let tick = ticker.advance(at(10)).unwrap();
    assert_eq!(
        tick.energy.iter().map(|(s, j)| (s.get(), j)).collect::<Vec<_>>(),
        [(0, Joules(100)), (63, Joules(100))]
    );
}

#[test]
fn longer_ticks_after_a_restart_do_not_replace_booked_ones() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    ticker.reading(socket(0), at(60), Milliwatts::from_watts(10)).unwrap();
    assert_eq!(ticker.advance(at(70)).unwrap().start, at(60));
    let checkpoint = ticker.checkpoint().unwrap();
    assert_eq!(checkpoint.booked_until, at(70));

    let mut ticker = Ticker::new(TickLength::from_secs(60).unwrap(), DEFAULT_HOLD).resumed(&checkpoint);
    let mut ticks = Vec::new();
    for secs in (60..=180).step_by(10) {
        while let Some(tick) = ticker.advance(at(secs)) {
            ticks.push((tick.start.secs(), tick.energy.total().0));
        }
        ticker.reading(socket(0), at(secs), Milliwatts::from_watts(10)).unwrap();
    }
    assert_eq!(ticks, [(120, 600)], "70 s to 120 s is a gap");
}

#[test]
fn a_reading_from_before_a_gap_that_is_passed_is_late() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, Duration::from_secs(10));
    ticker.reading(socket(0), at(0), Milliwatts::from_watts(10)).unwrap();
    assert_eq!(ticker.advance(at(105)).unwrap().start, at(0));
    assert_eq!(ticker.advance(at(105)), None);
    let late = RefusedReading::Late { at: at(50), newest: at(105) };
    assert_eq!(ticker.reading(socket(0), at(50), Milliwatts::from_watts(10)), Err(late));
    ticker.reading(socket(0), at(105), Milliwatts::from_watts(10)).unwrap();
}
