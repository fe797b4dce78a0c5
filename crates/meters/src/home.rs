use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::energy::Microjoules;
use domain::metering::{MeterSetup, Reading, Remark, SocketMeter, Told};
use domain::sensor::{Observation, Outlet, Sensor};
use domain::ticker::Counted;
use domain::{Clock, Milliwatts, TimeRange, UtcMillis};
use tokio::time::sleep;

use crate::absence::Absence;
use crate::config::Entry;
use crate::health::Health;
use crate::outbox::{Inbox, Letter, News};
use crate::quantity::scaled;

/// It says at least so often how far it is.
const BEAT_MILLIS: i64 = 1_000;
/// So long the others wait for a counter that is read regularly. What it tells later comes in ticks of its own.
const PATIENCE_MILLIS: i64 = 40_000;
/// Letters opened before anything is told.
const AT_ONCE: usize = 256;
/// Readings of power that wait for counters: 64 sockets, ten a second.
const MOST_WAITING: usize = 32_768;

/// All meters of a hub as one sensor.
///
/// Readings are of the instant at which they arrive: a plug's own clock is not to be trusted. Powers are told when the
/// counters of the others have come as far, so that a tick has them all.
pub struct Home {
    meters: Vec<Meter>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    inbox: Inbox,
    /// Powers in order of time, not yet told.
    waiting: VecDeque<(UtcMillis, Observation)>,
    /// Everything before is told.
    until: UtcMillis,
    now: UtcMillis,
}

struct Meter {
    rules: SocketMeter,
    name: String,
    scale: f64,
    /// Between its latest two readings of a counter.
    interval_millis: Option<i64>,
    heard: UtcMillis,
    silence_millis: i64,
    is_silent: bool,
    hint: String,
    has_clamp: bool,
    /// What its counter stood at when it was last told of.
    counted: Option<Microjoules>,
}

impl Home {
    pub(crate) fn new(
        entries: &[Entry],
        counted: &[Counted],
        hold: Duration,
        clock: Arc<dyn Clock>,
        health: Arc<Health>,
        inbox: Inbox,
    ) -> Self {
        let now = clock.now();
        let meters = entries.iter().filter_map(|entry| Meter::new(entry, counted, hold, now)).collect();
        Self { meters, clock, health, inbox, waiting: VecDeque::new(), until: UtcMillis(i64::MIN), now }
    }

    /// Never goes back, also when the system's clock does.
    fn now(&mut self) -> UtcMillis {
        self.now = self.now.max(self.clock.now());
        self.now
    }

    fn open(&mut self, letter: Letter, out: &mut Vec<Observation>) {
        let at = self.now();
        let Some(meter) = self.meters.get_mut(letter.meter) else { return };
        match letter.news {
            News::Trouble(sentence) => self.health.trouble(letter.meter, sentence),
            News::Reading(reading) => {
                self.health.heard(letter.meter, at, reading.power);
                let (told, absence) = meter.read(at, reading);
                if let Some(absence) = &absence {
                    self.health.not_booked(letter.meter, absence.energy());
                }
                if let Some(remark) = told.remark {
                    let sentence = absence.map_or_else(|| meter.sentence(&remark), |it| it.to_string());
                    self.health.remark(letter.meter, at, sentence);
                }
                if let Some(range) = meter.spread(&told) {
                    self.health.spread(letter.meter, range);
                }
                match told.observation {
                    Some(power @ Observation::Power { .. }) if self.waiting.len() < MOST_WAITING => {
                        self.waiting.push_back((at, power));
                    }
                    Some(energy @ Observation::Energy { .. }) => out.push(energy),
                    _ => {}
                }
            }
        }
    }

    /// Up to where everything is known that will come in time.
    fn horizon(&self) -> UtcMillis {
        let earliest = self.now.plus_millis(-PATIENCE_MILLIS);
        let counters = self.meters.iter().filter(|meter| meter.is_regular());
        let told = counters.filter_map(|meter| meter.rules.told_until()).filter(|&told| told > earliest);
        told.min().unwrap_or(self.now).min(self.now)
    }

    fn tell(&mut self, out: &mut Vec<Observation>) {
        self.now();
        let horizon = self.horizon();
        while let Some(&(at, power)) = self.waiting.front()
            && at <= horizon
        {
            out.push(power);
            self.waiting.pop_front();
        }
        if horizon.millis_since(self.until.max(UtcMillis(0))) >= BEAT_MILLIS {
            self.until = horizon;
            out.push(Observation::Until(horizon));
        }
    }

    fn look_for_silence(&mut self) {
        for (place, meter) in self.meters.iter_mut().enumerate() {
            let silence = self.now.millis_since(meter.heard);
            if !meter.is_silent && silence > meter.silence_millis {
                meter.is_silent = true;
                let sentence = format!("nothing was heard of it for {} s; {}", silence / 1_000, meter.hint);
                self.health.trouble(place, sentence);
            }
        }
    }
}

impl Meter {
    fn new(entry: &Entry, counted: &[Counted], hold: Duration, now: UtcMillis) -> Option<Self> {
        let label = entry.label()?;
        let nature = entry.nature();
        let rules = SocketMeter::new(MeterSetup {
            socket: label.number,
            counter: nature.counter,
            max_power: entry.max_power(),
            feeds_in: entry.feeds_in,
            hold,
        });
        let before = counted.iter().find(|counted| entry.counts_on_from(counted));
        Some(Self {
            rules: match before {
                Some(before) => rules.resumed(before),
                None => rules,
            },
            name: label.name,
            scale: entry.scale(),
            interval_millis: None,
            heard: now,
            silence_millis: nature.silence_millis,
            is_silent: false,
            hint: nature.hint,
            has_clamp: entry.has_clamp(),
            counted: before.map(|before| before.count),
        })
    }

    fn read(&mut self, at: UtcMillis, reading: Reading) -> (Told, Option<Absence>) {
        self.heard = at;
        self.is_silent = false;
        let power = reading.power.map(|power| Milliwatts(scaled(power.0, self.scale)));
        let count = reading.count.map(|count| Microjoules(scaled(count.0, self.scale)));
        let told = self.rules.read(at, Reading { power, count });
        let absence = match told.remark {
            Some(Remark::LongAway { gap }) => Some(Absence {
                gap,
                counted: self.counted.zip(count),
                max_power: self.rules.setup().max_power,
            }),
            _ => None,
        };
        if let Some(Observation::Energy { from, to, count, .. }) = told.observation {
            self.interval_millis = Some(to.millis_since(from));
            self.counted = Some(count);
        } else if absence.is_some() || self.counted.is_none() {
            self.counted = count;
        }
        (told, absence)
    }

    /// The time over which a counter is spread, where that is longer than anybody believes a power.
    fn spread(&self, told: &Told) -> Option<TimeRange> {
        let Some(Observation::Energy { from, to, .. }) = told.observation else { return None };
        let hold = i64::try_from(self.rules.setup().hold.as_millis()).unwrap_or(i64::MAX);
        (to.millis_since(from) > hold).then(|| TimeRange::new(from, to))
    }

    /// What is odd, and what to do where that is known here.
    fn sentence(&self, remark: &Remark) -> String {
        match *remark {
            Remark::Power { power, max } if (-max.0..0).contains(&power.0) => {
                let turn = if self.has_clamp { "turn its clamp round, or " } else { "" };
                let watts = power.0 / 1_000;
                format!(
                    "it reads {watts} W, as a socket that feeds in; {turn}set feeds_in = true if it may; that reading is \
                     left out"
                )
            }
            remark => remark.to_string(),
        }
    }

    /// Whether it is read so often that the others wait for it.
    fn is_regular(&self) -> bool {
        self.interval_millis.is_some_and(|interval| interval <= PATIENCE_MILLIS)
    }
}

#[async_trait]
impl Sensor for Home {
    async fn observe(&mut self, out: &mut Vec<Observation>) -> bool {
        let before = out.len();
        loop {
            for _ in 0..AT_ONCE {
                let Ok(letter) = self.inbox.try_recv() else { break };
                self.open(letter, out);
            }
            self.tell(out);
            self.look_for_silence();
            if out.len() > before {
                return true;
            }
            tokio::select! {
                letter = self.inbox.recv() => match letter {
                    Some(letter) => self.open(letter, out),
                    None => return false,
                },
                () = sleep(Duration::from_millis(BEAT_MILLIS.unsigned_abs())) => {}
            }
        }
    }

    fn outlets(&self) -> Vec<Outlet> {
        let outlet = |meter: &Meter| Outlet { socket: meter.rules.setup().socket, name: meter.name.clone() };
        self.meters.iter().map(outlet).collect()
    }
}

#[cfg(test)]
mod tests;
