use std::sync::atomic::{AtomicI64, Ordering};

use domain::{SocketNumber, TimeRange};

use super::*;
use crate::Unbooked;

const WATT_HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const BEGIN: UtcMillis = UtcMillis(1_800_000_000_000);

/// It goes on when the test says so.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> UtcMillis {
        UtcMillis(self.0.load(Ordering::Relaxed))
    }
}

/// A hub with one plug.
struct Hub {
    home: Home,
    health: Arc<Health>,
    hands: Arc<Hands>,
}

impl Hub {
    fn new(counted: &[Counted]) -> Self {
        let entry = Entry {
            socket: SocketNumber::new(3).ok(),
            shelly2: toml::from_str("prefix = \"plug\"").ok(),
            ..Entry::default()
        };
        let (health, hands) = (Arc::new(Health::default()), Arc::new(Hands(AtomicI64::new(BEGIN.0))));
        let (_, inbox) = crate::outbox::channel();
        let entries = [entry];
        health.begin(&entries);
        let hold = Duration::from_secs(30);
        let clock: Arc<dyn Clock> = Arc::clone(&hands) as _;
        let home = Home::new(&entries, counted, hold, clock, Arc::clone(&health), inbox);
        Self { home, health, hands }
    }

    /// What is told when its counter is read so many milliseconds after the beginning.
    fn counts(&mut self, millis: i64, watt_hours: i64) -> Vec<Observation> {
        self.hands.0.store(BEGIN.0 + millis, Ordering::Relaxed);
        let reading = Reading { power: None, count: Some(Microjoules(watt_hours * WATT_HOUR)) };
        let mut told = Vec::new();
        self.home.open(Letter { meter: 0, news: News::Reading(reading) }, &mut told);
        told
    }

    fn state(&self) -> crate::MeterState {
        self.health.snapshot().remove(0)
    }
}

#[test]
fn a_counter_that_is_read_regularly_is_no_estimate_and_one_that_spans_a_gap_is() {
    let mut hub = Hub::new(&[]);
    for tenth in 0..10 {
        hub.counts(tenth * 10_000, 1_000 + tenth);
    }
    assert_eq!(hub.state().spread, None);
    assert_eq!(hub.counts(90_000 + 20 * MINUTE, 1_200).len(), 1);
    let gap = TimeRange::new(BEGIN.plus_millis(90_000), BEGIN.plus_millis(90_000 + 20 * MINUTE));
    assert_eq!(hub.state().spread, Some(gap));
    hub.counts(100_000 + 20 * MINUTE, 1_200);
    assert_eq!(hub.state().spread, Some(gap), "the last one stays");
}

#[test]
fn a_meter_that_takes_the_place_of_another_does_not_go_on_from_its_count() {
    let plug: Entry = toml::from_str("shelly2 = { prefix = \"plug\" }").unwrap();
    let before = |meter| Counted {
        socket: SocketNumber::new(3).unwrap(),
        at: BEGIN.plus_millis(-60 * MINUTE),
        count: Microjoules(10_000 * WATT_HOUR),
        tick: None,
        meter,
    };
    for same in [None, Some(plug.mark())] {
        assert_eq!(Hub::new(&[before(same)]).counts(0, 12_000).len(), 1, "{same:?}");
    }
    let other: Entry = toml::from_str("shelly2 = { prefix = \"broken\" }").unwrap();
    let mut hub = Hub::new(&[before(Some(other.mark()))]);
    assert_eq!(hub.counts(0, 12_000), []);
    let told = hub.counts(10_000, 12_001);
    assert!(matches!(told[..], [Observation::Energy { energy: Microjoules(WATT_HOUR), .. }]), "{told:?}");
}

#[test]
fn what_was_counted_in_more_than_a_week_is_not_booked_and_said_to_the_watt_hour() {
    let before = Counted {
        socket: SocketNumber::new(3).unwrap(),
        at: BEGIN.plus_millis(-8 * DAY),
        count: Microjoules(100_000 * WATT_HOUR),
        tick: None,
        meter: None,
    };
    let mut hub = Hub::new(&[before]);
    assert_eq!(hub.counts(0, 112_345), []);
    let state = hub.state();
    assert_eq!(state.unbooked, Unbooked { times: 1, energy: Microjoules(12_345 * WATT_HOUR) });
    let (_, sentence) = state.remark.unwrap();
    assert!(sentence.contains("112.345 kWh") && sentence.contains("so 12.345 kWh are not"), "{sentence}");
    assert_eq!(state.spread, None);

    // From there it goes on.
    let told = hub.counts(10_000, 112_346);
    assert!(matches!(told[..], [Observation::Energy { energy: Microjoules(WATT_HOUR), .. }]), "{told:?}");
    // An absence of seven days is spread.
    let told = hub.counts(10_000 + 7 * DAY, 113_346);
    assert!(matches!(told[..], [Observation::Energy { energy, .. }] if energy.0 == 1_000 * WATT_HOUR));
    assert_eq!(hub.state().unbooked.times, 1);
    // A second one that is too long adds to the first.
    assert_eq!(hub.counts(20_000 + 15 * DAY, 113_347), []);
    assert_eq!(hub.state().unbooked, Unbooked { times: 2, energy: Microjoules(12_346 * WATT_HOUR) });
}
