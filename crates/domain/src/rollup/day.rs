use std::fmt;

use crate::calendar::QUARTER_HOUR_MILLIS;
use crate::energy::{Joules, Milliwatts};
use crate::ids::{HubId, SocketNumber};
use crate::measurement::BucketSum;
use crate::time::{TimeRange, UtcMillis};

/// Quarter hours of a UTC day.
pub const QUARTERS: usize = 96;
pub(super) const DAY_MILLIS: i64 = 86_400_000;

/// A day of UTC, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(pub i32);

impl UtcDay {
    pub fn of(at: UtcMillis) -> Self {
        // Within five million years of the epoch, which is more than the calendar has.
        let days = at.0.div_euclid(DAY_MILLIS);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// `2026-12-01`.
    pub fn parse(text: &str) -> Option<Self> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self::of(UtcMillis(start.timestamp().as_millisecond())))
    }

    pub fn start(self) -> UtcMillis {
        UtcMillis(i64::from(self.0) * DAY_MILLIS)
    }

    /// Where its `n`th quarter hour starts.
    pub(crate) fn quarter(self, n: usize) -> UtcMillis {
        // Never more than QUARTERS.
        self.start().plus_millis(i64::try_from(n).unwrap_or(0) * QUARTER_HOUR_MILLIS)
    }

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    pub fn range(self) -> TimeRange {
        TimeRange::new(self.start(), self.next().start())
    }

    /// The days that have an instant in `range`: from the first up to but not including the second.
    pub fn touching(range: TimeRange) -> std::ops::Range<Self> {
        if range.is_empty() {
            return Self::of(range.start)..Self::of(range.start);
        }
        Self::of(range.start)..Self::of(range.end.plus_millis(-1)).next()
    }
}

impl fmt::Display for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.start().to_jiff() {
            Some(start) => write!(f, "{}", start.to_zoned(jiff::tz::TimeZone::UTC).date()),
            None => write!(f, "day {}", self.0),
        }
    }
}

/// How much of a rollup is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Energy, and how much was measured.
    Energy,
    /// The highest and the lowest power too.
    Power,
}

/// A UTC day of a hub, or the beginning of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRollup {
    pub hub: HubId,
    pub day: UtcDay,
    /// How many quarter hours of the day are rolled up; of later ones nothing is said. At most [`QUARTERS`].
    pub quarters: u8,
    /// Those with a measurement, lowest first.
    pub sockets: Vec<SocketDay>,
}

/// One socket in a [`DayRollup`]: columns with an entry for each of its quarter hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketDay {
    pub socket: SocketNumber,
    /// How long was measured, in seconds, 0 to 900. 0 is a gap.
    pub measured_secs: Vec<u16>,
    /// Joules; 0 in a gap.
    pub energy: Vec<i64>,
    /// The highest mean power of a tick. Empty when only energy was asked for.
    pub peak: Vec<Milliwatts>,
    /// The lowest mean power of a minute that was measured whole. Empty when only energy was asked for.
    pub trough: Vec<Option<Milliwatts>>,
}

impl DayRollup {
    pub fn empty(hub: HubId, day: UtcDay) -> Self {
        Self { hub, day, quarters: 0, sockets: Vec::new() }
    }

    /// Where it ends.
    pub fn until(&self) -> UtcMillis {
        self.day.start().plus_millis(i64::from(self.quarters) * QUARTER_HOUR_MILLIS)
    }

    /// The quarter hours of the socket that were measured.
    pub fn sums<'a>(&self, socket: &'a SocketDay) -> impl Iterator<Item = BucketSum> + 'a {
        let start = self.day.start().0;
        let begins = (0i64..).map(move |quarter| UtcMillis(start + quarter * QUARTER_HOUR_MILLIS));
        let places = begins.enumerate().take(socket.measured_secs.len());
        places.filter(|&(place, _)| socket.measured_secs[place] > 0).map(|(place, start)| BucketSum {
            start,
            energy: Joules(socket.energy[place]),
            measured_millis: i64::from(socket.measured_secs[place]) * 1_000,
            peak: socket.peak.get(place).copied().unwrap_or_default(),
            trough: socket.trough.get(place).copied().flatten(),
        })
    }

    /// Puts `later`, which begins where `self` is to end, behind the first `quarters` of this one.
    #[must_use]
    pub fn followed_by(mut self, quarters: u8, later: &Self) -> Self {
        self.cut(quarters);
        let before = usize::from(quarters.min(self.quarters));
        for socket in &mut self.sockets {
            socket.resize(before);
        }
        for new in &later.sockets {
            self.socket(new.socket, before).append(new, before);
        }
        self.quarters = self.quarters.max(later.quarters);
        for socket in &mut self.sockets {
            socket.resize(usize::from(self.quarters));
        }
        self.sockets.retain(|socket| socket.measured_secs.iter().any(|&secs| secs > 0));
        self
    }

    /// Without what was measured in `range`. `rest` has the quarter hours that the range touches, as they are without it.
    #[must_use]
    pub fn erased(mut self, range: TimeRange, rest: &Self) -> Self {
        let columns = usize::from(self.quarters);
        let gone = |quarter: &usize| {
            let whole = TimeRange::new(self.day.quarter(*quarter), self.day.quarter(*quarter + 1));
            !whole.intersection(&range).is_empty()
        };
        let gone: Vec<usize> = (0..columns).filter(gone).collect();
        for new in &rest.sockets {
            self.socket(new.socket, columns);
        }
        for socket in &mut self.sockets {
            let left = rest.sockets.iter().find(|left| left.socket == socket.socket);
            for &quarter in &gone {
                socket.take_over(quarter, left);
            }
        }
        self.sockets.retain(|socket| socket.measured_secs.iter().any(|&secs| secs > 0));
        self
    }

    /// This one, but for each quarter hour of a socket that was measured for longer when `before` was made: some of its
    /// ticks are gone since, and it stays as it was.
    ///
    /// Later versions of ticks are taken, since they measure as long as the earlier ones.
    #[must_use]
    pub fn keeping(mut self, before: &Self) -> Self {
        self.quarters = self.quarters.max(before.quarters);
        let columns = usize::from(self.quarters);
        for socket in &mut self.sockets {
            socket.resize(columns);
        }
        for old in &before.sockets {
            let socket = self.socket(old.socket, columns);
            for quarter in old.measured_quarters() {
                if old.measured_secs[quarter] > socket.measured_secs[quarter] {
                    socket.take_over(quarter, Some(old));
                }
            }
        }
        self
    }

    /// The socket's columns, which are a gap of so many quarter hours where it has none yet.
    pub(super) fn socket(&mut self, socket: SocketNumber, quarters: usize) -> &mut SocketDay {
        let place = match self.sockets.binary_search_by_key(&socket, |known| known.socket) {
            Ok(place) => place,
            Err(place) => {
                self.sockets.insert(place, SocketDay::blank(socket, quarters));
                place
            }
        };
        &mut self.sockets[place]
    }

    fn cut(&mut self, quarters: u8) {
        self.quarters = self.quarters.min(quarters);
    }
}

impl SocketDay {
    /// The places of the quarter hours that were measured.
    pub fn measured_quarters(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.measured_secs.len()).filter(|&place| self.measured_secs[place] > 0)
    }

    fn blank(socket: SocketNumber, quarters: usize) -> Self {
        Self {
            socket,
            measured_secs: vec![0; quarters],
            energy: vec![0; quarters],
            peak: vec![Milliwatts::default(); quarters],
            trough: vec![None; quarters],
        }
    }

    pub(super) fn resize(&mut self, quarters: usize) {
        self.measured_secs.resize(quarters, 0);
        self.energy.resize(quarters, 0);
        self.peak.resize(quarters, Milliwatts::default());
        self.trough.resize(quarters, None);
    }

    /// A quarter hour as `other` has it, a gap where it has none.
    fn take_over(&mut self, quarter: usize, other: Option<&Self>) {
        let other = other.filter(|other| quarter < other.measured_secs.len());
        self.measured_secs[quarter] = other.map_or(0, |other| other.measured_secs[quarter]);
        self.energy[quarter] = other.map_or(0, |other| other.energy[quarter]);
        self.peak[quarter] = other.map_or_else(Milliwatts::default, |other| other.peak[quarter]);
        self.trough[quarter] = other.and_then(|other| other.trough[quarter]);
    }

    fn append(&mut self, later: &Self, from: usize) {
        self.resize(from);
        self.measured_secs.extend(later.measured_secs.iter().skip(from));
        self.energy.extend(later.energy.iter().skip(from));
        self.peak.extend(later.peak.iter().skip(from));
        self.trough.extend(later.trough.iter().skip(from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRIDGE: u8 = 3;
    const LAMP: u8 = 7;

    /// Quarter hours of one socket: seconds that were measured, and joules.
    fn page(sockets: &[(u8, &[(u16, i64)])]) -> DayRollup {
        let mut page = DayRollup::empty(HubId::from_bytes([3; 16]), UtcDay(0));
        page.quarters = 4;
        for &(socket, quarters) in sockets {
            let columns = page.socket(SocketNumber::new(socket).unwrap(), 4);
            for (quarter, &(secs, joules)) in quarters.iter().enumerate() {
                (columns.measured_secs[quarter], columns.energy[quarter]) = (secs, joules);
                columns.peak[quarter] = Milliwatts(joules);
                columns.trough[quarter] = (secs > 0).then_some(Milliwatts(-joules));
            }
        }
        page
    }

    #[test]
    fn what_was_measured_for_longer_before_stays() {
        let before = page(&[(FRIDGE, &[(900, 90), (900, 91), (450, 40), (0, 0)]), (LAMP, &[(900, 10)])]);
        // Of the first quarter hour all is forgotten, of the second all but a late tick. In the third more is there now.
        let anew = page(&[(FRIDGE, &[(0, 0), (10, 1), (900, 80), (900, 81)])]);
        let expected = page(&[(FRIDGE, &[(900, 90), (900, 91), (900, 80), (900, 81)]), (LAMP, &[(900, 10)])]);
        assert_eq!(anew.keeping(&before), expected);
    }

    #[test]
    fn ticks_that_say_less_than_before_are_believed() {
        let before = page(&[(FRIDGE, &[(900, 90), (450, 40)])]);
        let anew = page(&[(FRIDGE, &[(900, 5), (450, 0)]), (LAMP, &[(10, 1)])]);
        assert_eq!(anew.clone().keeping(&before), anew);
    }

    #[test]
    fn a_page_that_reached_further_is_kept_to_its_end() {
        let before = page(&[(FRIDGE, &[(900, 90), (900, 91), (900, 92), (900, 93)])]);
        let mut anew = page(&[(FRIDGE, &[(900, 80), (900, 81)])]);
        anew.quarters = 2;
        anew.sockets[0].resize(2);
        let expected = page(&[(FRIDGE, &[(900, 80), (900, 81), (900, 92), (900, 93)])]);
        assert_eq!(anew.keeping(&before), expected);
        let nothing = DayRollup::empty(before.hub, before.day);
        assert_eq!(nothing.keeping(&before), before);
    }
}
