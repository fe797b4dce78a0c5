use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use domain::Ticks;
use domain::measurement::{MeasurementStore, StoreError};
use domain::rollup::UtcDay;

use crate::blame;
use crate::config::Config;
use crate::connection::{BuildError, Connection};
use crate::inlet::{Inlet, Taken, judge, too_large};
use crate::line;

const WRITE: &str = "writing to InfluxDB";
const PING: &str = "asking InfluxDB whether it takes writes";

/// The write side.
#[derive(Debug)]
pub struct Writer {
    inlet: Inlet,
}

impl Writer {
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Ok(Self { inlet: Inlet::new(config, Connection::new(config)?, &config.bucket) })
    }

    /// One request, or the same once more.
    async fn send(&self, ticks: Ticks<'_>) -> Result<Taken, StoreError> {
        let mut lines = self.inlet.buffer();
        line::encode(ticks, &mut lines);
        let lines = Bytes::from(lines);
        let days = days(ticks);
        let taken = self.inlet.doors().write(&days, || self.post(ticks, &lines)).await;
        self.inlet.give_back(lines);
        match taken? {
            Taken::TooMuch if ticks.len() == 1 => {
                Err(too_large(WRITE, vec![(0, "one tick alone is too large".to_owned())]))
            }
            taken => Ok(taken),
        }
    }

    async fn post(&self, ticks: Ticks<'_>, lines: &Bytes) -> Result<Taken, StoreError> {
        let answer = self.inlet.post(WRITE, lines).await?;
        judge(WRITE, answer, |rejection| blame::named(rejection, ticks, lines))
    }
}

/// Each that one of them is of.
fn days(ticks: Ticks<'_>) -> Vec<UtcDay> {
    let mut days = Vec::new();
    for tick in ticks.iter() {
        let day = UtcDay::of(tick.start);
        // Mostly it is the day of the one before.
        if days.last() != Some(&day) && !days.contains(&day) {
            days.push(day);
        }
    }
    days
}

#[async_trait]
impl MeasurementStore for Writer {
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        // Still to be written, first one last.
        let mut parts: Vec<Range<usize>> = std::iter::once(0..ticks.len()).collect();
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let taken = self.send(ticks.slice(part.clone())).await;
            if let Taken::TooMuch = taken.map_err(|error| shifted(error, part.start))? {
                let middle = part.start + part.len() / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            }
        }
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.inlet.ping(PING).await
    }
}

/// With places in the whole call instead of those in a part that begins here.
fn shifted(mut error: StoreError, begins: usize) -> StoreError {
    if let StoreError::Rejected { ticks, .. } = &mut error {
        for (place, _) in ticks {
            *place += begins;
        }
    }
    error
}
