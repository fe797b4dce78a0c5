//! Whether anything comes from a hub.

use std::collections::BTreeSet;

use domain::access::HubGrant;
use domain::alerts::{Alert, AlertKey, AlertKind, Facts, Finding, Watched};
use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::measurement::{MeasurementQuery, StoreError};
use domain::rollup::Rollups;
use domain::{HubId, TimeRange, UtcMillis};

const MINUTE: i64 = 60_000;
/// A hub with a tick since then is online: less than the shortest time after which it is told, and more than what a tick
/// and its way take.
pub(crate) const ACTIVE: i64 = 3 * MINUTE;
/// How far back the last tick is looked for among ticks; what is older than that is found in rollups, to the hour.
const LOOK_BACK: i64 = 26 * 60 * MINUTE;

/// Where last signs of life are looked for.
pub(crate) struct Hubs<'a> {
    pub(crate) query: &'a dyn MeasurementQuery,
    pub(crate) rollups: &'a dyn Rollups,
    pub(crate) active: &'a BTreeSet<HubId>,
    pub(crate) now: UtcMillis,
}

impl Hubs<'_> {
    /// Those of the household that have been offline for as long as it wants to be told.
    pub(crate) async fn offline(
        &self,
        watched: &Watched,
        open: &[Alert],
    ) -> Result<Vec<Finding>, StoreError> {
        let Some(mins) = watched.settings.alerts.hub_offline_mins else { return Ok(Vec::new()) };
        let mut findings = Vec::new();
        for (grant, _) in &watched.hubs {
            if self.active.contains(&grant.hub) {
                continue;
            }
            let key = AlertKey::hub(AlertKind::HubOffline, grant.hub);
            let known = open.iter().find(|alert| alert.key == key && alert.ended.is_none());
            let began = match known {
                Some(alert) => Some(alert.began),
                None => self.last_sign(grant).await?,
            };
            // One that never sent anything is not offline but not set up yet: the page says so.
            let Some(began) = began else { continue };
            if known.is_some() || self.now.millis_since(began) >= i64::from(mins) * MINUTE {
                findings.push(Finding { key, began, facts: Facts::default() });
            }
        }
        Ok(findings)
    }

    /// The end of the last tick, or when the hub came into the household if that is later. `None`: there is no tick.
    async fn last_sign(&self, grant: &HubGrant) -> Result<Option<UtcMillis>, StoreError> {
        let until = self.now.ceil_to(QUARTER_HOUR_MILLIS);
        let recent = TimeRange::new(until.plus_millis(-LOOK_BACK).ceil_to(QUARTER_HOUR_MILLIS), until);
        let sums = self.query.quarter_hours(grant.hub, recent).await?;
        let quarter = sums.iter().filter_map(|socket| socket.sums.last()).map(|sum| sum.start).max();
        let last = match quarter {
            Some(start) => {
                let range = TimeRange::new(start, start.plus_millis(QUARTER_HOUR_MILLIS));
                let ticks = self.query.ticks(grant.hub, range).await?;
                ticks.last().map(|tick| tick.start.plus_millis(tick.length.millis_i64()))
            }
            // Without rollups it is known at least that there was something once.
            None => match self.rollups.watermark(grant.hub).await? {
                None => self.rollups.first_tick(grant.hub).await?,
                watermark => watermark,
            },
        };
        Ok(last.map(|last| last.max(grant.since)))
    }
}
