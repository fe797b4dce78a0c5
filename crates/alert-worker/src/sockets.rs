//! What a home's sockets and its month say.

use std::collections::BTreeSet;

use domain::alerts::{AlertKey, AlertKind, AlertSettings, Facts, Finding, LeftOn, judge_unusual};
use domain::calendar::{Bucket, QUARTER_HOUR_MILLIS, bucket_edges};
use domain::registry::{HomeSocket, SocketKey};
use domain::rollup::Detail;
use domain::usage::{SocketUsage, Usage};
use domain::{HubId, Joules, Milliwatts, TimeRange, UtcMillis};
use insight::{GatherError, Gathered, Home, LOOK_BACK_DAYS, expected};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The past weeks that an hour is held against.
const USUAL_DAYS: i64 = 28;
/// How far back it is looked whether a socket has been left on: the longest that can be set, and an hour.
const LEFT_ON_MILLIS: i64 = 25 * HOUR;
/// A socket that said nothing for so long is not expected any more.
const FORGOTTEN_MILLIS: i64 = 7 * DAY;
/// What came in so shortly after the end of an hour belongs to it.
const SETTLED_MILLIS: i64 = 3 * MINUTE;
/// An hour that was measured less says nothing.
const ENOUGH_COVERAGE: f64 = 0.9;
/// A quarter hour that was measured less does not say that a socket is on.
const ON_COVERAGE: f64 = 0.5;
/// A month that was told stays told until it is expected to cost 3 % less than the budget.
const BUDGET_BACK_PERCENT: i64 = 97;

/// A home, and what else is to be known to judge its sockets.
pub(crate) struct Sockets<'a> {
    pub(crate) home: &'a Home<'a>,
    pub(crate) labels: &'a [HomeSocket],
    /// Nothing comes from these.
    pub(crate) offline: &'a BTreeSet<HubId>,
    /// The budget alert of this month is open.
    pub(crate) is_budget_open: bool,
}

impl Sockets<'_> {
    fn alerts(&self) -> &AlertSettings {
        &self.home.settings.alerts
    }

    /// Everything that holds now.
    pub(crate) async fn findings(&self) -> Result<Vec<Finding>, GatherError> {
        let (home, now) = (self.home, self.home.now);
        let months = home.month_edges(1).unwrap_or_else(|| vec![now, now]);
        let back = (LOOK_BACK_DAYS + 1).max(USUAL_DAYS + 1) * DAY;
        let range = TimeRange::new(months[0].min(now.plus_millis(-back)), now.plus_millis(1));
        let gathered = home.gather(range, Detail::Energy).await?;
        let mut findings = Vec::new();
        let hours = self.hours(&gathered)?;
        if self.alerts().unusual {
            self.unusual(&hours, &mut findings);
        }
        let all = vec![
            now.plus_millis(-USUAL_DAYS * DAY),
            now.ceil_to(QUARTER_HOUR_MILLIS).plus_millis(QUARTER_HOUR_MILLIS),
        ];
        self.silent(&home.usage(&gathered, all, None)?, &mut findings);
        if !self.alerts().left_on.is_empty() {
            let end = now.floor_to(QUARTER_HOUR_MILLIS);
            let first = end.plus_millis(-LEFT_ON_MILLIS);
            let count = LEFT_ON_MILLIS / QUARTER_HOUR_MILLIS;
            let edges = (0..=count).map(|n| first.plus_millis(n * QUARTER_HOUR_MILLIS)).collect();
            let quarters = home.usage(&gathered, edges, None)?;
            findings.extend(self.alerts().left_on.iter().filter_map(|rule| self.left_on(&quarters, rule)));
        }
        findings.extend(self.budget(&gathered, months)?);
        Ok(findings)
    }

    /// The local hours of the past weeks that are over.
    fn hours(&self, gathered: &Gathered) -> Result<Usage, GatherError> {
        let now = self.home.now;
        let range =
            TimeRange::new(now.plus_millis(-USUAL_DAYS * DAY - HOUR), now.plus_millis(-SETTLED_MILLIS));
        let mut edges = bucket_edges(range, Bucket::Hour, self.home.zone()).unwrap_or_default();
        while edges.last().is_some_and(|edge| *edge > range.end) {
            edges.pop();
        }
        self.home.usage(gathered, edges, None)
    }

    fn is_hidden(&self, key: SocketKey) -> bool {
        self.labels
            .iter()
            .any(|socket| (socket.hub, socket.label.number) == (key.hub, key.socket) && socket.label.hidden)
    }

    /// The sockets that are to be judged.
    fn visible<'u>(&self, usage: &'u Usage) -> impl Iterator<Item = &'u SocketUsage> {
        usage.sockets.iter().filter(|socket| {
            !self.offline.contains(&socket.hub)
                && !self.is_hidden(SocketKey { hub: socket.hub, socket: socket.socket })
        })
    }

    /// In the last hour that is over.
    fn unusual(&self, hours: &Usage, findings: &mut Vec<Finding>) {
        let Some(last) = hours.bucket_count().checked_sub(1) else { return };
        let tz = self.home.zone().tz();
        let hour_of =
            |bucket: usize| hours.edges[bucket].to_jiff().map(|at| i16::from(at.to_zoned(tz.clone()).hour()));
        let Some(hour) = hour_of(last) else { return };
        // How many hours of the clock each is away.
        let away: Vec<Option<i16>> =
            (0..last).map(|bucket| hour_of(bucket).map(|other| (other - hour).rem_euclid(24))).collect();
        for socket in self.visible(hours) {
            let known = |bucket: usize| {
                socket.energy[bucket].filter(|_| hours.coverage(socket, bucket) >= ENOUGH_COVERAGE)
            };
            let Some(used) = known(last) else { continue };
            let of = |wanted: &[i16]| -> Vec<Joules> {
                let fits = |away: &Option<i16>| away.is_some_and(|away| wanted.contains(&away));
                (0..last).filter(|&bucket| fits(&away[bucket])).filter_map(known).collect()
            };
            if let Some(usual) = judge_unusual(used, &of(&[0]), &of(&[1, 23])) {
                findings.push(Finding {
                    key: AlertKey::socket(AlertKind::Unusual, socket.hub, socket.socket),
                    began: hours.edges[last],
                    facts: Facts { energy: Some(used), usual: Some(usual.median), ..Facts::default() },
                });
            }
        }
    }

    fn silent(&self, usage: &Usage, findings: &mut Vec<Finding>) {
        let Some(mins) = self.alerts().socket_silent_mins else { return };
        let now = self.home.now;
        for socket in self.visible(usage) {
            let silent = now.millis_since(socket.seen.end);
            if (i64::from(mins) * MINUTE..FORGOTTEN_MILLIS).contains(&silent) {
                findings.push(Finding {
                    key: AlertKey::socket(AlertKind::SocketSilent, socket.hub, socket.socket),
                    began: socket.seen.end,
                    facts: Facts::default(),
                });
            }
        }
    }

    fn left_on(&self, quarters: &Usage, rule: &LeftOn) -> Option<Finding> {
        let key = (rule.hub, rule.socket);
        let socket = self.visible(quarters).find(|socket| (socket.hub, socket.socket) == key)?;
        let is_on = |quarter: &usize| {
            let Some(energy) = socket.energy[*quarter] else { return false };
            quarters.coverage(socket, *quarter) >= ON_COVERAGE
                && mean(energy, socket.measured_millis[*quarter]) >= rule.above()
        };
        let on = (0..quarters.bucket_count()).rev().take_while(is_on).count();
        if on < usize::from(rule.mins) / 15 {
            return None;
        }
        let first = quarters.bucket_count() - on;
        let energy: Joules = socket.energy[first..].iter().flatten().copied().sum();
        let power = mean(energy, socket.measured_millis[first..].iter().sum());
        Some(Finding {
            key: AlertKey::socket(AlertKind::LeftOn, rule.hub, rule.socket),
            began: quarters.edges[first],
            facts: Facts { power: Some(power), ..Facts::default() },
        })
    }

    fn budget(&self, gathered: &Gathered, months: Vec<UtcMillis>) -> Result<Option<Finding>, GatherError> {
        let (home, start) = (self.home, months[0]);
        let Some(budget) = home.settings.budget.filter(|_| self.alerts().budget) else { return Ok(None) };
        let prices = home.prices(TimeRange::new(start, months[months.len() - 1]));
        let usage = home.usage(gathered, months, prices.as_ref())?;
        let total = expected(home, gathered, &usage)?.and_then(|expected| expected.total);
        let limit = if self.is_budget_open { budget.0 / 100 * BUDGET_BACK_PERCENT } else { budget.0 };
        Ok(total.filter(|total| total.0 > limit).map(|total| Finding {
            key: AlertKey::home(AlertKind::Budget),
            began: start,
            facts: Facts { expected: Some(total), budget: Some(budget), ..Facts::default() },
        }))
    }
}

/// Rounded towards zero to whole milliwatts; 0 of nothing measured.
fn mean(energy: Joules, millis: i64) -> Milliwatts {
    Milliwatts((energy.0 * 1_000_000).checked_div(millis).unwrap_or_default())
}
