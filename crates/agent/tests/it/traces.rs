use std::fmt;
use std::sync::{Arc, Mutex};

use agent::Status;
use agent::sensors::{self, Start};
use domain::UtcMillis;
use domain::sensor::{Observation, Sensor};
use tracing::field::{Field, Visit};

use crate::support::{Collector, TokioClock, replay, run, utc, write_trace};

fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|&row| row.to_owned()).collect()
}

async fn open(config: &agent::Config, resume_from: Option<UtcMillis>) -> Box<dyn Sensor> {
    let clock = TokioClock::at(utc("2026-11-21T12:00:00Z"));
    let start = Start { born: utc("2026-11-21T12:00:00Z"), resume_from, ..Start::default() };
    sensors::open(config, start, clock, Arc::new(Status::default())).await.unwrap()
}

async fn tell(mut sensor: Box<dyn Sensor>) -> Vec<(u8, String, i64)> {
    let mut all = Vec::new();
    while sensor.observe(&mut all).await {}
    let powers = all.into_iter().filter_map(|observation| match observation {
        Observation::Power { socket, at, power } => Some((socket.get(), at.to_string(), power.0 / 1_000)),
        Observation::Energy { .. } | Observation::Until(_) => None,
    });
    powers.collect()
}

/// Remembers the messages of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("agent")
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn garbage_is_counted_and_named_by_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let traces = folder.path().join("traces");
    let garbage = "x".repeat(1_000_000);
    write_trace(
        &traces,
        "Lamp_1.csv",
        &rows(&[
            "16/01/2012 10:00:00;60;60\r",
            "garbage",
            &garbage,
            "16/01/2012 09:59:59;60;60",
            "16/01/2012 10:00:05;60",
            "31/02/2012 10:00:05;60;60",
            "",
            "16/01/2012 10:00:10;100;60",
            "16/01/2012 10:00:10;200000;60",
        ]),
    );
    write_trace(&traces, "TV_2.csv", &rows(&["16/01/2012 10:00:10;100;1"]));

    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let publisher = Collector::new();
    let status = run(replay(folder.path(), &traces), publisher.clone()).await.snapshot();
    drop(guard);

    assert_eq!((status.skipped_rows, status.refused, status.readings), (6, 1, 4));
    let messages = log.0.lock().unwrap().clone();
    for part in [
        "Lamp_1.csv:2: row",
        "Lamp_1.csv:3: row",
        "Lamp_1.csv:4: row",
        "Lamp_1.csv: 6 rows",
        "reading refused",
    ] {
        assert_eq!(
            messages.iter().filter(|message| message.contains(part)).count(),
            1,
            "{part} in {messages:?}"
        );
    }
    assert!(!messages.iter().any(|message| message.contains("Lamp_1.csv:5")), "only the first few");

    // 60 W for ten seconds, then 100 W until the hold is over.
    let lamp: Vec<i64> = publisher.ticks().iter().map(|tick| tick.energy.values()[0]).collect();
    assert_eq!(lamp, [600, 1_000, 1_000, 1_000]);
}

#[tokio::test]
async fn rows_of_one_second_keep_the_order_of_the_file_and_outlets_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    write_trace(
        folder.path(),
        "A_1.csv",
        &rows(&["16/01/2012 10:00:01;1;0", "16/01/2012 10:00:01;2;0", "16/01/2012 10:00:04;3;0"]),
    );
    write_trace(folder.path(), "B_1.csv", &rows(&["16/01/2012 10:00:00;4;0", "16/01/2012 10:00:02;5;0"]));
    let config = replay(folder.path(), folder.path());
    let told = tell(open(&config, None).await).await;
    let told: Vec<(u8, i64)> = told.into_iter().map(|(socket, _, watts)| (socket, watts)).collect();
    assert_eq!(told, [(1, 4), (0, 1), (0, 2), (1, 5), (0, 3)]);
    let resumed = tell(open(&config, Some(utc("2012-01-16T09:00:02Z"))).await).await;
    let resumed: Vec<i64> = resumed.into_iter().map(|(_, _, watts)| watts).collect();
    assert_eq!(resumed, [5, 3]);
}

#[tokio::test]
async fn the_day_of_25_hours_is_told_hour_by_hour() {
    let folder = tempfile::tempdir().unwrap();
    let hours = ["00", "01", "02", "02", "03", "23"];
    let all: Vec<String> =
        hours.iter().zip(1..).map(|(hour, n)| format!("28/10/2012 {hour}:30:00;{n};0")).collect();
    write_trace(folder.path(), "Lamp_1.csv", &all);
    let mut zoned = replay(folder.path(), folder.path());
    let told: Vec<String> = tell(open(&zoned, None).await).await.into_iter().map(|(_, at, _)| at).collect();
    // The second 02:30 is no later on the file's clock, so it cannot be told from a repeated row: it is one.
    assert_eq!(told[..3], ["2012-10-27T22:30:00Z", "2012-10-27T23:30:00Z", "2012-10-28T00:30:00Z"]);

    let all: Vec<String> = (0..25)
        .flat_map(|hour| {
            let local = if hour < 3 { hour } else { hour - 1 };
            ["00:00", "30:00", "59:57"].map(|rest| format!("28/10/2012 {local:02}:{rest};{hour};0"))
        })
        .collect();
    write_trace(folder.path(), "Lamp_1.csv", &all);
    zoned.tick_secs = 60;
    let told = tell(open(&zoned, None).await).await;
    assert_eq!(told.len(), 75, "no row is lost");
    for (n, (_, at, hour)) in told.iter().enumerate() {
        let expected = utc("2012-10-27T22:00:00Z").plus_millis(hour * 3_600_000);
        let into = [0, 1_800_000, 3_597_000][n % 3];
        assert_eq!(*at, expected.plus_millis(into).to_string());
    }
}

#[tokio::test]
async fn the_hour_that_never_was_is_garbage() {
    let folder = tempfile::tempdir().unwrap();
    let all = rows(&["25/03/2012 01:59:59;1;0", "25/03/2012 02:30:00;2;0", "25/03/2012 03:00:00;3;0"]);
    write_trace(folder.path(), "Lamp_1.csv", &all);
    let told = tell(open(&replay(folder.path(), folder.path()), None).await).await;
    let told: Vec<&str> = told.iter().map(|(_, at, _)| at.as_str()).collect();
    assert_eq!(told, ["2012-03-25T00:59:59Z", "2012-03-25T01:00:00Z"]);
}

#[tokio::test]
async fn a_folder_without_traces_is_one_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TokioClock::at(utc("2026-11-21T12:00:00Z"));
    let error = agent::prepare(replay(folder.path(), folder.path()), clock).await.err().unwrap();
    assert_eq!(error.to_string(), format!("there are no traces (*.csv) in {}", folder.path().display()));
}
