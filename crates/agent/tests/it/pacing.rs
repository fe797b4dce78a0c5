use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent::config::{Shift, Speed};
use agent::sensors::{self, Start};
use agent::{Config, Status};
use domain::calendar::Zone;
use domain::sensor::{Observation, Sensor};
use domain::{Clock, UtcMillis};
use testkit::FakeClock;
use tokio::time::Instant;

use crate::support::{TokioClock, replay, simulated, utc, write_trace};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

async fn open(config: &Config, start: Start, clock: Arc<dyn Clock>) -> Box<dyn Sensor> {
    sensors::open(config, start, clock, Arc::new(Status::default())).await.unwrap()
}

/// A row every ten minutes, at :07, of one outlet; the watts name the recorded day.
fn two_days(folder: &Path) {
    for day in [16, 17] {
        let rows: Vec<String> =
            (0..144).map(|n| format!("{day}/01/2012 {:02}:{:02}:07;{day};0", n / 6, n % 6 * 10)).collect();
        write_trace(&folder.join(format!("2012-01-{day}")), "Lamp_1.csv", &rows);
    }
}

fn end_now(folder: &Path, speed: Speed) -> Config {
    let mut config = replay(folder, folder);
    let replay = config.sensor.replay.as_mut().unwrap();
    replay.shift = Shift::EndNow;
    replay.speed = speed;
    config
}

/// Listens until `end` on the clock and checks that nothing is told before its time.
async fn listen(
    sensor: &mut dyn Sensor,
    clock: &TokioClock,
    end: UtcMillis,
) -> Vec<(UtcMillis, i64, UtcMillis)> {
    let mut told = Vec::new();
    let mut until = UtcMillis(i64::MIN);
    let mut last_word = Instant::now();
    while clock.now() < end {
        let mut out = Vec::new();
        assert!(sensor.observe(&mut out).await);
        assert!(
            last_word.elapsed() <= Duration::from_millis(1_100),
            "it says at least each second how far it is"
        );
        last_word = Instant::now();
        let now = clock.now();
        for observation in out {
            match observation {
                Observation::Power { at, power, .. } => {
                    assert!(at <= now, "{at} is told at {now}");
                    assert!(at >= until, "{at} is told after everything before {until} was");
                    told.push((at, power.0 / 1_000, now));
                }
                Observation::Energy { .. } => unreachable!("a story has no counters"),
                Observation::Until(to) => {
                    assert!(to <= now && to > until);
                    until = to;
                }
            }
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn the_last_days_are_told_at_once_and_the_present_as_it_happens() {
    let folder = tempfile::tempdir().unwrap();
    two_days(folder.path());
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let now = utc("2026-11-21T13:32:30Z");
    for speed in [Speed::Max, Speed::Times(1e6)] {
        let clock = TokioClock::at(now);
        let start = Start { born: now, resume_from: None, ..Start::default() };
        let mut sensor = open(&end_now(folder.path(), speed), start, clock.clone()).await;
        let told = listen(sensor.as_mut(), &clock, now.plus_millis(12 * HOUR)).await;

        // A row each ten minutes from midnight six days ago until the middle of the next night.
        let begin = utc("2026-11-14T23:00:00Z");
        let times: Vec<UtcMillis> = told.iter().map(|row| row.0).collect();
        let expected: Vec<UtcMillis> = (0..10_000)
            .map(|n| begin.plus_millis(n * 600_000 + 7_000))
            .take_while(|&at| at <= now.plus_millis(12 * HOUR))
            .collect();
        assert_eq!(times, expected);

        for (at, watts, told_at) in told {
            let date = zone.date_of(at).unwrap();
            // Today is the last recorded day, the day before the one before it, and so on, both ways.
            assert_eq!(watts, if date.day() % 2 == 1 { 17 } else { 16 }, "{date}");
            if at > now {
                assert!(told_at.millis_since(at) <= 20, "{at} is told at {told_at}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_on_another_day_tells_the_same_story() {
    let folder = tempfile::tempdir().unwrap();
    two_days(folder.path());
    let born = utc("2026-11-20T13:00:00Z");
    let now = born.plus_millis(DAY);
    let clock = TokioClock::at(now);
    let config = end_now(folder.path(), Speed::Max);
    let from = born.plus_millis(-HOUR);
    let mut whole = open(&config, Start { born, resume_from: None, ..Start::default() }, clock.clone()).await;
    let whole = listen(whole.as_mut(), &clock, now.plus_millis(HOUR)).await;
    let mut rest =
        open(&config, Start { born, resume_from: Some(from), ..Start::default() }, clock.clone()).await;
    let rest = listen(rest.as_mut(), &clock, now.plus_millis(2 * HOUR)).await;
    let rows = |told: &[(UtcMillis, i64, UtcMillis)]| -> Vec<(UtcMillis, i64)> {
        let range = from..now.plus_millis(HOUR);
        told.iter().map(|row| (row.0, row.1)).filter(|row| range.contains(&row.0)).collect()
    };
    assert_eq!(rows(&rest), rows(&whole));
    assert!(rest[0].0 >= from);
}

#[tokio::test(start_paused = true)]
async fn a_day_cut_or_stretched_by_summer_time_keeps_the_time_since_midnight() {
    let folder = tempfile::tempdir().unwrap();
    two_days(folder.path());
    for (now, hours) in [("2026-03-29T21:59:59Z", 23), ("2026-10-25T22:59:59Z", 25)] {
        let now = utc(now);
        let clock = TokioClock::at(now);
        let mut config = end_now(folder.path(), Speed::Max);
        config.sensor.replay.as_mut().unwrap().repeat_days = 1;
        let mut sensor =
            open(&config, Start { born: now, resume_from: None, ..Start::default() }, clock.clone()).await;
        let told = listen(sensor.as_mut(), &clock, now.plus_millis(500)).await;
        assert_eq!(told.len(), 6 * hours.min(24));
        assert_eq!(told[0].0, now.plus_millis(1_000 - i64::try_from(hours).unwrap() * HOUR + 7_000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_at_60_times_takes_a_sixtieth_of_the_time() {
    let folder = tempfile::tempdir().unwrap();
    two_days(folder.path());
    let mut config = replay(folder.path(), folder.path());
    config.sensor.replay.as_mut().unwrap().speed = Speed::Times(60.0);
    let now = utc("2026-11-21T12:00:00Z");
    let mut sensor =
        open(&config, Start { born: now, resume_from: None, ..Start::default() }, TokioClock::at(now)).await;
    let begin = Instant::now();
    let mut all = Vec::new();
    while sensor.observe(&mut all).await {}
    // From the first row to the end of the last one's hold.
    let played = Duration::from_secs(2 * 86_400 - 600 + 30) / 60;
    let taken = begin.elapsed();
    assert!(taken >= played && taken < played + Duration::from_secs(2), "{taken:?} instead of {played:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_clock_that_moves_nothing_is_told_early() {
    let folder = tempfile::tempdir().unwrap();
    write_trace(
        folder.path(),
        "Lamp_1.csv",
        &["16/01/2012 10:00:00;1;0".to_owned(), "16/01/2012 10:00:01;2;0".to_owned()],
    );
    let config = replay(folder.path(), folder.path());
    let clock = Arc::new(FakeClock::at(utc("2012-01-16T09:00:00.999Z")));
    let start = Start { born: clock.now(), resume_from: None, ..Start::default() };
    let mut sensor = open(&config, start, clock.clone()).await;
    let mut out = Vec::new();
    assert!(sensor.observe(&mut out).await);
    assert_eq!(out.len(), 2, "a row and how far it is: {out:?}");
    let mut out = Vec::new();
    let more = tokio::time::timeout(Duration::from_hours(1), sensor.observe(&mut out)).await;
    assert!(more.is_err(), "{out:?}");
    clock.advance_millis(1);
    assert!(sensor.observe(&mut out).await);
    assert!(matches!(out[0], Observation::Power { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_simulated_home_has_a_past_and_a_present() {
    let folder = tempfile::tempdir().unwrap();
    let now = utc("2026-11-21T12:00:00Z");
    let clock = TokioClock::at(now);
    let start = Start { born: now, resume_from: None, ..Start::default() };
    let mut sensor = open(&simulated(folder.path(), 2), start, clock.clone()).await;
    assert_eq!(sensor.outlets().len(), 12);
    let told = listen(sensor.as_mut(), &clock, now.plus_millis(60_000)).await;
    assert!(told[0].0 >= now.plus_millis(-2 * HOUR) && told[0].0 < now.plus_millis(-2 * HOUR + 5_000));
    assert!(told.iter().all(|&(at, _, told_at)| at <= now || told_at.millis_since(at) <= 5));
}
