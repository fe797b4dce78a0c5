use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const JOULE: i64 = 1_000_000;

fn socket(number: u8) -> SocketNumber {
    SocketNumber::new(number).unwrap()
}

fn at(secs: i64) -> UtcMillis {
    UtcMillis::from_secs(secs)
}

/// A store: the same tick and socket from later replaces the one from before.
#[derive(Default)]
struct Stored(BTreeMap<(i64, u8), i64>);

impl Stored {
    fn put(&mut self, ticks: impl IntoIterator<Item = TickEnergy>) {
        for tick in ticks {
            for (socket, joules) in tick.energy.iter() {
                self.0.insert((tick.start.secs(), socket.get()), joules.0);
            }
        }
    }

    fn advance(&mut self, ticker: &mut Ticker, to: UtcMillis) {
        while let Some(tick) = ticker.advance(to) {
            self.put([tick]);
        }
    }

    fn of(&self, socket: u8) -> Vec<(i64, i64)> {
        self.0.iter().filter(|(key, _)| key.1 == socket).map(|(key, joules)| (key.0, *joules)).collect()
    }
}

fn counted(ticker: &mut Ticker, from: i64, to: i64, joules: i64, count: i64) -> Vec<TickEnergy> {
    let (energy, count) = (Microjoules(joules * JOULE), Microjoules(count * JOULE));
    ticker.energy(socket(0), (at(from), at(to)), energy, count).unwrap()
}

#[test]
fn a_counter_is_spread_evenly_over_the_ticks_it_spans() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    let mut stored = Stored::default();
    assert!(counted(&mut ticker, 5, 35, 300, 300).is_empty());
    stored.advance(&mut ticker, at(40));
    assert_eq!(stored.of(0), [(0, 50), (10, 100), (20, 100), (30, 50)]);
}

#[test]
fn a_counter_that_comes_after_its_ticks_were_given_out_adds_to_them() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    let mut stored = Stored::default();
    counted(&mut ticker, 0, 25, 250, 250);
    ticker.reading(socket(1), at(0), Milliwatts::from_watts(1)).unwrap();
    stored.advance(&mut ticker, at(60));
    assert_eq!(stored.of(0), [(0, 100), (10, 100), (20, 50)], "as far as it is known");
    stored.put(counted(&mut ticker, 25, 65, 80, 330));
    stored.advance(&mut ticker, at(70));
    assert_eq!(stored.of(0), [(0, 100), (10, 100), (20, 60), (30, 20), (40, 20), (50, 20), (60, 10)]);
    assert_eq!(stored.of(1), [(0, 10), (10, 10), (20, 10)], "the others stay as they were");
}

#[test]
fn a_range_that_was_told_before_is_refused() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    counted(&mut ticker, 0, 25, 250, 250);
    let energy = |ticker: &mut Ticker, from, to, micros| {
        ticker.energy(socket(0), (at(from), at(to)), Microjoules(micros), Microjoules(0)).unwrap_err()
    };
    let overlap = RefusedReading::Overlap { from: at(24), told: at(25) };
    assert_eq!(energy(&mut ticker, 24, 30, 1), overlap);
    let empty = RefusedReading::ImplausibleEnergy { energy: Microjoules(1), millis: 0 };
    assert_eq!(energy(&mut ticker, 25, 25, 1), empty);
    let lightning = 1_000_000 * JOULE + 1;
    assert!(matches!(
        energy(&mut ticker, 30, 40, lightning),
        RefusedReading::ImplausibleEnergy { millis: 10_000, .. }
    ));
}

#[test]
fn a_checkpoint_of_before_counters_can_be_read() {
    let old = r#"{"booked_until":70000,"carry":[0,5]}"#;
    let checkpoint: Checkpoint = serde_json::from_str(old).unwrap();
    assert_eq!((checkpoint.booked_until, checkpoint.counted), (at(70), Vec::new()));
}

#[test]
fn a_sensor_that_is_opened_anew_goes_on_where_the_counter_was_told_and_not_where_it_is_booked() {
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    let mut stored = Stored::default();
    counted(&mut ticker, 0, 25, 250, 250);
    stored.advance(&mut ticker, at(20));
    let booked = ticker.checkpoint().unwrap().counted[0];
    assert_eq!((booked.at, booked.count), (at(20), Microjoules(200 * JOULE)));
    let told = ticker.told()[0];
    assert_eq!((told.at, told.count), (at(25), Microjoules(250 * JOULE)));
    stored.put(counted(&mut ticker, 25, 40, 150, 400));
    stored.advance(&mut ticker, at(40));
    assert_eq!(stored.of(0), [(0, 100), (10, 100), (20, 100), (30, 100)]);
}

#[test]
fn longer_ticks_after_a_restart_do_not_replace_what_a_counter_booked() {
    // Booked until 50 s, in the middle of a long tick, and until 60 s, of which the counter told 55 s.
    for (told, booked) in [(50, 50), (55, 60)] {
        let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
        let mut stored = Stored::default();
        ticker.reading(socket(1), at(0), Milliwatts::from_watts(1)).unwrap();
        ticker.reading(socket(1), at(30), Milliwatts::from_watts(1)).unwrap();
        counted(&mut ticker, 0, told, 10 * told, 10 * told);
        stored.advance(&mut ticker, at(booked));
        let before = stored.of(0);

        let longer = || Ticker::new(TickLength::from_secs(60).unwrap(), DEFAULT_HOLD);
        let mut ticker = longer().resumed(&ticker.checkpoint().unwrap());
        stored.put(counted(&mut ticker, told, 58, 580 - 10 * told, 580));
        stored.put(counted(&mut ticker, 58, 59, 10, 590));
        // Killed once more, before the first long tick is booked.
        let mut ticker = longer().resumed(&ticker.checkpoint().unwrap());
        let anchor = ticker.told()[0];
        assert_eq!((anchor.at, anchor.count), (at(60), Microjoules(10 * told * JOULE)));
        stored.put(counted(&mut ticker, 60, 130, 1_300 - 10 * told, 1_300));
        stored.advance(&mut ticker, at(180));

        let after = stored.of(0);
        assert_eq!(after[..before.len()], before);
        assert_eq!(after.iter().map(|tick| tick.1).sum::<i64>(), 1_300);
    }
}

#[test]
fn what_a_counter_told_bears_the_mark_of_its_meter_until_another_tells() {
    let [one, other] = [1, 2].map(|mark| MeterMark::new(mark).unwrap());
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
    ticker.measured_by(socket(0), one);
    counted(&mut ticker, 0, 25, 250, 250);
    let mark = |ticker: &Ticker| ticker.checkpoint().unwrap().counted[0].meter;
    assert_eq!(mark(&ticker), Some(one));
    let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD).resumed(&ticker.checkpoint().unwrap());
    ticker.measured_by(socket(0), other);
    assert_eq!(mark(&ticker), Some(one), "it is still the count of the former");
    counted(&mut ticker, 30, 40, 100, 9_000);
    assert_eq!((mark(&ticker), ticker.told()[0].meter), (Some(other), Some(other)));
}

proptest! {
    /// However the length of the ticks changes with each new start: the joules are those of the counter.
    #[test]
    fn nothing_of_a_counter_is_lost_when_ticks_change_their_length(
        steps in prop::collection::vec((1..200_000_i64, 0..3_000_000_000_i64, 0..30_000_i64, prop::option::weighted(0.3, prop::sample::select(vec![1, 10, 60]))), 1..40),
    ) {
        let mut ticker = Ticker::new(TickLength::DEFAULT, DEFAULT_HOLD);
        let mut stored = Stored::default();
        let (mut now, mut count) = (at(100), Microjoules(0));
        let (mut told, mut told_count) = (now, count);
        for (millis, energy, lag, length) in steps {
            now = now.plus_millis(millis);
            count += Microjoules(energy.min(millis * 100_000));
            let delta = Microjoules(count.0 - told_count.0);
            match ticker.energy(socket(0), (told, now), delta, count) {
                Ok(late) => {
                    stored.put(late);
                    (told, told_count) = (now, count);
                }
                // Too much for the time since the first long tick began: it is told with the next reading.
                Err(RefusedReading::ImplausibleEnergy { .. }) => {}
                Err(refused) => panic!("{refused}"),
            }
            stored.advance(&mut ticker, now.plus_millis(-lag));
            if let Some(secs) = length {
                let checkpoint = ticker.checkpoint().unwrap();
                ticker = Ticker::new(TickLength::from_secs(secs).unwrap(), DEFAULT_HOLD).resumed(&checkpoint);
                let [anchor] = ticker.told()[..] else { panic!("one counter") };
                (told, told_count) = (anchor.at, anchor.count);
            }
        }
        now = now.max(told).plus_millis(60_000);
        let delta = Microjoules(count.0 - told_count.0);
        stored.put(ticker.energy(socket(0), (told, now), delta, count).unwrap());
        stored.advance(&mut ticker, now.plus_millis(120_000));
        prop_assert_eq!(stored.0.values().sum::<i64>(), count.0 / JOULE);
    }

    /// Whenever ticks are given out, and wherever the hub is killed: the joules are those of the counter.
    #[test]
    fn nothing_of_a_counter_is_lost_or_booked_twice(
        steps in prop::collection::vec((1..400_000_i64, 0..3_000_000_000_i64, 0..30_000_i64, prop::bool::weighted(0.1)), 1..40),
        tick in prop::sample::select(vec![1, 10, 60]),
    ) {
        let length = TickLength::from_secs(tick).unwrap();
        let mut ticker = Ticker::new(length, DEFAULT_HOLD);
        let mut stored = Stored::default();
        let begin = at(100);
        let (mut now, mut count) = (begin, Microjoules(7 * JOULE));
        let (mut told, mut told_count) = (now, count);
        for (millis, energy, lag, killed) in steps {
            now = now.plus_millis(millis);
            count += Microjoules(energy.min(millis * 100_000));
            let delta = Microjoules(count.0 - told_count.0);
            stored.put(ticker.energy(socket(0), (told, now), delta, count).unwrap());
            (told, told_count) = (now, count);
            stored.advance(&mut ticker, now.plus_millis(-lag));
            if killed {
                let checkpoint = ticker.checkpoint().unwrap();
                ticker = Ticker::new(length, DEFAULT_HOLD).resumed(&checkpoint);
                let [anchor] = checkpoint.counted[..] else { panic!("one counter") };
                prop_assert!(anchor.count.0 <= count.0);
                (told, told_count) = (anchor.at, anchor.count);
            }
        }
        if told < now {
            let delta = Microjoules(count.0 - told_count.0);
            stored.put(ticker.energy(socket(0), (told, now), delta, count).unwrap());
        }
        stored.advance(&mut ticker, now.plus_millis(60_000));
        let total: i64 = stored.0.values().sum();
        prop_assert_eq!(total, (count.0 - 7 * JOULE) / JOULE);
        let first = length.tick_of(begin).secs();
        let ticks = (now.plus_millis(-1).0.div_euclid(length.millis_i64()) * i64::from(tick) - first) / i64::from(tick) + 1;
        prop_assert_eq!(i64::try_from(stored.0.len()).unwrap(), ticks, "every tick has a value, also those of outages");
    }
}
