use std::time::Duration;

use super::LONGEST_GAP;
use super::remark::{Kwh, Remark};
use crate::energy::{Microjoules, Milliwatts};
use crate::time::UtcMillis;

/// Readings closer together than this are one: networks deliver in bursts.
const SHORTEST_MILLIS: i64 = 500;
/// A counter is believed to have counted so much longer than its readings are apart, for the same reason.
const SLACK_MILLIS: i64 = 10_000;

/// What is known of a counter by its make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The least by which it moves.
    pub resolution: Microjoules,
    pub restart: Restart,
}

/// Where a counter goes on when its meter was without power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    FromZero,
    /// Where it was, or a little before that: it is saved now and then.
    FromSaved,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_power: Milliwatts,
    pub(super) feeds_in: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) at: UtcMillis,
    value: Microjoules,
}

/// What came of reading a counter.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Used since then.
    pub(super) energy: Option<(UtcMillis, Microjoules)>,
    pub(super) remark: Option<Remark>,
    /// The counter is told up to this reading.
    pub(super) is_taken: bool,
}

/// One counter, and how much of it is told.
#[derive(Clone, Debug)]
pub(super) struct Register {
    counter: Counter,
    limits: Limits,
    last: Option<Count>,
    /// What the counter would stand at if it were as exact as what is told. At most a resolution off.
    told: Microjoules,
    /// A reading that must be seen twice.
    suspect: Option<Count>,
}

impl Register {
    pub(super) const fn new(counter: Counter, limits: Limits) -> Self {
        Self { counter, limits, last: None, told: Microjoules(0), suspect: None }
    }

    pub(super) fn resume(&mut self, at: UtcMillis, told: Microjoules) {
        self.last = Some(Count { at, value: told });
        self.told = told;
    }

    pub(super) const fn last(&self) -> Option<Count> {
        self.last
    }

    pub(super) const fn told(&self) -> Microjoules {
        self.told
    }

    /// `guide`: what the power says was used since the last reading that was taken.
    pub(super) fn read(&mut self, at: UtcMillis, value: Microjoules, guide: Option<Microjoules>) -> Step {
        let now = Count { at, value };
        let Some(last) = self.last else { return self.begin(now, None) };
        let gap = at.millis_since(last.at);
        if gap < SHORTEST_MILLIS {
            return Step::default();
        }
        if gap > i64::try_from(LONGEST_GAP.as_millis()).unwrap_or(i64::MAX) {
            return self
                .begin(now, Some(Remark::LongAway { gap: Duration::from_millis(gap.unsigned_abs()) }));
        }
        match self.suspect.take() {
            None if self.follows(last, now) => self.advance(last, now, guide, None),
            Some(odd) if self.follows(last, now) => {
                let remark = Remark::Glitch { odd: Kwh(odd.value), between: Kwh(value) };
                self.advance(last, now, None, Some(remark))
            }
            Some(odd) if at.millis_since(odd.at) < SHORTEST_MILLIS => {
                self.suspect = Some(odd);
                Step::default()
            }
            Some(odd) if self.follows(odd, now) => self.accept(last, odd, now),
            None | Some(_) => {
                self.suspect = Some(now);
                Step { remark: Some(self.suspicion(last, now)), ..Step::default() }
            }
        }
    }

    fn begin(&mut self, now: Count, remark: Option<Remark>) -> Step {
        self.last = Some(now);
        self.told = now.value;
        self.suspect = None;
        Step { energy: None, remark, is_taken: true }
    }

    /// Whether a socket can have got from one to the other.
    fn follows(&self, from: Count, to: Count) -> bool {
        let gained = to.value.0.saturating_sub(from.value.0);
        let most = self.most(from, to);
        if self.limits.feeds_in {
            return gained.unsigned_abs() <= most.unsigned_abs();
        }
        // What was told may be up to a resolution ahead of the counter from which it goes on after a restart.
        (-self.counter.resolution.0..=most).contains(&gained)
    }

    fn most(&self, from: Count, to: Count) -> i64 {
        let millis = to.at.millis_since(from.at).saturating_add(SLACK_MILLIS);
        self.limits.max_power.over_millis(millis).0.saturating_add(self.counter.resolution.0)
    }

    fn suspicion(&self, last: Count, now: Count) -> Remark {
        let (from, to) = (Kwh(last.value), Kwh(now.value));
        if now.value < last.value {
            return Remark::Fell { from, to };
        }
        let within = Duration::from_millis(now.at.millis_since(last.at).unsigned_abs());
        Remark::Leapt { from, to, within, max: self.limits.max_power }
    }

    /// The odd reading was meant.
    fn accept(&mut self, last: Count, odd: Count, now: Count) -> Step {
        let (from, to) = (Kwh(last.value), Kwh(odd.value));
        if odd.value >= last.value {
            self.told = odd.value;
            return self.advance(odd, now, None, Some(Remark::WentOn { from, to }));
        }
        if self.began_anew(last, odd) {
            self.told = Microjoules(0);
            return self.advance(last, now, None, Some(Remark::BeganAnew { from, to }));
        }
        self.told = odd.value;
        self.advance(odd, now, None, Some(Remark::WentBack { from, to }))
    }

    /// Whether it counted from zero what it stands at.
    fn began_anew(&self, last: Count, odd: Count) -> bool {
        let possible = odd.value.0 >= 0 && odd.value.0 <= self.most(last, odd);
        match self.counter.restart {
            Restart::FromZero => possible,
            // Somebody has set it to zero. What is saved now and then falls back by little.
            Restart::FromSaved => possible && odd.value.0 < last.value.0 / 10,
        }
    }

    /// Tells what was used between the two.
    fn advance(
        &mut self,
        from: Count,
        now: Count,
        guide: Option<Microjoules>,
        remark: Option<Remark>,
    ) -> Step {
        let counted = now.value.0.saturating_sub(self.told.0);
        let resolution = self.counter.resolution.0;
        let within = |power: Microjoules| {
            power.0.clamp(counted.saturating_sub(resolution), counted.saturating_add(resolution))
        };
        let energy = guide.map_or(counted, within);
        // What is more than a tick can hold is told with the next reading.
        let most = Milliwatts::MAX.over_millis(now.at.millis_since(from.at)).0;
        let least = if self.limits.feeds_in { -most } else { 0 };
        let energy = Microjoules(energy.clamp(least, most));
        self.told += energy;
        self.last = Some(now);
        Step { energy: Some((from.at, energy)), remark, is_taken: true }
    }
}
