use std::collections::BTreeMap;
use std::ops::Range;

use super::expectation::Sightings;
use super::{AbsentSocket, SocketCost, SocketUsage, Usage};
use crate::calendar::QUARTER_HOUR_MILLIS;
use crate::energy::{Joules, Milliwatts};
use crate::ids::HubId;
use crate::measurement::{BucketSum, SocketSums};
use crate::registry::{HomeSettings, SocketKey};
use crate::rollup::{DayRollup, SocketDay, UtcDay};
use crate::tariff::{Cost, Nano, Prices};
use crate::time::{TimeRange, UtcMillis};

/// Sorts sums into buckets. A sum must lie in one bucket whole: quarter hours do, for every zone in use.
pub struct UsageBuilder<'a> {
    edges: Vec<UtcMillis>,
    now: UtcMillis,
    home: Option<&'a HomeSettings>,
    prices: Option<&'a Prices>,
    has_power: bool,
    /// Hubs that are the household's no more, and since when.
    gone: BTreeMap<HubId, UtcMillis>,
    /// By whose history it is part of, and who measured it.
    cells: BTreeMap<(SocketKey, SocketKey), Cells>,
}

/// What one socket measured, bucket by bucket.
struct Cells {
    energy: Vec<i64>,
    exported: Vec<i64>,
    measured_millis: Vec<i64>,
    costs: Vec<Option<Cost>>,
    peak: Option<Milliwatts>,
    trough: Option<Milliwatts>,
    seen: TimeRange,
    sightings: Sightings,
}

impl<'a> UsageBuilder<'a> {
    /// n buckets have n + 1 edges. What is later than `now` has not happened.
    pub fn new(edges: Vec<UtcMillis>, now: UtcMillis) -> Self {
        let (gone, cells) = (BTreeMap::new(), BTreeMap::new());
        Self { edges, now, home: None, prices: None, has_power: true, gone, cells }
    }

    /// Sockets that carry on for others get their history.
    #[must_use]
    pub fn for_home(self, home: &'a HomeSettings) -> Self {
        Self { home: (!home.successions.is_empty()).then_some(home), ..self }
    }

    /// With costs. The prices must cover all that is added.
    #[must_use]
    pub fn priced(self, prices: &'a Prices) -> Self {
        Self { prices: Some(prices), ..self }
    }

    /// Nothing is said about powers: for when they are not known of everything that is added.
    #[must_use]
    pub fn energy_only(self) -> Self {
        Self { has_power: false, ..self }
    }

    /// Whether powers are of use.
    pub fn has_power(&self) -> bool {
        self.has_power
    }

    /// Nothing is expected of the hub from `since` on.
    pub fn hub_gone(&mut self, hub: HubId, since: UtcMillis) {
        self.gone.insert(hub, since);
    }

    /// What lies outside the edges says only when the sockets were there.
    pub fn add_sums(&mut self, hub: HubId, sockets: &[SocketSums]) {
        let (prices, has_power, count) = (self.prices, self.has_power, self.bucket_count());
        for SocketSums { socket, sums } in sockets {
            let measured = SocketKey { hub, socket: *socket };
            // Sums of one owner at a time: a day of a home has millions of ticks.
            let steps = if self.has_successor(measured) { 1 } else { sums.len().max(1) };
            for sums in sums.chunks(steps) {
                let key = (self.owner(measured, sums[0].start), measured);
                let cells = self.cells.entry(key).or_insert_with(|| Cells::new(count, prices.is_some()));
                for sum in sums {
                    cells.sightings.add(TimeRange::new(sum.start, quarter_end(sum.start)));
                    if let Some(bucket) = bucket_of(&self.edges, sum.start) {
                        cells.add(bucket, sum, prices, has_power);
                    }
                }
            }
        }
    }

    /// When the sockets of a day were there, of its quarter hours that start in `held`; their energy is not added.
    pub fn see_day(&mut self, day: &DayRollup, held: TimeRange) {
        let held = held.intersection(&day.day.range());
        let place = |at: UtcMillis| {
            let at = at.ceil_to(QUARTER_HOUR_MILLIS).millis_since(day.day.start());
            usize::try_from(at / QUARTER_HOUR_MILLIS).unwrap_or(0)
        };
        let (from, to) = (place(held.start), place(held.end));
        for socket in &day.sockets {
            let measured = SocketKey { hub: day.hub, socket: socket.socket };
            let secs = socket.measured_secs.get(from..to.min(socket.measured_secs.len())).unwrap_or_default();
            if self.has_successor(measured) {
                for quarter in (from..).zip(secs).filter(|(_, secs)| **secs > 0).map(|(quarter, _)| quarter) {
                    self.see(measured, day.day.quarter(quarter), day.day.quarter(quarter + 1));
                }
            } else if let (Some(first), Some(last)) =
                (secs.iter().position(|&secs| secs > 0), secs.iter().rposition(|&secs| secs > 0))
            {
                self.see(measured, day.day.quarter(from + first), day.day.quarter(from + last + 1));
            }
        }
    }

    fn see(&mut self, measured: SocketKey, start: UtcMillis, end: UtcMillis) {
        self.cells(measured, start).sightings.add(TimeRange::new(start, end));
    }

    /// From the first edge to the last: what lies outside needs not be added.
    pub fn range(&self) -> TimeRange {
        match self.edges.as_slice() {
            [first, .., last] => TimeRange::new(*first, *last),
            _ => TimeRange::new(UtcMillis(0), UtcMillis(0)),
        }
    }

    /// Those quarter hours of the day that start in `within`.
    pub fn add_day(&mut self, day: &DayRollup, within: TimeRange) {
        self.see_day(day, within);
        let stretches = self.stretches(day, within);
        for socket in &day.sockets {
            let measured = SocketKey { hub: day.hub, socket: socket.socket };
            let has_power = self.has_power && !socket.peak.is_empty();
            if self.has_successor(measured) {
                for sum in day.sums(socket).filter(|sum| within.contains(sum.start)) {
                    if let Some(bucket) = bucket_of(&self.edges, sum.start) {
                        self.add(measured, bucket, &sum, has_power);
                    }
                }
            } else {
                let prices = self.prices;
                let cells = self.cells(measured, day.day.start());
                for (bucket, quarters) in &stretches {
                    cells.add_stretch(*bucket, day.day, socket, quarters.clone(), prices, has_power);
                }
            }
        }
    }

    /// The day's quarter hours in `within`, those of one bucket together.
    fn stretches(&self, day: &DayRollup, within: TimeRange) -> Vec<(usize, Range<usize>)> {
        let mut stretches: Vec<(usize, Range<usize>)> = Vec::new();
        for quarter in 0..usize::from(day.quarters) {
            let at = day.day.quarter(quarter);
            let Some(bucket) = within.contains(at).then(|| bucket_of(&self.edges, at)).flatten() else {
                continue;
            };
            match stretches.last_mut() {
                Some((last, quarters)) if *last == bucket && quarters.end == quarter => {
                    quarters.end += 1;
                }
                _ => stretches.push((bucket, quarter..quarter + 1)),
            }
        }
        stretches
    }

    pub fn finish(mut self) -> Usage {
        let count = self.bucket_count();
        let (mut sockets, mut absent) = (Vec::new(), Vec::new());
        let mut all = std::mem::take(&mut self.cells).into_iter().peekable();
        while let Some(((owner, measured), mut sum)) = all.next() {
            let mut merged = vec![0; count];
            let mut members = vec![(measured, sum.measured_millis.clone())];
            let mut lines =
                BTreeMap::from([(self.line(measured, owner), std::mem::take(&mut sum.sightings))]);
            while let Some(((_, other), mut more)) = all.next_if(|((next, _), _)| *next == owner) {
                sum.absorb(&more);
                let line = lines.entry(self.line(other, owner)).or_default();
                line.absorb(std::mem::take(&mut more.sightings));
                members.push((other, more.measured_millis));
            }
            if let Some(home) = self.home.filter(|_| members.len() > 1) {
                count_merged(&mut merged, owner, &members, home);
            }
            let expected = self.expected(lines);
            if sum.measured_millis.iter().any(|&millis| millis > 0) {
                sockets.push(sum.finish(owner, merged, expected));
            } else if !expected.is_empty() {
                absent.push(AbsentSocket { hub: owner.hub, socket: owner.socket, expected });
            }
        }
        Usage { edges: self.edges, now: self.now, sockets, absent }
    }

    /// When each of them is expected, as far as the buckets reach.
    fn expected(&self, lines: BTreeMap<SocketKey, Sightings>) -> Vec<TimeRange> {
        let asked = self.range();
        let of_line = |(line, sightings): (SocketKey, Sightings)| {
            let gone = self.gone.get(&line.hub).copied();
            sightings.expected(gone.map_or(self.now, |gone| gone.min(self.now)))
        };
        let all = lines.into_iter().flat_map(of_line).map(|expected| expected.intersection(&asked));
        all.filter(|expected| !expected.is_empty()).collect()
    }

    /// Plugs that replaced one another are one line, of which one at a time is measured; a socket that was merged into
    /// the owner is a line of its own.
    fn line(&self, measured: SocketKey, owner: SocketKey) -> SocketKey {
        let mut line = measured;
        let successions = self.home.map_or(&[][..], |home| &home.successions);
        for _ in successions {
            let next = successions.iter().find(|next| next.source() == line && next.until.is_some());
            match next {
                Some(next) if line != owner => line = next.target(),
                _ => break,
            }
        }
        line
    }

    fn add(&mut self, measured: SocketKey, bucket: usize, sum: &BucketSum, has_power: bool) {
        let prices = self.prices;
        self.cells(measured, sum.start).add(bucket, sum, prices, has_power);
    }

    /// What the socket measured for the one whose history it is part of at that time.
    fn cells(&mut self, measured: SocketKey, at: UtcMillis) -> &mut Cells {
        let (owner, is_priced, count) =
            (self.owner(measured, at), self.prices.is_some(), self.bucket_count());
        self.cells.entry((owner, measured)).or_insert_with(|| Cells::new(count, is_priced))
    }

    fn owner(&self, measured: SocketKey, at: UtcMillis) -> SocketKey {
        self.home.map_or(measured, |home| home.owner(measured, at))
    }

    fn bucket_count(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    fn has_successor(&self, socket: SocketKey) -> bool {
        self.home.is_some_and(|home| home.successions.iter().any(|next| next.source() == socket))
    }
}

/// The bucket that `at` lies in.
fn bucket_of(edges: &[UtcMillis], at: UtcMillis) -> Option<usize> {
    // The first edge after the start closes the bucket.
    let after = edges.partition_point(|&edge| edge <= at);
    (after > 0 && after < edges.len()).then(|| after - 1)
}

/// Where the quarter hour of `at` ends.
fn quarter_end(at: UtcMillis) -> UtcMillis {
    at.floor_to(QUARTER_HOUR_MILLIS).plus_millis(QUARTER_HOUR_MILLIS)
}

/// A plug that replaced another carries on alone; sockets that were merged are measured side by side.
fn count_merged(merged: &mut [u8], owner: SocketKey, members: &[(SocketKey, Vec<i64>)], home: &HomeSettings) {
    let side_by_side = |source: SocketKey| {
        let next = home.successions.iter().find(|next| next.source() == source);
        next.is_some_and(|next| next.until.is_none())
    };
    for (bucket, count) in merged.iter_mut().enumerate() {
        let measured =
            |key: SocketKey| members.iter().any(|(member, millis)| *member == key && millis[bucket] > 0);
        let others = members.iter().filter(|(key, _)| *key != owner && side_by_side(*key) && measured(*key));
        let others = others.count();
        // The one they were merged into may be the one that is silent.
        let beside = if members.iter().any(|(key, _)| !side_by_side(*key) && measured(*key)) {
            others
        } else {
            others.saturating_sub(1)
        };
        *count = u8::try_from(beside).unwrap_or(u8::MAX);
    }
}

impl Cells {
    fn new(buckets: usize, priced: bool) -> Self {
        Self {
            energy: vec![0; buckets],
            exported: vec![0; buckets],
            measured_millis: vec![0; buckets],
            costs: if priced { vec![None; buckets] } else { Vec::new() },
            peak: None,
            trough: None,
            seen: TimeRange::new(UtcMillis(i64::MAX), UtcMillis(i64::MIN)),
            sightings: Sightings::default(),
        }
    }

    fn add(&mut self, bucket: usize, sum: &BucketSum, prices: Option<&Prices>, has_power: bool) {
        self.energy[bucket] += sum.energy.0;
        self.exported[bucket] -= sum.energy.0.min(0);
        self.measured_millis[bucket] += sum.measured_millis;
        if let Some(cost) = prices.and_then(|prices| prices.cost(sum.start, sum.energy)) {
            self.costs[bucket].get_or_insert_default().add(cost);
        }
        if has_power {
            self.peak = self.peak.max(Some(sum.peak));
            self.trough = BucketSum::lower(self.trough, sum.trough);
        }
        let end = self.seen.end.max(quarter_end(sum.start));
        self.seen = TimeRange::new(self.seen.start.min(sum.start), end);
    }

    /// The same for quarter hours in a row: a year of a home has a million of them.
    fn add_stretch(
        &mut self,
        bucket: usize,
        day: UtcDay,
        socket: &SocketDay,
        quarters: Range<usize>,
        prices: Option<&Prices>,
        has_power: bool,
    ) {
        let measured = &socket.measured_secs[quarters.clone()];
        let (Some(first), Some(last)) =
            (measured.iter().position(|&secs| secs > 0), measured.iter().rposition(|&secs| secs > 0))
        else {
            return;
        };
        // A gap has no joules.
        let energy = &socket.energy[quarters.clone()];
        self.energy[bucket] += energy.iter().sum::<i64>();
        self.exported[bucket] -= energy.iter().map(|joules| joules.min(&0)).sum::<i64>();
        self.measured_millis[bucket] += measured.iter().map(|&secs| i64::from(secs)).sum::<i64>() * 1_000;
        if let Some(prices) = prices
            && let Some(cost) = prices.cost_of_measured(day.quarter(quarters.start), energy, measured)
        {
            self.costs[bucket].get_or_insert_default().add(cost);
        }
        if has_power {
            for place in quarters.clone().filter(|&place| socket.measured_secs[place] > 0) {
                self.peak = self.peak.max(Some(socket.peak[place]));
                self.trough = BucketSum::lower(self.trough, socket.trough[place]);
            }
        }
        let start = self.seen.start.min(day.quarter(quarters.start + first));
        let end = self.seen.end.max(day.quarter(quarters.start + last + 1));
        self.seen = TimeRange::new(start, end);
    }

    fn absorb(&mut self, other: &Self) {
        for (bucket, &millis) in other.measured_millis.iter().enumerate() {
            self.energy[bucket] += other.energy[bucket];
            self.exported[bucket] += other.exported[bucket];
            self.measured_millis[bucket] += millis;
        }
        for (cost, more) in self.costs.iter_mut().zip(&other.costs) {
            if let Some(more) = more {
                cost.get_or_insert_default().add(*more);
            }
        }
        self.peak = self.peak.max(other.peak);
        self.trough = BucketSum::lower(self.trough, other.trough);
        self.seen = TimeRange::new(self.seen.start.min(other.seen.start), self.seen.end.max(other.seen.end));
    }

    fn finish(self, owner: SocketKey, merged: Vec<u8>, expected: Vec<TimeRange>) -> SocketUsage {
        let energy: Vec<Option<Joules>> = self
            .energy
            .iter()
            .zip(&self.measured_millis)
            .map(|(&joules, &millis)| (millis > 0).then_some(Joules(joules)))
            .collect();
        let cost = (self.costs.len() == energy.len()).then(|| {
            let buckets: Vec<Option<Nano>> = self.costs.iter().map(|cost| cost.map(Cost::round)).collect();
            let total = buckets.iter().flatten().copied().reduce(|a, b| a + b);
            SocketCost { buckets, total }
        });
        SocketUsage {
            hub: owner.hub,
            socket: owner.socket,
            total: Joules(self.energy.iter().sum()),
            energy,
            exported: self.exported.into_iter().map(Joules).collect(),
            measured_millis: self.measured_millis,
            merged,
            peak: self.peak,
            trough: self.trough,
            seen: self.seen,
            expected,
            cost,
        }
    }
}

#[cfg(test)]
mod tests;
