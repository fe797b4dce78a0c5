//! Rollups in a bucket of their own, which keeps them for ever, and the marks of stale days beside the ticks.

mod day;
mod marks;
mod memory;
mod version;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use domain::measurement::StoreError;
use domain::rollup::{DayRollup, Detail, Mark, PackedDay, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use serde::de::DeserializeOwned;

use crate::answer::Rejection;
use crate::blame;
use crate::cell::Cell;
use crate::config::Config;
use crate::connection::{BuildError, Connection};
use crate::inlet::Inlet;
use crate::line;
use crate::query::{TIMES, ask, unusable};
use crate::table::Table;
pub(crate) use day::MEASUREMENT as DAYS;
pub(crate) use marks::MEASUREMENT as MARKS;
use memory::{Listed, Memory};
use version::Version;
pub(crate) use version::quarters;

const PUT: &str = "writing rollups to InfluxDB";
const READ: &str = "reading rollups from InfluxDB";
const LIST: &str = "asking InfluxDB which rollups there are";
const WATERMARK: &str = "asking InfluxDB for the latest rollup";
const ACTIVE: &str = "asking InfluxDB for active hubs";
const FIRST: &str = "asking InfluxDB for the first tick";
const MARK: &str = "marking days in InfluxDB";
const READ_MARKS: &str = "reading marks from InfluxDB";
const SETTLE: &str = "settling marks in InfluxDB";

/// Days of one question. More are asked one after the other, so that an answer is never too long.
const WINDOW_DAYS: i32 = 400;
/// A rollup may be written while it is read; the next answer has it whole.
const ATTEMPTS: usize = 4;

/// The rollups. Building it does no IO.
#[derive(Debug)]
pub struct Rollups {
    connection: Connection,
    ticks: Bucket,
    days: Bucket,
    timeout: Duration,
    retention_days: Option<u32>,
    memory: Option<Memory>,
}

#[derive(Debug)]
struct Bucket {
    inlet: Inlet,
    database: String,
}

impl Rollups {
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        let connection = Connection::new(config)?;
        let bucket =
            |database: String| Bucket { inlet: Inlet::new(config, connection.clone(), &database), database };
        Ok(Self {
            ticks: bucket(config.bucket.clone()),
            days: bucket(config.rollup_bucket()),
            connection,
            timeout: config.query_timeout(),
            retention_days: config.retention_days,
            memory: None,
        })
    }

    /// For who asks for the same pages over and over: those that were read are remembered, and given out as long as
    /// InfluxDB has them in this very version.
    pub fn remembering(config: &Config) -> Result<Self, BuildError> {
        let memory = (config.remembered_mib > 0).then(|| Memory::new(config.remembered_bytes()));
        Ok(Self { memory, ..Self::new(config)? })
    }

    async fn ask<V: DeserializeOwned>(
        &self,
        operation: &'static str,
        bucket: &Bucket,
        question: &str,
    ) -> Result<Vec<Table<V>>, StoreError> {
        ask(&self.connection, operation, self.timeout, &bucket.database, question).await
    }

    /// The pages of at most [`WINDOW_DAYS`], in order.
    async fn window(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError> {
        // Without anything to compare, which versions there are is one question too many.
        let Some(memory) = self.memory.as_ref().filter(|memory| memory.has_any(hub, &days)) else {
            return self.read(hub, days, detail).await;
        };
        let listed = self.versions(hub, &days).await?;
        let mut pages = memory.recall(hub, &days, &listed, detail);
        let mut missing = listed.keys().filter(|day| !pages.contains_key(day));
        if let Some(&first) = missing.next() {
            // Mostly the latest ones. From the first to the last it is one question, whatever is in between.
            let last = missing.next_back().map_or(first, |&last| last);
            let asked = first..last.next();
            pages.retain(|day, _| !asked.contains(day));
            let read = self.read(hub, asked, detail).await?;
            pages.extend(read.into_iter().map(|page| (page.day, page)));
        }
        Ok(pages.into_values().collect())
    }

    async fn read(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError> {
        let range = TimeRange::new(days.start.start(), days.end.start());
        let question = select(&day::fields(detail), day::MEASUREMENT, hub, range);
        let mut attempt = 1;
        let pages = loop {
            let tables: Vec<Table<Cell>> = self.ask(READ, &self.days, &question).await?;
            match day::read(hub, detail, &tables) {
                Ok(pages) => break pages,
                Err(day::NoDay::Torn(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(unusable(READ, &error)),
            }
        };
        if let Some(memory) = &self.memory {
            memory.keep(&pages);
        }
        Ok(pages.into_iter().map(|(_, page)| page).collect())
    }

    async fn versions(&self, hub: HubId, days: &Range<UtcDay>) -> Result<Listed, StoreError> {
        let range = TimeRange::new(days.start.start(), days.end.start());
        let question = select("q", day::MEASUREMENT, hub, range);
        let tables: Vec<Table<Option<i64>>> = self.ask(LIST, &self.days, &question).await?;
        let mut listed = BTreeMap::new();
        for row in tables.iter().flat_map(|table| &table.values) {
            if let [Some(start), Some(q)] = row.as_slice() {
                listed.insert(UtcDay::of(UtcMillis(*start)), Version::of_integer(*q));
            }
        }
        Ok(listed)
    }

    /// Of the only row, if there is one: its time, and its value.
    async fn one(
        &self,
        operation: &'static str,
        bucket: &Bucket,
        question: &str,
    ) -> Result<Option<(UtcMillis, i64)>, StoreError> {
        let tables: Vec<Table<Option<i64>>> = self.ask(operation, bucket, question).await?;
        let row = tables.first().and_then(|table| table.values.first());
        Ok(row.and_then(|row| Some((UtcMillis((*row.first()?)?), (*row.get(1)?)?))))
    }

    /// Puts it over what was there, pieces included that it does not have itself.
    pub(crate) async fn replace(&self, operation: &'static str, day: &PackedDay) -> Result<(), StoreError> {
        let line = day::whole_line(day).map_err(|error| no_line(operation, day, &error))?;
        self.days.inlet.post_all(operation, &[day.day], &[line], |_| false).await
    }

    /// What is too old to be marked, or to be settled, is on its way out with all that it is about.
    async fn write_marks(
        &self,
        operation: &'static str,
        marks: &[Mark],
        state: marks::State,
    ) -> Result<(), StoreError> {
        let days: Vec<UtcDay> = marks.iter().map(|mark| mark.day).collect();
        let too_old = |rejection: &Rejection| blame::is_about_age(&rejection.sentence);
        self.ticks.inlet.post_all(operation, &days, &marks::lines(marks, state), too_old).await
    }
}

fn no_line(operation: &'static str, day: &PackedDay, error: &day::NoLine) -> StoreError {
    let reason = format!("the rollup of {} of hub {}: {error}", day.day, day.hub);
    StoreError::Rejected { operation, reason, ticks: Vec::new() }
}

/// Nothing but a UUID, numbers and our own names goes into a question, so there is nothing to inject.
fn select(what: &str, measurement: &str, hub: HubId, range: TimeRange) -> String {
    let range = range.intersection(&TIMES);
    format!(
        "SELECT {what} FROM {measurement} WHERE hub='{hub}' AND time>={}ms AND time<{}ms",
        range.start.0, range.end.0
    )
}

#[async_trait]
impl domain::rollup::Rollups for Rollups {
    async fn put_days(&self, days: &[PackedDay]) -> Result<(), StoreError> {
        let line = |day: &PackedDay| day::line(day).map_err(|error| no_line(PUT, day, &error));
        let lines: Vec<String> = days.iter().map(line).collect::<Result<_, _>>()?;
        let days: Vec<UtcDay> = days.iter().map(|day| day.day).collect();
        self.days.inlet.post_all(PUT, &days, &lines, |_| false).await
    }

    async fn days(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError> {
        let (mut found, mut start) = (Vec::new(), days.start);
        // Beyond what InfluxDB knows of time there is nothing to be asked for.
        let end = days.end.min(UtcDay::of(TIMES.end));
        start = start.max(UtcDay::of(TIMES.start));
        while start < end {
            let next = UtcDay(start.0 + WINDOW_DAYS).min(end);
            found.extend(self.window(hub, start..next, detail).await?);
            start = next;
        }
        Ok(found)
    }

    async fn watermark(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        let question = select("last(q)", day::MEASUREMENT, hub, TIMES);
        let latest = self.one(WATERMARK, &self.days, &question).await?;
        Ok(latest.map(|(start, q)| {
            let quarters = quarters(q);
            DayRollup { quarters, ..DayRollup::empty(hub, UtcDay::of(start)) }.until()
        }))
    }

    async fn active_hubs(&self, since: UtcMillis) -> Result<Vec<HubId>, StoreError> {
        let range = TimeRange::new(since, TIMES.end).intersection(&TIMES);
        let question = format!(
            "SELECT last(dt) FROM {} WHERE time>={}ms AND time<{}ms GROUP BY hub",
            line::MEASUREMENT,
            range.start.0,
            range.end.0
        );
        let tables: Vec<Table<Option<i64>>> = self.ask(ACTIVE, &self.ticks, &question).await?;
        Ok(tables.iter().filter_map(Table::hub).collect())
    }

    async fn first_tick(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        let question = select("first(dt)", line::MEASUREMENT, hub, TIMES);
        Ok(self.one(FIRST, &self.ticks, &question).await?.map(|(start, _)| start))
    }

    async fn mark(&self, marks: &[Mark]) -> Result<(), StoreError> {
        self.write_marks(MARK, marks, marks::State::Open).await
    }

    async fn marks(&self, limit: usize) -> Result<Vec<Mark>, StoreError> {
        let question = marks::question(limit, self.retention_days);
        let tables = self.ask(READ_MARKS, &self.ticks, &question).await?;
        marks::read(&tables).map_err(|error| unusable(READ_MARKS, &error))
    }

    async fn settle(&self, marks: &[Mark]) -> Result<(), StoreError> {
        self.write_marks(SETTLE, marks, marks::State::Settled).await
    }
}
