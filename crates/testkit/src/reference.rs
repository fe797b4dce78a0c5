//! The energy of a recorded day, computed a second time in another way, to hold the product against.
//!
//! Nothing here is shared with the agent: other parsing, other time arithmetic, and the integral of the whole
//! trace at once instead of tick by tick.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::client::Usage;

/// 2012-01-16 in Berlin, midnight to midnight.
pub const FROM: &str = "2012-01-16T00:00:00+01:00";
pub const TO: &str = "2012-01-17T00:00:00+01:00";
const START_SECS: i64 = 1_326_668_400;
const QUARTERS: usize = 96;

const HOLD_SECS: i64 = 30;
const QUARTER_SECS: i64 = 900;
const TICK_SECS: i64 = 10;
/// Europe/Berlin in January.
const OFFSET_SECS: i64 = 3_600;
/// 2012-01-01 00:00:00 UTC.
const YEAR_2012_SECS: i64 = 1_325_376_000;

/// Joules per quarter hour, by its start in Unix seconds; quarters in which nothing was observed are not there.
/// Only for traces of January 2012 from Berlin.
pub fn quarter_hours(file: &Path) -> BTreeMap<i64, i64> {
    // Watt-seconds are joules: with whole seconds and whole watts the integral is exact as it stands, and no rest
    // is ever carried.
    let mut quarters = BTreeMap::new();
    for (from, to, watts) in cut(&samples(file), QUARTER_SECS) {
        *quarters.entry(from - from.rem_euclid(QUARTER_SECS)).or_insert(0) += watts * (to - from);
    }
    quarters
}

/// The quarter hours of 2012-01-16 for each of the files, which are in the order of their sockets.
pub fn recorded_day(files: &[PathBuf]) -> Vec<BTreeMap<i64, i64>> {
    let end = START_SECS + 86_400;
    let mut outlets: Vec<_> = files.iter().map(|file| quarter_hours(file)).collect();
    for quarters in &mut outlets {
        quarters.retain(|start, _| (START_SECS..end).contains(start));
    }
    outlets
}

/// Starts of the 10 s ticks in which at least one outlet was observed, in Unix seconds.
pub fn observed_ticks(files: &[PathBuf]) -> BTreeSet<i64> {
    let cuts = files.iter().flat_map(|file| cut(&samples(file), TICK_SECS));
    cuts.map(|(from, _, _)| from - from.rem_euclid(TICK_SECS)).collect()
}

fn samples(file: &Path) -> Vec<(i64, i64)> {
    std::fs::read_to_string(file).expect("the trace can be read").lines().filter_map(sample).collect()
}

/// Intervals of constant power (from, to, watts), none across a multiple of `grid` seconds.
fn cut(samples: &[(i64, i64)], grid: i64) -> Vec<(i64, i64, i64)> {
    let mut intervals = Vec::new();
    for (n, &(at, watts)) in samples.iter().enumerate() {
        let next = samples.get(n + 1).map_or(i64::MAX, |sample| sample.0);
        let until = next.min(at + HOLD_SECS);
        let mut from = at;
        while from < until {
            let to = until.min(from - from.rem_euclid(grid) + grid);
            intervals.push((from, to, watts));
            from = to;
        }
    }
    intervals
}

/// `DD/01/2012 HH:MM:SS;P1;P8` → Unix seconds and P1.
fn sample(line: &str) -> Option<(i64, i64)> {
    let mut columns = line.trim().split(';');
    let (date, time) = columns.next()?.split_once(' ')?;
    let watts = columns.next()?.parse().ok()?;
    let (day, month_and_year) = date.split_once('/')?;
    assert_eq!(month_and_year, "01/2012", "the reference knows one month only");
    let mut clock = time.split(':').map(str::parse::<i64>);
    let (hours, minutes, seconds) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let days = day.parse::<i64>().ok()? - 1;
    let local = days * 86_400 + hours * 3_600 + minutes * 60 + seconds;
    Some((YEAR_2012_SECS + local - OFFSET_SECS, watts))
}

/// To the joule, bucket by bucket, and the totals are the sums of their parts.
pub fn assert_exact(usage: &Usage, expected: &[BTreeMap<i64, i64>]) {
    assert_eq!(usage.starts.len(), QUARTERS);
    assert_eq!(usage.sockets.len(), expected.len(), "every outlet is there");
    for (socket, quarters) in usage.sockets.iter().zip(expected) {
        for (bucket, &start) in usage.starts.iter().enumerate() {
            assert_eq!(
                socket.energy_j[bucket],
                quarters.get(&start).copied(),
                "socket {} in the quarter hour that starts at {start}",
                socket.socket
            );
        }
        assert_eq!(socket.total_j, quarters.values().sum::<i64>(), "socket {}", socket.socket);
    }
    for bucket in 0..usage.starts.len() {
        let parts: Vec<i64> = usage.sockets.iter().filter_map(|socket| socket.energy_j[bucket]).collect();
        assert_eq!(usage.total.energy_j[bucket], (!parts.is_empty()).then(|| parts.iter().sum()));
    }
    assert_eq!(usage.total.total_j, usage.sockets.iter().map(|socket| socket.total_j).sum::<i64>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_not_filled_and_a_quarter_is_cut_at_its_edge() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Lamp_000000.csv");
        std::fs::write(
            &file,
            "16/01/2012 00:14:50;60;0\r\n16/01/2012 00:15:10;10;0\r\n16/01/2012 01:00:00;5;0\r\n",
        )
        .unwrap();
        let midnight = YEAR_2012_SECS + 15 * 86_400 - OFFSET_SECS;
        let expected = [(midnight, 600), (midnight + 900, 900), (midnight + 3_600, 150)];
        assert_eq!(quarter_hours(&file), BTreeMap::from(expected));
    }
}
