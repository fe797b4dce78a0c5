//! What a meter reads of a load that is known.

use std::time::Duration;

use domain::metering::Reading;
use tokio::time::{Instant, timeout_at};

use crate::config::{Brokers, Entry};
use crate::outbox::{self, News};
use crate::{mqtt, wired};

/// A counter that moved by fewer of its steps says too little.
const FEWEST_STEPS: i64 = 50;

/// Why there is no factor.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    #[error("nothing was read: {0}")]
    Silent(String),
    #[error("it read no power at all; is the load on?")]
    Idle,
    #[error(
        "it reads {read:.1} W where {known:.1} W are; a factor of {factor:.3} is no calibration, look at its wiring"
    )]
    Beyond { read: f64, known: f64, factor: f64 },
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// What it read on average, in watts, without any factor.
    pub read: f64,
    /// What to multiply by.
    pub scale: f64,
    pub readings: usize,
    /// By its counter; otherwise by its power.
    pub by_counter: bool,
}

/// Reads one meter for so long while a load of so many watts is on.
pub async fn calibrate(
    entry: &Entry,
    broker: &Brokers,
    known: f64,
    time: Duration,
) -> Result<Calibration, CalibrateError> {
    let (outbox, mut inbox) = outbox::channel();
    let entries = std::slice::from_ref(entry);
    mqtt::start(entries, broker, &outbox);
    wired::start(entries, &outbox);
    let mut trouble = entry.nature().hint;
    let mut readings = Vec::new();
    let end = Instant::now() + time;
    while let Ok(Some(letter)) = timeout_at(end, inbox.recv()).await {
        match letter.news {
            News::Reading(reading) => readings.push((Instant::now(), reading)),
            News::Trouble(sentence) => trouble = sentence,
        }
    }
    if readings.is_empty() {
        return Err(CalibrateError::Silent(trouble));
    }
    let resolution = entry.nature().counter.map_or(i64::MAX, |counter| counter.resolution.0);
    evaluate(&readings, resolution, known)
}

fn evaluate(
    readings: &[(Instant, Reading)],
    resolution: i64,
    known: f64,
) -> Result<Calibration, CalibrateError> {
    let counted = by_counter(readings, resolution);
    let read = counted.or_else(|| by_power(readings)).unwrap_or_default();
    if read <= 0.0 {
        return Err(CalibrateError::Idle);
    }
    let factor = known / read;
    if !(0.5..=2.0).contains(&factor) {
        return Err(CalibrateError::Beyond { read, known, factor });
    }
    Ok(Calibration { read, scale: factor, readings: readings.len(), by_counter: counted.is_some() })
}

/// Between the first and the last reading of the counter, where it moved enough.
fn by_counter(readings: &[(Instant, Reading)], resolution: i64) -> Option<f64> {
    let mut counts = readings.iter().filter_map(|(at, reading)| Some((*at, reading.count?.0)));
    let (first, last) = (counts.next()?, counts.next_back()?);
    let gained = last.1 - first.1;
    if gained < resolution.saturating_mul(FEWEST_STEPS) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "minutes of energy")]
    let joules = gained as f64 / 1e6;
    Some(joules / (last.0 - first.0).as_secs_f64())
}

fn by_power(readings: &[(Instant, Reading)]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a power")]
    let powers: Vec<f64> =
        readings.iter().filter_map(|(_, reading)| Some(reading.power?.0 as f64 / 1_000.0)).collect();
    #[expect(clippy::cast_precision_loss, reason = "some readings")]
    (!powers.is_empty()).then(|| powers.iter().sum::<f64>() / powers.len() as f64)
}

#[cfg(test)]
mod tests {
    use domain::Milliwatts;
    use domain::energy::Microjoules;

    use super::*;

    fn read(every_second: impl Fn(i64) -> (i64, Option<i64>)) -> Vec<(Instant, Reading)> {
        let begin = Instant::now();
        let reading = |n: u8| {
            let (watts, joules) = every_second(n.into());
            let count = joules.map(|joules| Microjoules(joules * 1_000_000));
            let power = Some(Milliwatts::from_watts(watts));
            (begin + Duration::from_secs(n.into()), Reading { power, count })
        };
        (0..=60).map(reading).collect()
    }

    #[test]
    fn a_meter_that_reads_too_little_is_multiplied() {
        let found = evaluate(&read(|n| (940 + n % 2 * 20, None)), i64::MAX, 1_000.0).unwrap();
        assert!((found.scale - 1_000.0 / 949.8).abs() < 0.001, "{found:?}");
        assert!(!found.by_counter);
    }

    #[test]
    fn a_counter_that_moved_enough_is_better_than_the_power() {
        let readings = read(|n| (500, Some(n * 980)));
        let found = evaluate(&readings, 1_000_000, 1_000.0).unwrap();
        assert!((found.read - 980.0).abs() < 1e-9 && found.by_counter, "{found:?}");
        let coarse = evaluate(&readings, 3_600_000_000, 1_000.0).unwrap();
        assert!((coarse.read - 500.0).abs() < 1e-9 && !coarse.by_counter, "{coarse:?}");
    }

    #[test]
    fn a_factor_that_is_none_says_why() {
        assert!(matches!(evaluate(&read(|_| (0, None)), i64::MAX, 60.0), Err(CalibrateError::Idle)));
        let far = evaluate(&read(|_| (10, None)), i64::MAX, 60.0).unwrap_err();
        assert!(far.to_string().contains("10.0 W where 60.0 W are; a factor of 6.000"), "{far}");
    }
}
