//! Pass after pass over the households.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::accounts::AccountsError;
use domain::alerts::{Alert, AlertKind, Watched};
use domain::measurement::StoreError;
use domain::part::Part;
use domain::{HouseholdId, HubId, UtcMillis};
use futures_util::{StreamExt as _, stream};
use insight::{GatherError, Home};
use service::backoff::Backoff;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Deps;
use crate::hubs::{ACTIVE, Hubs};
use crate::measures::Measures;
use crate::reconcile::Look;
use crate::sockets::Sockets;

/// Households that are read at once.
const PAGE: u32 = 100;
/// Alerts that ended longer ago do not come back: a month is told once.
const KNOWN_MILLIS: i64 = 32 * 24 * 3_600_000;
const KNOWN: u32 = 500;
/// Alerts are forgotten so long after they ended.
const KEPT_MILLIS: i64 = 400 * 24 * 3_600_000;
const PURGE_EVERY_MILLIS: i64 = 24 * 3_600_000;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// One household may have a trouble of its own; when so many fail one after the other it is the store's.
const FAILURES_IN_A_ROW: usize = 8;
/// With fewer hubs, half of them offline is a thing that happens.
const FLEET: usize = 10;

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    pub households: usize,
    /// New alerts.
    pub raised: usize,
    pub failures: usize,
}

#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Gather(#[from] GatherError),
}

/// Watches over the households of its part.
pub struct Worker {
    deps: Deps,
    part: Part,
    /// The period in which the sockets of each were looked at last.
    looked: BTreeMap<HouseholdId, i64>,
    /// The most hubs that were active at once lately.
    fleet: usize,
    purged: Option<UtcMillis>,
    measures: Measures,
}

/// What is the same for all households of a pass.
struct Round<'a> {
    deps: &'a Deps,
    active: BTreeSet<HubId>,
    /// So many hubs fell silent at once that it is not they who failed.
    is_blind: bool,
    now: UtcMillis,
}

impl Worker {
    pub fn new(deps: Deps) -> Self {
        let part = Part::new(deps.config.part, deps.config.parts);
        let measures = deps.metrics.register(Measures::register);
        Self { deps, part, looked: BTreeMap::new(), fleet: 0, purged: None, measures }
    }

    /// Runs until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let every = self.deps.config.every();
        let mut regular = Backoff::new(every, every);
        let mut failing = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        while !shutdown.is_cancelled() {
            let Some(pass) = shutdown.run_until_cancelled(self.pass()).await else { return };
            let wait = if pass.failures > 0 {
                failing.next_wait()
            } else {
                failing.reset();
                regular.next_wait()
            };
            shutdown.run_until_cancelled(tokio::time::sleep(wait)).await;
        }
    }

    /// Looks at every household once. May be given up at any point.
    pub async fn pass(&mut self) -> Pass {
        let begin = Instant::now();
        let mut pass = Pass::default();
        if let Err(error) = self.look(&mut pass).await {
            pass.failures += 1;
            tracing::warn!(%error, "the homes cannot be watched now; it is tried again");
        }
        self.measures.passed(&pass, begin.elapsed(), self.deps.clock.now());
        pass
    }

    async fn look(&mut self, pass: &mut Pass) -> Result<(), WatchError> {
        let deps = self.deps.clone();
        let now = deps.clock.now();
        let active: BTreeSet<HubId> =
            deps.rollups.active_hubs(now.plus_millis(-ACTIVE)).await?.into_iter().collect();
        let is_blind = self.is_blind(active.len());
        self.measures.fleet(active.len(), is_blind);
        let round = Round { deps: &deps, active, is_blind, now };
        let mut after = None;
        let mut in_a_row = 0;
        loop {
            let page = deps.alerts.watched(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.household.id);
            let is_last = page.len() < PAGE as usize;
            let ours = page.into_iter().filter(|watched| self.part.has(watched.household.id.as_bytes()));
            let work: Vec<(Watched, i64, bool)> = ours
                .map(|watched| {
                    let period = period(watched.household.id, now, self.deps.config.sockets_every_millis());
                    let is_due = self.looked.get(&watched.household.id) != Some(&period);
                    (watched, period, is_due)
                })
                .collect();
            let round = &round;
            let mut outcomes = stream::iter(work)
                .map(|(watched, period, is_due)| async move {
                    let outcome = round.watch(&watched, is_due).await;
                    (watched.household.id, period, is_due, outcome)
                })
                .buffer_unordered(deps.config.households_at_once);
            while let Some((household, period, is_due, outcome)) = outcomes.next().await {
                match outcome {
                    Ok(raised) => {
                        in_a_row = 0;
                        pass.households += 1;
                        pass.raised += raised;
                        if is_due {
                            self.looked.insert(household, period);
                        }
                    }
                    Err(error) if in_a_row + 1 >= FAILURES_IN_A_ROW => return Err(error),
                    Err(error) => {
                        in_a_row += 1;
                        pass.failures += 1;
                        tracing::warn!(%household, %error, "a home cannot be watched now; it is tried again");
                    }
                }
            }
            if is_last {
                break;
            }
        }
        self.purge(now).await?;
        Ok(())
    }

    /// Whether it is more likely that measurements do not arrive than that so many hubs are offline.
    fn is_blind(&mut self, active: usize) -> bool {
        let is_blind = self.fleet >= FLEET && active < self.fleet / 2;
        if is_blind {
            tracing::error!(
                active,
                before = self.fleet,
                "most hubs fell silent at once: measurements do not arrive, and nobody is told that a hub is offline"
            );
        }
        // Forgotten by and by, so that it is not blind for ever when homes are gone for good.
        self.fleet = active.max(self.fleet - self.fleet / 64);
        is_blind
    }

    async fn purge(&mut self, now: UtcMillis) -> Result<(), AccountsError> {
        if self.purged.is_some_and(|at| now.millis_since(at) < PURGE_EVERY_MILLIS) {
            return Ok(());
        }
        self.deps.alerts.purge_alerts(now.plus_millis(-KEPT_MILLIS)).await?;
        self.purged = Some(now);
        Ok(())
    }
}

/// Sockets are looked at once in each; they begin at another time for each household, so that not all are due at once.
fn period(household: HouseholdId, now: UtcMillis, length: i64) -> i64 {
    let [first, second, ..] = *household.as_bytes();
    let late = i64::from(u16::from_be_bytes([first, second])) * length / 65_536;
    now.plus_millis(-late).0.div_euclid(length)
}

impl Round<'_> {
    /// Gives how many alerts are new.
    async fn watch(&self, watched: &Watched, with_sockets: bool) -> Result<usize, WatchError> {
        let alerts = &*self.deps.alerts;
        let household = watched.household.id;
        let known = alerts.alerts(household, self.now.plus_millis(-KNOWN_MILLIS), KNOWN).await?;
        let mut raised = 0;
        if !self.is_blind {
            let hubs = Hubs {
                query: &*self.deps.query,
                rollups: &*self.deps.rollups,
                active: &self.active,
                now: self.now,
            };
            let findings = hubs.offline(watched, &known).await?;
            let unsure = BTreeSet::new();
            let look = Look {
                watched,
                known: known.clone(),
                findings,
                kinds: &[AlertKind::HubOffline],
                unsure: &unsure,
                now: self.now,
            };
            raised += look.settle(alerts, &self.deps.config).await?;
        }
        if with_sockets {
            raised += self.sockets(watched, known).await?;
        }
        Ok(raised)
    }

    async fn sockets(&self, watched: &Watched, known: Vec<Alert>) -> Result<usize, WatchError> {
        let offline: BTreeSet<HubId> = watched
            .hubs
            .iter()
            .map(|(grant, _)| grant.hub)
            .filter(|hub| !self.active.contains(hub))
            .collect();
        let home = Home {
            query: &*self.deps.query,
            rollups: &*self.deps.rollups,
            zone: watched.household.zone.clone(),
            hubs: watched.hubs.iter().map(|(grant, _)| *grant).collect(),
            settings: watched.settings.clone(),
            now: self.now,
        };
        let is_budget_open =
            known.iter().any(|alert| alert.key.kind == AlertKind::Budget && alert.ended.is_none());
        let sockets = Sockets { home: &home, labels: &watched.sockets, offline: &offline, is_budget_open };
        let look = Look {
            watched,
            findings: sockets.findings().await?,
            known,
            kinds: &[AlertKind::SocketSilent, AlertKind::LeftOn, AlertKind::Unusual, AlertKind::Budget],
            unsure: &offline,
            now: self.now,
        };
        Ok(look.settle(&*self.deps.alerts, &self.deps.config).await?)
    }
}
