//! A made-up home that can be believed: the same seed gives the same watts at the same time, for ever.

mod appliances;
mod chance;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::accounts::SocketLabel;
use domain::calendar::{QUARTER_HOUR_MILLIS, Zone};
use domain::sensor::{Observation, Outlet};
use domain::{Clock, Milliwatts, SocketNumber, UtcMillis};

use super::pace::Pace;
use super::storyteller::{Story, Storyteller};
use super::{Start, number_duplicates};
use crate::config::SimulatedConfig;
use appliances::{Appliance, Moment};
use chance::Chance;

/// Every socket is sampled once in each slot, at most `JITTER_MILLIS` after its beginning: every 2 s to 5 s.
const SLOT_MILLIS: i64 = 3_500;
const JITTER_MILLIS: u64 = 1_501;

pub fn open(config: &SimulatedConfig, hold: Duration, start: &Start, clock: Arc<dyn Clock>) -> Storyteller {
    let history = i64::from(config.history_hours) * 3_600_000;
    let from = start.resume_from.unwrap_or_else(|| clock.now().plus_millis(-history));
    let outlets =
        labels(config).into_iter().map(|label| Outlet { socket: label.number, name: label.name }).collect();
    let story = MadeUp::new(Home::new(config), from);
    Storyteller::new(outlets, Story::MadeUp(story), Pace::new(clock, config.speed.to_the_present()), hold)
}

pub(super) fn labels(config: &SimulatedConfig) -> Vec<SocketLabel> {
    let appliances: Vec<Appliance> = (0..config.sockets).map(appliances::of_socket).collect();
    let mut names: Vec<String> = appliances.iter().map(|appliance| appliance.name().to_owned()).collect();
    number_duplicates(&mut names);
    let numbers = (0..config.sockets).filter_map(|number| SocketNumber::new(number).ok());
    numbers
        .zip(appliances)
        .zip(names)
        .map(|((number, appliance), name)| SocketLabel {
            number,
            name,
            room: Some(appliance.room().to_owned()),
            icon: Some(appliance.icon().to_owned()),
            hidden: false,
        })
        .collect()
}

/// All appliances of one home.
struct Home {
    zone: Zone,
    sockets: Vec<(SocketNumber, Appliance, Chance)>,
    /// A UTC quarter of an hour and what to add for local time: no zone changes within one.
    offset: Option<(UtcMillis, i64)>,
}

impl Home {
    fn new(config: &SimulatedConfig) -> Self {
        let socket = |number| {
            let socket = SocketNumber::new(number).ok()?;
            Some((socket, appliances::of_socket(number), Chance::of(config.seed, number)))
        };
        Self {
            zone: config.zone.clone(),
            sockets: (0..config.sockets).filter_map(socket).collect(),
            offset: None,
        }
    }

    fn moment(&mut self, at: UtcMillis) -> Moment {
        let quarter = at.floor_to(QUARTER_HOUR_MILLIS);
        let offset = match self.offset {
            Some((of, offset)) if of == quarter => offset,
            _ => {
                let seconds = quarter.to_jiff().map_or(0, |at| self.zone.tz().to_offset(at).seconds());
                i64::from(seconds) * 1_000
            }
        };
        self.offset = Some((quarter, offset));
        Moment::of_local_millis(at.0 + offset)
    }

    #[cfg(test)]
    fn total(&mut self, at: UtcMillis) -> Milliwatts {
        let moment = self.moment(at);
        Milliwatts(self.sockets.iter().map(|(_, appliance, chance)| appliance.power(moment, *chance).0).sum())
    }
}

/// The samples of a home, in order of time.
pub(super) struct MadeUp {
    home: Home,
    from: UtcMillis,
    slot: i64,
    /// What is left of the slot before.
    samples: VecDeque<(UtcMillis, SocketNumber, Milliwatts)>,
}

impl MadeUp {
    fn new(home: Home, from: UtcMillis) -> Self {
        Self { home, from, slot: from.0.div_euclid(SLOT_MILLIS), samples: VecDeque::new() }
    }

    pub(super) fn peek(&mut self) -> Option<UtcMillis> {
        while self.samples.is_empty() && !self.home.sockets.is_empty() {
            self.sample();
        }
        self.samples.front().map(|sample| sample.0)
    }

    pub(super) fn take(&mut self, at: UtcMillis, out: &mut Vec<Observation>) {
        while let Some(&(sampled, socket, power)) = self.samples.front()
            && sampled == at
        {
            out.push(Observation::Power { socket, at, power });
            self.samples.pop_front();
        }
    }

    fn sample(&mut self) {
        let begin = UtcMillis(self.slot * SLOT_MILLIS);
        let moment = self.home.moment(begin);
        let mut samples: Vec<_> = self
            .home
            .sockets
            .iter()
            .map(|(socket, appliance, chance)| {
                let jitter = chance.number(&[7, self.slot]) % JITTER_MILLIS;
                let at = begin.plus_millis(i64::try_from(jitter).unwrap_or(0));
                (at, *socket, appliance.power(moment, *chance))
            })
            .filter(|sample| sample.0 >= self.from)
            .collect();
        samples.sort_unstable_by_key(|&(at, socket, _)| (at, socket));
        self.samples.extend(samples);
        self.slot += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn config(seed: u64) -> SimulatedConfig {
        SimulatedConfig { seed, ..SimulatedConfig::default() }
    }

    fn monday() -> UtcMillis {
        "2026-11-16T00:00:00Z".parse::<jiff::Timestamp>().unwrap().into()
    }

    fn told(from: UtcMillis, to: UtcMillis) -> Vec<(UtcMillis, SocketNumber, Milliwatts)> {
        let mut story = MadeUp::new(Home::new(&config(5)), from);
        let mut all = Vec::new();
        while let Some(at) = story.peek().filter(|&at| at < to) {
            let mut out = Vec::new();
            story.take(at, &mut out);
            all.extend(out.into_iter().map(|observation| match observation {
                Observation::Power { socket, at, power } => (at, socket, power),
                Observation::Energy { .. } | Observation::Until(_) => unreachable!(),
            }));
        }
        all
    }

    #[test]
    fn a_story_begun_later_goes_on_as_the_first() {
        let end = monday().plus_millis(3_600_000);
        let whole = told(monday(), end);
        let from = monday().plus_millis(1_234_567);
        let rest: Vec<_> = whole.into_iter().filter(|sample| sample.0 >= from).collect();
        assert_eq!(told(from, end), rest);
    }

    #[test]
    fn a_socket_is_sampled_every_two_to_five_seconds() {
        let samples = told(monday(), monday().plus_millis(3_600_000));
        for number in 0..12 {
            let times: Vec<i64> =
                samples.iter().filter(|sample| sample.1.get() == number).map(|sample| sample.0.0).collect();
            assert!(times.windows(2).all(|pair| (2_000..=5_000).contains(&(pair[1] - pair[0]))));
        }
        assert!(samples.is_sorted_by_key(|sample| sample.0));
    }

    #[test]
    fn a_home_draws_between_60_and_5000_watts() {
        for seed in 0..6 {
            let mut home = Home::new(&config(seed));
            for step in 0..(14 * DAY / 30_000) {
                let at = monday().plus_millis(step * 30_000);
                let watts = home.total(at).0 / 1_000;
                assert!((60..=5_000).contains(&watts), "{watts} W at {at} with seed {seed}");
            }
        }
    }

    #[test]
    fn a_day_is_worth_4_to_20_kwh_and_no_two_are_the_same() {
        let mut home = Home::new(&config(1));
        let mut joules = |day: i64| -> i64 {
            (0..DAY / 10_000).map(|n| home.total(monday().plus_millis(day * DAY + n * 10_000)).0 / 100).sum()
        };
        let (monday, tuesday) = (joules(0), joules(1));
        assert_ne!(monday, tuesday);
        for joules in [monday, tuesday] {
            assert!((4 * 3_600_000..20 * 3_600_000).contains(&joules), "{joules} J");
        }
    }

    #[test]
    fn seeds_are_different_homes() {
        let at = monday().plus_millis(DAY / 2);
        let totals: Vec<Milliwatts> = (0..4).map(|seed| Home::new(&config(seed)).total(at)).collect();
        assert!(totals.windows(2).any(|pair| pair[0] != pair[1]), "{totals:?}");
    }

    #[test]
    fn every_socket_up_to_64_has_a_name_of_its_own() {
        let config = SimulatedConfig { sockets: 64, ..SimulatedConfig::default() };
        let names: std::collections::HashSet<String> =
            labels(&config).into_iter().map(|label| label.name).collect();
        assert_eq!(names.len(), 64);
    }
}
