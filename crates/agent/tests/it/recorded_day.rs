use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use crate::support::{Collector, replay, run};

const BUCKET: i64 = 900;
const HOLD: i64 = 30;
/// Midnight in Darmstadt, where it was winter.
const MIDNIGHT: i64 = 1_326_672_000 - 3_600;

/// (socket, start of the quarter of an hour) → joules.
type Buckets = BTreeMap<(u8, i64), i64>;

/// Seconds since the epoch, and watts. Nothing of the agent's own reading is used.
fn rows(file: &Path) -> Vec<(i64, i64)> {
    let text = std::fs::read_to_string(file).unwrap();
    let number = |text: &str| text.trim().parse::<i64>().unwrap();
    text.lines()
        .map(|line| {
            let (time, powers) = line.split_once(';').unwrap();
            let (date, time) = time.split_once(' ').unwrap();
            assert_eq!(date, "16/01/2012");
            let clock: Vec<i64> = time.split(':').map(number).collect();
            let watts = number(powers.split(';').next().unwrap());
            (MIDNIGHT + clock[0] * 3_600 + clock[1] * 60 + clock[2], watts)
        })
        .collect()
}

/// The energy from the beginning up to each edge is summed up in joules of real numbers' precision (whole watts
/// times whole seconds are whole joules); a bucket is the difference of its edges.
fn by_the_rules(file: &Path, socket: u8, buckets: &mut Buckets) {
    let rows = rows(file);
    for (n, &(from, watts)) in rows.iter().enumerate() {
        let next = rows.get(n + 1).map_or(i64::MAX, |row| row.0);
        let mut at = from;
        let until = next.min(from + HOLD);
        while at < until {
            let bucket = at.div_euclid(BUCKET) * BUCKET;
            let end = until.min(bucket + BUCKET);
            *buckets.entry((socket, bucket)).or_default() += watts * (end - at);
            at = end;
        }
    }
}

#[tokio::test]
async fn a_recorded_day_gives_the_joules_that_the_rules_say() {
    let day = testkit::traces::recorded_day();
    let files = day.files();
    let mut expected = Buckets::new();
    for (file, socket) in files.iter().filter(|file| file.extension().is_some_and(|e| e == "csv")).zip(0..) {
        by_the_rules(file, socket, &mut expected);
    }

    let spool = tempfile::tempdir().unwrap();
    let publisher = Collector::new();
    let begin = Instant::now();
    let status = run(replay(spool.path(), day.path()), publisher.clone()).await.snapshot();
    println!("a day of {} outlets, {} rows: {:?}", files.len(), status.readings, begin.elapsed());

    let mut measured = Buckets::new();
    for tick in publisher.ticks() {
        let bucket = tick.start.secs().div_euclid(BUCKET) * BUCKET;
        for (socket, joules) in tick.energy.iter() {
            *measured.entry((socket.get(), bucket)).or_default() += joules.0;
        }
    }
    assert!(expected.len() > 34 * 90, "{}", expected.len());
    assert_eq!(measured, expected);
    assert_eq!((status.skipped_rows, status.refused, status.spool_depth), (0, 0, 0));
    assert!(status.confirmed > 0);
}
