//! What is found, against what is known.

use domain::accounts::AccountsError;
use domain::alerts::{Alert, AlertId, AlertKind, Alerts, Facts, Finding, Watched};
use domain::{HubId, UtcMillis};
use std::collections::BTreeSet;
use uuid::Uuid;

use crate::config::AlertConfig;
use crate::letters;

const HOUR: i64 = 3_600_000;
/// So many alerts of a household in an hour are told by letters. Of more the page tells.
const TOLD_IN_AN_HOUR: usize = 10;

/// A look at a household.
pub(crate) struct Look<'a> {
    pub(crate) watched: &'a Watched,
    /// Open ones and those that ended not long ago.
    pub(crate) known: Vec<Alert>,
    pub(crate) findings: Vec<Finding>,
    /// What was looked for: others stay as they are.
    pub(crate) kinds: &'static [AlertKind],
    /// Nothing can be said of the sockets of these.
    pub(crate) unsure: &'a BTreeSet<HubId>,
    pub(crate) now: UtcMillis,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) raise: Vec<Alert>,
    pub(crate) reopen: Vec<AlertId>,
    pub(crate) update: Vec<(AlertId, Facts)>,
    pub(crate) end: Vec<AlertId>,
}

impl Look<'_> {
    pub(crate) fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        let settings = &self.watched.settings.alerts;
        for finding in &self.findings {
            let same = || self.known.iter().filter(|alert| alert.key == finding.key);
            if let Some(open) = same().find(|alert| alert.ended.is_none()) {
                if open.facts != finding.facts {
                    changes.update.push((open.id, finding.facts));
                }
            } else if settings.is_muted(finding.key, self.now) {
                // Nothing is kept: when the mute ends and it still holds, it is new.
            } else if let Some(before) = same().find(|alert| alert.comes_back_as(finding, self.now)) {
                changes.reopen.push(before.id);
            } else {
                changes.raise.push(Alert {
                    id: AlertId::from_uuid(Uuid::new_v4()),
                    household: self.watched.household.id,
                    key: finding.key,
                    began: finding.began,
                    raised: self.now,
                    ended: None,
                    acknowledged: None,
                    facts: finding.facts,
                });
            }
        }
        for alert in self.known.iter().filter(|alert| alert.ended.is_none()) {
            let is_looked_for = self.kinds.contains(&alert.key.kind);
            let is_unsure =
                alert.key.socket.is_some() && alert.key.hub.is_some_and(|hub| self.unsure.contains(&hub));
            let is_found = self.findings.iter().any(|finding| finding.key == alert.key);
            if is_looked_for && !is_unsure && !is_found {
                changes.end.push(alert.id);
            }
        }
        changes
    }

    /// Whether letters would be a flood.
    fn is_flood(&self) -> bool {
        let lately = |alert: &&Alert| self.now.millis_since(alert.raised) < HOUR;
        self.known.iter().filter(lately).count() >= TOLD_IN_AN_HOUR
    }

    /// Gives how many are new.
    pub(crate) async fn settle(
        &self,
        alerts: &dyn Alerts,
        config: &AlertConfig,
    ) -> Result<usize, AccountsError> {
        let changes = self.changes();
        for id in &changes.end {
            alerts.end(*id, self.now).await?;
        }
        for id in &changes.reopen {
            alerts.reopen(*id).await?;
        }
        for (id, facts) in &changes.update {
            alerts.update(*id, facts).await?;
        }
        if changes.raise.is_empty() {
            return Ok(0);
        }
        let letters = if self.is_flood() {
            Vec::new()
        } else {
            letters::of(self.watched, &changes.raise, config, self.now)
        };
        let is_new = alerts.raise(&changes.raise, &letters).await?;
        Ok(if is_new { changes.raise.len() } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::accounts::Household;
    use domain::alerts::{AlertKey, AlertSettings, Mute};
    use domain::calendar::Zone;
    use domain::registry::HomeSettings;
    use domain::{HouseholdId, Milliwatts, SocketNumber};

    const HUB: HubId = HubId::from_bytes([1; 16]);
    const NOW: UtcMillis = UtcMillis(1_000 * HOUR);

    fn key(number: u8) -> AlertKey {
        AlertKey::socket(AlertKind::LeftOn, HUB, SocketNumber::new(number).unwrap())
    }

    fn finding(number: u8) -> Finding {
        let facts = Facts { power: Some(Milliwatts(5)), ..Facts::default() };
        Finding { key: key(number), began: NOW.plus_millis(-HOUR), facts }
    }

    fn alert(id: u8, number: u8, ended: Option<UtcMillis>) -> Alert {
        let Finding { key, began, facts } = finding(number);
        let id = AlertId::from_bytes([id; 16]);
        let household = HouseholdId::from_bytes([2; 16]);
        Alert { id, household, key, began, raised: began, ended, acknowledged: None, facts }
    }

    fn watched(mutes: Vec<Mute>) -> Watched {
        let id = HouseholdId::from_bytes([2; 16]);
        Watched {
            household: Household { id, name: "Home".into(), zone: Zone::utc() },
            settings: HomeSettings {
                alerts: AlertSettings { mutes, ..AlertSettings::default() },
                ..HomeSettings::default()
            },
            hubs: Vec::new(),
            sockets: Vec::new(),
            emails: Vec::new(),
        }
    }

    fn changes(known: Vec<Alert>, findings: Vec<Finding>) -> Changes {
        let (watched, unsure) = (watched(Vec::new()), BTreeSet::new());
        look(&watched, known, findings, &unsure).changes()
    }

    fn look<'a>(
        watched: &'a Watched,
        known: Vec<Alert>,
        findings: Vec<Finding>,
        unsure: &'a BTreeSet<HubId>,
    ) -> Look<'a> {
        Look { watched, known, findings, kinds: &[AlertKind::LeftOn], unsure, now: NOW }
    }

    #[test]
    fn what_is_new_is_raised_and_what_is_known_is_not_raised_again() {
        let done = changes(vec![alert(1, 1, None)], vec![finding(1), finding(2)]);
        let keys: Vec<AlertKey> = done.raise.iter().map(|alert| alert.key).collect();
        assert_eq!(keys, [key(2)]);
        assert_eq!((done.end, done.update, done.reopen), (vec![], vec![], vec![]));
    }

    #[test]
    fn what_is_found_no_more_ends_and_new_figures_take_the_place_of_old_ones() {
        let facts = Facts { power: Some(Milliwatts(9)), ..Facts::default() };
        let known = vec![alert(1, 1, None), alert(2, 2, None), alert(3, 3, Some(NOW))];
        let done = changes(known, vec![Finding { facts, ..finding(2) }]);
        assert_eq!(done.end, [AlertId::from_bytes([1; 16])]);
        assert_eq!(done.update, [(AlertId::from_bytes([2; 16]), facts)]);
        assert!(done.raise.is_empty());
    }

    #[test]
    fn what_comes_back_within_hours_is_not_told_again() {
        let before = |hours: i64| alert(1, 1, Some(NOW.plus_millis(-hours * HOUR)));
        assert_eq!(changes(vec![before(5)], vec![finding(1)]).reopen, [AlertId::from_bytes([1; 16])]);
        assert_eq!(changes(vec![before(7)], vec![finding(1)]).raise.len(), 1);
    }

    #[test]
    fn what_was_not_looked_for_or_cannot_be_known_stays() {
        let mut offline = alert(1, 1, None);
        offline.key = AlertKey::hub(AlertKind::HubOffline, HUB);
        assert!(changes(vec![offline], Vec::new()).end.is_empty());
        let (watched, unsure) = (watched(Vec::new()), BTreeSet::from([HUB]));
        assert!(look(&watched, vec![alert(2, 2, None)], Vec::new(), &unsure).changes().end.is_empty());
    }

    #[test]
    fn what_is_muted_is_not_raised_and_an_open_one_still_ends() {
        let mute = Mute { kind: Some(AlertKind::LeftOn), hub: None, socket: None, until: None };
        let (watched, unsure) = (watched(vec![mute]), BTreeSet::new());
        let done = look(&watched, vec![alert(1, 1, None)], vec![finding(2)], &unsure).changes();
        assert!(done.raise.is_empty());
        assert_eq!(done.end, [AlertId::from_bytes([1; 16])]);
    }

    #[test]
    fn more_than_ten_in_an_hour_are_a_flood() {
        let (watched, unsure) = (watched(Vec::new()), BTreeSet::new());
        let known = |count: u8| {
            let raised = NOW.plus_millis(1 - HOUR);
            (0..count).map(|n| Alert { raised, ..alert(n, n, None) }).collect::<Vec<_>>()
        };
        assert!(!look(&watched, known(9), Vec::new(), &unsure).is_flood());
        assert!(look(&watched, known(10), Vec::new(), &unsure).is_flood());
    }
}
