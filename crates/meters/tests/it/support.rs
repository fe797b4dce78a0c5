use std::sync::Arc;
use std::time::Duration;

use domain::sensor::{Observation, Sensor};
use domain::{Clock, UtcMillis};
use meters::{Brokers, Condition, Entry, Health, Home};
use testkit::servers::Mosquitto;
use testkit::wait;
use tokio::time::Instant;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Follows tokio's time, many times as fast.
pub(crate) struct FastClock(Instant);

impl Clock for FastClock {
    fn now(&self) -> UtcMillis {
        UtcMillis::from_secs(1_790_000_000)
            .plus_millis(i64::try_from(self.0.elapsed().as_millis()).unwrap() * 60)
    }
}

/// The meters of a configuration, and what they told so far.
pub(crate) struct Measuring {
    home: Home,
    health: Arc<Health>,
    told: Vec<Observation>,
}

impl Measuring {
    pub(crate) fn start(config: &str, broker: &Brokers) -> Self {
        let entries = entries(config);
        let health = Arc::new(Health::default());
        let clock = Arc::new(FastClock(Instant::now()));
        let hold = Duration::from_secs(30);
        let home = meters::open(&entries, broker, &[], hold, clock, Arc::clone(&health));
        Self { home, health, told: Vec::new() }
    }

    /// Measures until it holds.
    pub(crate) async fn until(&mut self, what: &str, mut ask: impl FnMut(&[Observation], &Health) -> bool) {
        let Self { home, health, told } = self;
        let measuring = async {
            while !ask(told, health) {
                assert!(home.observe(told).await, "the meters go on");
            }
        };
        wait::within(LIMIT, what, measuring).await;
    }

    pub(crate) fn condition(&self, place: usize) -> Condition {
        self.health.snapshot()[place].condition.clone()
    }

    pub(crate) async fn until_trouble(&mut self, place: usize, part: &str) {
        self.until(&format!("{place} says {part:?}"), |_, health| {
            matches!(&health.snapshot()[place].condition, Condition::Trouble(why) if why.contains(part))
        })
        .await;
    }

    /// Tells something of a plug again and again until it measures.
    pub(crate) async fn until_heard(&mut self, place: usize, broker: &Mosquitto, told: (&str, &str)) {
        self.until(&format!("{place} is heard"), |_, health| {
            broker.publish(told.0, told.1).unwrap();
            health.snapshot()[place].condition == Condition::Measures
        })
        .await;
    }

    pub(crate) async fn until_measures(&mut self, place: usize) {
        self.until(&format!("{place} measures"), |_, health| {
            health.snapshot()[place].condition == Condition::Measures
        })
        .await;
    }
}

pub(crate) fn entries(config: &str) -> Vec<Entry> {
    let table: toml::Table = config.parse().unwrap();
    let entries: Vec<Entry> = table["agent"]["sensors"].clone().try_into().unwrap();
    let mut faults = Vec::new();
    meters::config::validate(&entries, &Brokers::default(), &mut faults);
    assert_eq!(faults, Vec::<String>::new());
    entries
}

pub(crate) fn at(broker: &Mosquitto) -> Brokers {
    Brokers { url: Some(broker.url()), ..Brokers::default() }
}

/// Joules told of a socket by its counter.
pub(crate) fn joules(told: &[Observation], number: u8) -> i64 {
    let of = |observation: &Observation| match observation {
        Observation::Energy { socket, energy, .. } if socket.get() == number => Some(energy.0),
        _ => None,
    };
    told.iter().filter_map(of).sum::<i64>() / 1_000_000
}
