//! Who may come in: the last look at a container before it is stored.

use std::sync::Arc;

use domain::transport::Delivery;
use domain::{Clock, TickBatch, UtcMillis};
use serde::Deserialize;

use crate::measures::Cause;

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;

/// Which times are believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoorConfig {
    /// Seconds that a hub's clock may be ahead of ours.
    pub clock_tolerance_secs: u32,
    /// Days after which the store forgets; what is older would be lost there without a word. The binary takes it from
    /// the store's own setting.
    #[serde(skip)]
    pub retention_days: Option<u32>,
}

impl Default for DoorConfig {
    fn default() -> Self {
        Self { clock_tolerance_secs: 300, retention_days: None }
    }
}

impl DoorConfig {
    pub fn validate(&self, faults: &mut Vec<String>) {
        if self.clock_tolerance_secs > 86_400 {
            faults.push("door.clock_tolerance_secs: at most 86,400, a day".to_owned());
        }
    }
}

/// Why a container is not stored: one sentence for an operator, and its kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    pub(crate) reason: String,
    /// That are not stored because of it; none where it could not be decoded.
    pub(crate) values: usize,
}

impl Refusal {
    const fn new(cause: Cause, reason: String) -> Self {
        Self { cause, reason, values: 0 }
    }
}

/// Judges containers one by one.
pub(crate) struct Door {
    clock: Arc<dyn Clock>,
    tolerance: i64,
    retention: Option<i64>,
}

impl Door {
    pub(crate) fn new(clock: Arc<dyn Clock>, config: &DoorConfig) -> Self {
        Self {
            clock,
            tolerance: i64::from(config.clock_tolerance_secs) * SECOND,
            retention: config.retention_days.map(|days| i64::from(days) * DAY),
        }
    }

    pub(crate) fn now(&self) -> UtcMillis {
        self.clock.now()
    }

    /// Adds the container to `ticks`, or leaves them as they were and says why.
    pub(crate) fn admit(
        &self,
        delivery: &Delivery,
        now: UtcMillis,
        ticks: &mut TickBatch,
    ) -> Result<(), Refusal> {
        // The transport knows who may publish as which hub; the container alone could name any.
        let named = wire::decode_into(&delivery.body, ticks)
            .map_err(|error| Refusal::new(Cause::Undecodable, error.to_string()))?;
        let judged = match delivery.hub {
            Some(hub) if hub == named => self.judge_times(ticks, now),
            Some(hub) => {
                Err(Refusal::new(Cause::Foreign, format!("it comes from hub {hub} but names hub {named}")))
            }
            None => {
                let reason = format!("the transport does not say that it comes from hub {named}");
                Err(Refusal::new(Cause::Foreign, reason))
            }
        };
        judged.map_err(|refusal| {
            let values = ticks.of_container(ticks.containers() - 1).values();
            ticks.pop();
            Refusal { values, ..refusal }
        })
    }

    /// Of the last container. Its ticks are in order of time, so the first and the last tell all.
    fn judge_times(&self, ticks: &TickBatch, now: UtcMillis) -> Result<(), Refusal> {
        let container = ticks.of_container(ticks.containers() - 1);
        if let Some(last) = container.last() {
            let end = last.start.plus_millis(last.length.millis_i64());
            if end.millis_since(now) > self.tolerance {
                let reason = format!(
                    "its last tick, of {}, ends more than {} s after our clock, which says {now}",
                    last.start,
                    self.tolerance / SECOND
                );
                return Err(Refusal::new(Cause::Clock, reason));
            }
        }
        if let (Some(first), Some(retention)) = (container.first(), self.retention)
            && now.millis_since(first.start) > retention
        {
            let reason = format!(
                "its first tick, of {}, is older than the {} days that the store keeps",
                first.start,
                retention / DAY
            );
            return Err(Refusal::new(Cause::TooOld, reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use domain::HubId;
    use domain::transport::Receipt;
    use testkit::FakeClock;
    use testkit::containers::{RECORDED_DAY, container, hub};

    fn delivery(hub: Option<HubId>, body: Bytes) -> Delivery {
        Delivery { hub, body, redelivered: false, receipt: Receipt { epoch: 1, tag: 1 }, trace: None }
    }

    /// What becomes of three ticks of 10 s, the first of which starts with the recorded day.
    fn outcome(now: UtcMillis, config: &DoorConfig) -> Result<(), Refusal> {
        let body = wire::encode(&container(hub(1), 1));
        let door = Door::new(Arc::new(FakeClock::at(now)), config);
        let mut ticks = TickBatch::default();
        let outcome = door.admit(&delivery(Some(hub(1)), body), door.now(), &mut ticks);
        assert_eq!(ticks.containers(), usize::from(outcome.is_ok()));
        outcome
    }

    #[test]
    fn only_a_container_of_the_hub_it_comes_from_is_stored() {
        let body = wire::encode(&container(hub(1), 1));
        let now = RECORDED_DAY.plus_millis(DAY);
        let door = Door::new(Arc::new(FakeClock::at(now)), &DoorConfig::default());
        let mut ticks = TickBatch::default();
        let mut admit = |hub, body| door.admit(&delivery(hub, body), now, &mut ticks);
        assert_eq!(admit(Some(hub(1)), body.clone()), Ok(()));
        assert!(admit(Some(hub(2)), body.clone()).unwrap_err().reason.contains("but names hub"));
        assert!(admit(None, body).unwrap_err().reason.contains("does not say"));
        assert!(admit(Some(hub(1)), Bytes::from_static(b"garbage")).unwrap_err().reason.contains("protobuf"));
        assert_eq!(ticks.containers(), 1);
    }

    #[test]
    fn a_hub_whose_clock_is_ahead_waits_outside() {
        let config = DoorConfig { clock_tolerance_secs: 60, ..DoorConfig::default() };
        let end = RECORDED_DAY.plus_millis(30_000);
        assert_eq!(outcome(end.plus_millis(-60_000), &config), Ok(()));
        let refusal = outcome(end.plus_millis(-60_001), &config).unwrap_err();
        assert!(refusal.reason.contains("more than 60 s after our clock"), "{refusal:?}");
        assert_eq!(refusal.cause, Cause::Clock);
    }

    #[test]
    fn what_the_store_would_forget_at_once_waits_outside() {
        let config = DoorConfig { retention_days: Some(30), ..DoorConfig::default() };
        assert_eq!(outcome(RECORDED_DAY.plus_millis(30 * DAY), &config), Ok(()));
        let refusal = outcome(RECORDED_DAY.plus_millis(30 * DAY + 1), &config).unwrap_err();
        assert!(refusal.reason.contains("older than the 30 days"), "{refusal:?}");
        assert_eq!(refusal.cause, Cause::TooOld);
    }
}
