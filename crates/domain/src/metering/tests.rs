use proptest::prelude::*;

use super::*;

const JOULE: i64 = 1_000_000;
const WH: i64 = 3_600 * JOULE;

fn at(secs: i64) -> UtcMillis {
    UtcMillis::from_secs(secs)
}

fn meter(counter: Option<Counter>) -> SocketMeter {
    SocketMeter::new(MeterSetup {
        socket: SocketNumber::new(3).unwrap(),
        counter,
        max_power: Milliwatts::from_watts(3_680),
        feeds_in: false,
        hold: Duration::from_secs(30),
    })
}

fn counter(restart: Restart) -> Counter {
    Counter { resolution: Microjoules(WH), restart }
}

#[expect(clippy::unnecessary_wraps, reason = "as a reading has it")]
fn watts(watts: i64) -> Option<Milliwatts> {
    Some(Milliwatts::from_watts(watts))
}

#[expect(clippy::unnecessary_wraps, reason = "as a reading has it")]
fn wh(wh: i64) -> Option<Microjoules> {
    Some(Microjoules(wh * WH))
}

/// Reads (seconds, watt-hours) and gives (from, to, joules) and the remarks.
fn count(mut meter: SocketMeter, readings: &[(i64, i64)]) -> (Vec<(i64, i64, i64)>, Vec<String>) {
    let (mut energies, mut remarks) = (Vec::new(), Vec::new());
    for &(secs, count) in readings {
        let told = meter.read(at(secs), Reading { power: None, count: wh(count) });
        if let Some(Observation::Energy { from, to, energy, .. }) = told.observation {
            energies.push((from.secs(), to.secs(), energy.0 / JOULE));
        }
        remarks.extend(told.remark.map(|remark| remark.to_string()));
    }
    (energies, remarks)
}

#[test]
fn a_power_without_a_counter_is_told_as_it_is() {
    let told = meter(None).read(at(5), Reading { power: watts(42), count: None });
    let socket = SocketNumber::new(3).unwrap();
    let power = Observation::Power { socket, at: at(5), power: Milliwatts::from_watts(42) };
    assert_eq!(told, Told { observation: Some(power), remark: None });
}

#[test]
fn an_absurd_power_is_left_out_with_its_reason() {
    let told = meter(None).read(at(5), Reading { power: watts(-8_388_608), count: None });
    assert_eq!(told.observation, None);
    let sentence = "it reads -8388608 W, and no more than 3680 W can be; that reading is left out";
    assert_eq!(told.remark.unwrap().to_string(), sentence);
    let noise = meter(None).read(at(5), Reading { power: watts(-1), count: None });
    assert!(noise.observation.is_some() && noise.remark.is_none());
}

#[test]
fn a_counter_tells_what_it_gained_also_over_a_gap() {
    let (energies, remarks) =
        count(meter(Some(counter(Restart::FromSaved))), &[(0, 100), (60, 101), (7_200, 150)]);
    assert_eq!(energies, [(0, 60, 3_600), (60, 7_200, 49 * 3_600)]);
    assert!(remarks.is_empty());
}

#[test]
fn the_power_says_when_within_the_resolution_of_the_counter() {
    // 60 W are a watt-hour a minute. The counter moves once a minute, the joules flow evenly.
    let mut meter = meter(Some(counter(Restart::FromSaved)));
    let mut joules = Vec::new();
    for n in 0..=30 {
        let told = meter.read(at(n * 10), Reading { power: watts(60), count: wh(500 + n / 6) });
        if let Some(Observation::Energy { energy, .. }) = told.observation {
            joules.push(energy.0 / JOULE);
        }
    }
    assert_eq!(joules, [600; 30]);
}

#[test]
fn a_power_that_the_counter_contradicts_gives_way() {
    let mut meter = meter(Some(counter(Restart::FromSaved)));
    let mut total = 0;
    for n in 0..=360 {
        let told = meter.read(at(n * 10), Reading { power: watts(1_000), count: wh(500 + n / 36) });
        if let Some(Observation::Energy { energy, .. }) = told.observation {
            total += energy.0;
        }
    }
    assert!((9 * WH..=11 * WH).contains(&total), "10 Wh by the counter, 1,000 Wh by the power: {total}");
}

#[test]
fn a_glitch_to_zero_and_back_is_left_out() {
    let readings = [(0, 12_345), (10, 12_346), (20, 0), (30, 12_347)];
    let (energies, remarks) = count(meter(Some(counter(Restart::FromZero))), &readings);
    assert_eq!(energies, [(0, 10, 3_600), (10, 30, 3_600)]);
    assert_eq!(
        remarks[1],
        "its counter read 0.000 kWh once and then 12.347 kWh again; the odd reading is left out"
    );
}

#[test]
fn a_counter_that_begins_anew_adds_what_it_counted() {
    let readings = [(0, 1_000), (60, 1_010), (120, 3), (180, 5)];
    let (energies, remarks) = count(meter(Some(counter(Restart::FromZero))), &readings);
    assert_eq!(energies, [(0, 60, 36_000), (60, 180, 18_000)]);
    assert!(remarks[1].contains("began anew"), "{remarks:?}");
}

#[test]
fn a_counter_that_falls_back_a_little_adds_nothing() {
    let readings = [(0, 9_000), (60, 9_005), (120, 8_990), (180, 8_992)];
    let (energies, remarks) = count(meter(Some(counter(Restart::FromSaved))), &readings);
    assert_eq!(energies, [(0, 60, 18_000), (120, 180, 7_200)], "a minute is a gap");
    assert!(remarks[1].contains("went back from 9.005 kWh to 8.990 kWh"), "{remarks:?}");
}

#[test]
fn a_leap_that_no_socket_can_draw_is_not_booked() {
    let readings = [(0, 1_000), (10, 999_000), (20, 999_001)];
    let (energies, remarks) = count(meter(Some(counter(Restart::FromSaved))), &readings);
    assert_eq!(energies, [(10, 20, 3_600)]);
    assert!(remarks[0].contains("within 10 s, more than 3680 W can do"), "{remarks:?}");
    assert!(remarks[1].contains("the leap is not booked"), "{remarks:?}");
}

#[test]
fn a_fortnight_of_silence_is_not_booked() {
    let (energies, remarks) =
        count(meter(Some(counter(Restart::FromSaved))), &[(0, 1_000), (14 * 86_400, 1_500)]);
    assert!(energies.is_empty());
    assert_eq!(remarks, ["it was not heard for 14 days; what it used meanwhile is not booked"]);
}

#[test]
fn a_burst_of_messages_is_one_reading() {
    let mut meter = meter(Some(counter(Restart::FromSaved)));
    meter.read(at(0), Reading { power: watts(5), count: wh(10) });
    meter.read(UtcMillis(10_000), Reading { power: watts(5), count: wh(10) });
    let twin = meter.read(UtcMillis(10_020), Reading { power: watts(5), count: wh(10) });
    assert_eq!(twin, Told::default());
}

#[test]
fn it_goes_on_after_a_restart() {
    let socket = SocketNumber::new(3).unwrap();
    let counted = Counted { socket, at: at(100), count: Microjoules(7 * WH + 5), tick: None, meter: None };
    let mut meter = meter(Some(counter(Restart::FromSaved))).resumed(&counted);
    let told = meter.read(at(400), Reading { power: watts(10), count: wh(9) });
    let Some(Observation::Energy { from, energy, .. }) = told.observation else { panic!("{told:?}") };
    assert_eq!((from, energy), (at(100), Microjoules(2 * WH - 5)));
}

#[test]
fn what_is_fed_in_is_negative() {
    let mut meter =
        SocketMeter::new(MeterSetup { feeds_in: true, ..*meter(Some(counter(Restart::FromSaved))).setup() });
    meter.read(at(0), Reading { power: watts(-600), count: wh(100) });
    let told = meter.read(at(60), Reading { power: watts(-600), count: wh(90) });
    let Some(Observation::Energy { energy, .. }) = told.observation else { panic!("{told:?}") };
    assert_eq!(energy, Microjoules(-10 * WH));
}

proptest! {
    /// Whatever a sound counter shows and whatever the power says beside it: what is told is the counter's to a
    /// resolution, never negative, and its ranges follow one another.
    #[test]
    fn what_is_told_is_what_a_sound_counter_counted(
        steps in prop::collection::vec((500..100_000_i64, 0..=100_i64, prop::option::of(-10..5_000_i64)), 1..200),
        resolution in prop::sample::select(vec![1_000_i64, 60 * JOULE, WH, 10 * WH]),
    ) {
        let kind = Counter { resolution: Microjoules(resolution), restart: Restart::FromSaved };
        let mut meter = meter(Some(kind));
        let (mut now, mut used) = (at(0), 77 * WH);
        let shown = |used: i64| Microjoules(used / resolution * resolution);
        let begin = shown(used);
        meter.read(now, Reading { power: None, count: Some(begin) });
        let (mut total, mut until) = (0, now);
        for (millis, load, power) in steps {
            now = now.plus_millis(millis);
            used += 36_800 * load * millis;
            let power = power.and_then(watts);
            let told = meter.read(now, Reading { power, count: Some(shown(used)) });
            let Some(Observation::Energy { from, to, energy, .. }) = told.observation else {
                return Err(TestCaseError::fail(format!("nothing told: {told:?}")));
            };
            prop_assert!(energy.0 >= 0 && from == until && to == now);
            total += energy.0;
            until = to;
        }
        prop_assert!((total - (shown(used).0 - begin.0)).abs() <= resolution);
    }

    /// Whatever nonsense a meter reads: no more than the socket can draw is told, and ranges never overlap.
    #[test]
    fn nonsense_never_becomes_more_than_a_socket_can_draw(
        readings in prop::collection::vec((0..100_000_i64, any::<i64>(), 0..5_000_000_000_000_i64), 1..100),
        from_zero in any::<bool>(),
    ) {
        let restart = if from_zero { Restart::FromZero } else { Restart::FromSaved };
        let mut meter = meter(Some(counter(restart)));
        let (mut now, mut until, mut total) = (at(0), at(0), 0_i64);
        for &(millis, power, count) in &readings {
            now = now.plus_millis(millis);
            let told = meter.read(now, Reading { power: Some(Milliwatts(power)), count: Some(Microjoules(count)) });
            if let Some(Observation::Energy { from, to, energy, .. }) = told.observation {
                prop_assert!(from >= until && to == now && energy.0 >= 0);
                total += energy.0;
                until = to;
            }
        }
        let slack = (10_000 * 3_680_000 + WH) * 2 * i64::try_from(readings.len()).unwrap();
        prop_assert!(total <= 3_680_000 * now.0 + slack);
    }
}
