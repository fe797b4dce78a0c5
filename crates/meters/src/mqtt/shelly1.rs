//! Shelly, first generation: plain numbers, each on a topic of its own. A switch counts watt-minutes and begins anew with
//! every start; a meter with clamps counts watt-hours and keeps them, drawn and fed in apart.

use domain::energy::{Microjoules, Milliwatts};
use domain::metering::Reading;

use super::Fault;
use super::payload;
use crate::config::Shelly1;

/// 1 kWh.
const WATT_MINUTES: f64 = 60_000.0;
const WATT_HOURS: f64 = 1_000.0;

/// One channel.
#[derive(Clone, Debug)]
pub struct Plug {
    online: String,
    power: String,
    /// And how many of it are 1 kWh.
    counter: (String, f64),
    /// What is fed in, of a meter with clamps.
    returned: Option<String>,
    latest_power: Option<Milliwatts>,
    pair: Pair,
}

/// The two counters of a clamp, which come one after the other. One of them alone is no count of what was used.
#[derive(Clone, Debug, Default)]
struct Pair {
    drawn: Half,
    returned: Half,
}

#[derive(Clone, Copy, Debug, Default)]
struct Half {
    latest: Option<Microjoules>,
    /// Since the pair last gave a count.
    is_fresh: bool,
}

impl Pair {
    /// Gives what was drawn less what was fed in when both have come anew, in either order, or when one comes a second time
    /// without the other, which then has not changed.
    fn take(&mut self, is_returned: bool, count: Microjoules) -> Option<Microjoules> {
        let (own, other) = if is_returned {
            (&mut self.returned, &mut self.drawn)
        } else {
            (&mut self.drawn, &mut self.returned)
        };
        let is_due = own.is_fresh || other.is_fresh;
        *own = Half { latest: Some(count), is_fresh: true };
        let net = Microjoules(self.drawn.latest?.0.saturating_sub(self.returned.latest?.0));
        is_due.then(|| {
            self.drawn.is_fresh = false;
            self.returned.is_fresh = false;
            net
        })
    }
}

impl Plug {
    pub fn new(config: &Shelly1) -> Self {
        let Shelly1 { id, channel, clamps } = config;
        let part = if *clamps { "emeter" } else { "relay" };
        let folder = format!("shellies/{id}/{part}/{channel}");
        Self {
            online: format!("shellies/{id}/online"),
            power: format!("{folder}/power"),
            counter: if *clamps {
                (format!("{folder}/total"), WATT_HOURS)
            } else {
                (format!("{folder}/energy"), WATT_MINUTES)
            },
            returned: clamps.then(|| format!("{folder}/total_returned")),
            latest_power: None,
            pair: Pair::default(),
        }
    }

    pub(super) fn topics(&self) -> Vec<String> {
        let fixed = [self.online.clone(), self.power.clone(), self.counter.0.clone()];
        fixed.into_iter().chain(self.returned.clone()).collect()
    }

    pub(super) fn hear(&mut self, topic: &str, body: &[u8]) -> Option<Result<Reading, Fault>> {
        if topic == self.online {
            return (body == b"false").then_some(Err(Fault::Offline));
        }
        let is_of_us =
            [&self.power, &self.counter.0].into_iter().chain(&self.returned).any(|own| own == topic);
        is_of_us
            .then(|| payload::number(topic, body))
            .map(|number| self.read(topic, number?))
            .and_then(Result::transpose)
    }

    /// The power is told with the counter, and by itself in between.
    fn read(&mut self, topic: &str, number: f64) -> Result<Option<Reading>, Fault> {
        if topic == self.power {
            self.latest_power = Some(payload::watts(topic, "power", number)?);
            return Ok(Some(Reading { power: self.latest_power, count: None }));
        }
        let count = payload::kilowatt_hours(topic, "energy", number / self.counter.1)?;
        let count = match &self.returned {
            Some(returned) => self.pair.take(returned == topic, count),
            None => Some(count),
        };
        Ok(count.map(|count| Reading { power: None, count: Some(count) }))
    }
}
