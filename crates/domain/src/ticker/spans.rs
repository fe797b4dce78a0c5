use std::collections::VecDeque;

use super::{Counted, MeterMark, RefusedReading};
use crate::energy::{Joules, Microjoules};
use crate::ids::SocketNumber;
use crate::time::{TickLength, UtcMillis};

/// What the counter of one socket told and no tick has yet.
#[derive(Clone, Default)]
pub(super) struct Spans {
    waiting: VecDeque<Span>,
    /// Told up to here.
    told: Option<UtcMillis>,
    /// What the counter stood at then; `None` before it told anything.
    count: Option<Microjoules>,
    /// The latest tick given out with a value of the socket.
    pub(super) tick: Option<(UtcMillis, Joules)>,
    /// What told it.
    pub(super) meter: Option<MeterMark>,
    /// Where ticks have become longer, the first one that replaces none of before. What was used earlier goes into it.
    first: Option<UtcMillis>,
}

#[derive(Clone, Copy)]
struct Span {
    from: UtcMillis,
    to: UtcMillis,
    energy: Microjoules,
}

impl Span {
    /// Its share of the time before `end`. Shares add up to the whole, whatever the ends.
    fn take(&mut self, end: UtcMillis) -> Microjoules {
        let (part, whole) = (end.millis_since(self.from), self.to.millis_since(self.from));
        let share = i128::from(self.energy.0) * i128::from(part) / i128::from(whole);
        let share = i64::try_from(share).unwrap_or(self.energy.0);
        self.energy.0 -= share;
        self.from = end;
        Microjoules(share)
    }
}

impl Spans {
    /// Of a counter that may not tell of the time before `begin`.
    pub(super) fn from(begin: UtcMillis) -> Self {
        Self { told: Some(begin), ..Self::default() }
    }

    pub(super) fn resumed(counted: &Counted, length: TickLength) -> Self {
        let replacing = |tick: UtcMillis| length.tick_of(counted.at) < tick;
        let latest = counted.tick.map(|(start, _)| start).filter(|&start| replacing(start));
        Self {
            waiting: VecDeque::new(),
            told: Some(counted.at),
            count: Some(counted.count),
            tick: counted.tick,
            meter: counted.meter,
            first: latest.map(|start| start.plus_millis(1).ceil_to(length.millis_i64())),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Gives the range over which the energy is spread.
    pub(super) fn push(
        &mut self,
        from: UtcMillis,
        to: UtcMillis,
        energy: Microjoules,
        count: Microjoules,
    ) -> Result<(UtcMillis, UtcMillis), RefusedReading> {
        if let Some(told) = self.told.filter(|&told| from < told) {
            return Err(RefusedReading::Overlap { from, told });
        }
        self.told = Some(to);
        self.count = Some(count);
        let from = self.not_before_first(from);
        let to = to.max(from.plus_millis(1));
        self.waiting.push_back(Span { from, to, energy });
        Ok((from, to))
    }

    fn not_before_first(&self, at: UtcMillis) -> UtcMillis {
        self.first.map_or(at, |first| at.max(first))
    }

    /// What was used before `end`; `None` if nothing is known of that time.
    pub(super) fn book(&mut self, end: UtcMillis) -> Option<Microjoules> {
        let mut booked = None;
        while let Some(span) = self.waiting.front_mut()
            && span.from < end
        {
            *booked.get_or_insert(Microjoules(0)) += span.take(end.min(span.to));
            if span.from < span.to {
                break;
            }
            self.waiting.pop_front();
        }
        booked
    }

    /// Moves what is provisional.
    pub(super) fn date(&mut self, shift_millis: i64) {
        let moved = |at: UtcMillis| at.dated(shift_millis);
        for span in &mut self.waiting {
            span.from = moved(span.from);
            span.to = moved(span.to);
        }
        self.told = self.told.map(moved);
        self.tick = self.tick.map(|(start, joules)| (moved(start), joules));
        self.first = self.first.map(moved);
    }

    /// How far it is booked.
    pub(super) fn counted(&self, socket: SocketNumber) -> Option<Counted> {
        let waiting: i64 = self.waiting.iter().map(|span| span.energy.0).sum();
        Some(Counted {
            socket,
            at: self.not_before_first(self.waiting.front().map(|span| span.from).or(self.told)?),
            count: Microjoules(self.count?.0 - waiting),
            tick: self.tick,
            meter: self.meter,
        })
    }

    /// How far it is told.
    pub(super) fn told(&self, socket: SocketNumber) -> Option<Counted> {
        Some(Counted { socket, at: self.told?, count: self.count?, tick: self.tick, meter: self.meter })
    }
}
