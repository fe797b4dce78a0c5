//! What a swarm can be told, by flags or by a file. A flag wins over the file, and the file over the defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use domain::{TickLength, UtcMillis};
use serde::Deserialize;

use crate::population::Population;
use crate::swarm::Plan;

const DAY_MILLIS: i64 = 24 * 3_600_000;
const MAX_CONNECTIONS: u32 = 10_000;
const MAX_WINDOW: u32 = 10_000;

/// How a swarm goes about it.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `amqp://user:password@host:5672/vhost`.
    #[arg(long, value_name = "URL")]
    pub rabbitmq_url: Option<String>,
    /// Simulated hubs [default: 1000].
    #[arg(long, value_name = "N")]
    pub hubs: Option<u32>,
    /// Connections that the hubs share [default: 4].
    #[arg(long, value_name = "C")]
    pub connections: Option<u32>,
    /// Sockets of each hub, 1 to 64: values in each container [default: 30].
    #[arg(long, value_name = "V")]
    pub values: Option<u8>,
    /// New containers per second over all hubs; 0: as fast as the broker confirms [default: 0].
    #[arg(long, value_name = "R")]
    pub rate: Option<f64>,
    /// Ends after so many new containers.
    #[arg(long, value_name = "TOTAL")]
    pub containers: Option<u64>,
    /// Ends after so many seconds.
    #[arg(long, value_name = "S")]
    pub seconds: Option<u64>,
    /// Within which the swarm grows to its full rate, or its connections are opened [default: 0].
    #[arg(long, value_name = "S")]
    pub ramp_up_secs: Option<u64>,
    /// 0: all send, and come back after a storm, at the same moment; 1: at any moment [default: 1].
    #[arg(long, value_name = "0..1")]
    pub jitter: Option<f64>,
    /// Share of the containers that are sent after newer ones [default: 0].
    #[arg(long, value_name = "P")]
    pub late: Option<f64>,
    /// Share of the containers that are sent twice [default: 0].
    #[arg(long, value_name = "P")]
    pub duplicates: Option<f64>,
    /// For each container, how much poison is sent beside it [default: 0].
    #[arg(long, value_name = "P")]
    pub poison: Option<f64>,
    /// Every so often all connections break off at once.
    #[arg(long, value_name = "S")]
    pub storm_every_secs: Option<u64>,
    /// What the hubs and their values follow from [default: 1].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Length of a tick, 1 to 60, a whole part of a minute [default: 10].
    #[arg(long, value_name = "S")]
    pub tick_secs: Option<u32>,
    /// Start of the first tick, RFC 3339 [default: 30 days ago; with a live pace, now].
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Live: what the hubs could not send before; all of it is due at once [default: 0].
    #[arg(long, value_name = "S")]
    pub backlog_secs: Option<u32>,
    /// Whether containers follow the rate or the wall clock [default: rate].
    #[arg(long, value_enum)]
    pub pace: Option<PaceName>,
    /// Unconfirmed containers per connection, 1 to 10000 [default: 1000].
    #[arg(long, value_name = "N")]
    pub window: Option<u32>,
    /// Where to keep what was confirmed, for `verify`; must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaceName {
    /// So many per second, whatever time the ticks tell of.
    Rate,
    /// Each tick is sent when it is over.
    Live,
}

#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("reading {}: {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", .path.display())]
    Parse { path: PathBuf, source: toml::de::Error },
    #[error("{}", .0.join("\n"))]
    Faults(Vec<String>),
}

impl Settings {
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let failed = |source| ScenarioError::Read { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(failed)?;
        toml::from_str(&text).map_err(|source| ScenarioError::Parse { path: path.to_owned(), source })
    }

    /// These, and where they say nothing the others.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            rabbitmq_url: self.rabbitmq_url.or(other.rabbitmq_url),
            hubs: self.hubs.or(other.hubs),
            connections: self.connections.or(other.connections),
            values: self.values.or(other.values),
            rate: self.rate.or(other.rate),
            containers: self.containers.or(other.containers),
            seconds: self.seconds.or(other.seconds),
            ramp_up_secs: self.ramp_up_secs.or(other.ramp_up_secs),
            jitter: self.jitter.or(other.jitter),
            late: self.late.or(other.late),
            duplicates: self.duplicates.or(other.duplicates),
            poison: self.poison.or(other.poison),
            storm_every_secs: self.storm_every_secs.or(other.storm_every_secs),
            seed: self.seed.or(other.seed),
            tick_secs: self.tick_secs.or(other.tick_secs),
            start: self.start.or(other.start),
            backlog_secs: self.backlog_secs.or(other.backlog_secs),
            pace: self.pace.or(other.pace),
            window: self.window.or(other.window),
            ledger: self.ledger.or(other.ledger),
        }
    }

    /// All checked, every fault named at once.
    pub fn plan(self, now: UtcMillis) -> Result<Plan, ScenarioError> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault: &str| {
            if !holds {
                faults.push(fault.to_owned());
            }
        };
        let hubs = self.hubs.unwrap_or(1_000);
        check(hubs > 0, "--hubs: at least 1");
        let connections = self.connections.unwrap_or(4);
        check((1..=MAX_CONNECTIONS).contains(&connections), "--connections: 1 to 10000");
        let sockets = self.values.unwrap_or(30);
        check((1..=64).contains(&sockets), "--values: 1 to 64");
        let rate = self.rate.unwrap_or(0.0);
        check(rate.is_finite() && rate >= 0.0, "--rate: 0 or more");
        check(self.containers != Some(0), "--containers: at least 1");
        check(self.seconds != Some(0), "--seconds: at least 1");
        check(self.storm_every_secs != Some(0), "--storm-every-secs: at least 1");
        let window = self.window.unwrap_or(1_000);
        check((1..=MAX_WINDOW).contains(&window), "--window: 1 to 10000");
        for (flag, share) in [
            ("--jitter", self.jitter),
            ("--late", self.late),
            ("--duplicates", self.duplicates),
            ("--poison", self.poison),
        ] {
            check(share.is_none_or(|share| (0.0..=1.0).contains(&share)), &format!("{flag}: 0 to 1"));
        }
        let live = self.pace == Some(PaceName::Live);
        check(!live || self.rate.is_none(), "--rate: a live pace has its own, hubs / tick length");
        check(live || self.backlog_secs.is_none(), "--backlog-secs: only with --pace live");
        check(self.rabbitmq_url.is_some(), "--rabbitmq-url: must be set");
        let length = TickLength::from_secs(self.tick_secs.unwrap_or(TickLength::DEFAULT.secs()));
        check(length.is_ok(), "--tick-secs: 1 to 60, a whole part of a minute");
        let tick_length = length.unwrap_or_default();
        let start = self.start(now, live);
        check(start.is_some(), "--start: not an instant such as 2026-01-01T00:00:00Z");
        let start = tick_length.tick_of(start.unwrap_or(now));
        let rounds = self.containers.unwrap_or(0).div_ceil(u64::from(hubs.max(1)));
        let span = i64::try_from(rounds).unwrap_or(i64::MAX).saturating_mul(tick_length.millis_i64());
        check(
            live || start.0.saturating_add(span) <= now.0,
            "--containers: so many for each hub end in the future; take more hubs or an earlier --start",
        );
        if !faults.is_empty() {
            return Err(ScenarioError::Faults(faults));
        }
        let seed = self.seed.unwrap_or(1);
        Ok(Plan {
            rabbitmq_url: self.rabbitmq_url.unwrap_or_default(),
            population: Population { seed, hubs, sockets, tick_length, start },
            connections,
            rate,
            containers: self.containers,
            seconds: self.seconds.map(Duration::from_secs),
            ramp_up: Duration::from_secs(self.ramp_up_secs.unwrap_or(0)),
            jitter: self.jitter.unwrap_or(1.0),
            late: self.late.unwrap_or(0.0),
            duplicates: self.duplicates.unwrap_or(0.0),
            poison: self.poison.unwrap_or(0.0),
            storm_every: self.storm_every_secs.map(Duration::from_secs),
            live,
            window: window as usize,
            ledger: self.ledger,
        })
    }

    fn start(&self, now: UtcMillis, live: bool) -> Option<UtcMillis> {
        match &self.start {
            Some(text) => UtcMillis::parse_rfc3339(text),
            None if live => Some(now.plus_millis(-1_000 * i64::from(self.backlog_secs.unwrap_or(0)))),
            None => Some(now.plus_millis(-30 * DAY_MILLIS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis(1_795_219_205_000);

    fn settings() -> Settings {
        Settings { rabbitmq_url: Some("amqp://127.0.0.1".to_owned()), ..Settings::default() }
    }

    fn faults(settings: Settings) -> Vec<String> {
        match settings.plan(NOW) {
            Err(ScenarioError::Faults(faults)) => {
                faults.iter().map(|fault| fault.split(':').next().unwrap().to_owned()).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_scenarios_of_the_project_make_a_plan() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../loadtest/scenarios");
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(std::fs::read_to_string(&path).unwrap().starts_with("# "), "{}", path.display());
            Settings::read(&path).unwrap().or(settings()).plan(NOW).unwrap();
            names.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
        names.sort();
        assert_eq!(names, ["million", "outage-catch-up", "poison", "storm", "street", "town"]);
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = Settings { hubs: Some(5), values: Some(11), ..Settings::default() };
        let flags = Settings { hubs: Some(7), ..settings() };
        let plan = flags.or(file).plan(NOW).unwrap();
        assert_eq!((plan.population.hubs, plan.population.sockets, plan.connections), (7, 11, 4));
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let settings = Settings {
            hubs: Some(0),
            connections: Some(0),
            values: Some(65),
            rate: Some(-1.0),
            containers: Some(0),
            jitter: Some(2.0),
            poison: Some(f64::NAN),
            tick_secs: Some(7),
            start: Some("tomorrow".to_owned()),
            window: Some(0),
            ..Settings::default()
        };
        assert_eq!(
            faults(settings),
            [
                "--hubs",
                "--connections",
                "--values",
                "--rate",
                "--containers",
                "--window",
                "--jitter",
                "--poison",
                "--rabbitmq-url",
                "--tick-secs",
                "--start"
            ]
        );
    }

    #[test]
    fn what_would_be_in_the_future_is_refused() {
        let settings = Settings { hubs: Some(1), containers: Some(259_201), ..settings() };
        assert_eq!(faults(settings), ["--containers"]);
    }

    #[test]
    fn ticks_start_thirty_days_ago_or_now() {
        let plan = settings().plan(NOW).unwrap();
        assert_eq!(plan.population.start, UtcMillis(1_795_219_200_000 - 30 * DAY_MILLIS));
        let live = Settings { pace: Some(PaceName::Live), backlog_secs: Some(60), ..settings() };
        assert_eq!(live.plan(NOW).unwrap().population.start, UtcMillis(1_795_219_140_000));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = toml::from_str::<Settings>("hubz = 3").unwrap_err();
        assert!(error.to_string().contains("hubz"), "{error}");
    }
}
