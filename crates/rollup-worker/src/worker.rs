//! Pass after pass: what is ripe, then what is marked, then what is to be erased.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::erasure::{Erasure, ErasureId};
use domain::measurement::StoreError;
use domain::part::Part;
use domain::rollup::{Mark, ripe_until};
use domain::{HubId, UtcMillis};
use futures_util::{StreamExt as _, stream};
use service::backoff::Backoff;
use tokio_util::sync::CancellationToken;

use crate::Deps;
use crate::hub::{Halt, Rolling};
use crate::measures::Measures;
use crate::outage::{Outage, Reminder};
use crate::progress::Progress;

/// Marks of one hub in a pass: more wait for the next one. A year that comes in at once marks the same days again and
/// again, and each of them is rolled up once in a pass.
const MARKS: usize = 1_000;
/// One hub may have a trouble of its own; when so many fail one after the other it is a store's.
const FAILURES_IN_A_ROW: usize = 16;
/// Erasures are asked for one by one, and each may take until its time is out.
const FAILED_ERASURES_IN_A_ROW: usize = 4;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// For what is under way when it is time to stop.
const DRAIN: Duration = Duration::from_secs(5);
const FORGET_EVERY_MILLIS: i64 = 3_600_000;
/// Erasures that are read at once.
const ERASURES: u32 = 100;
/// What is due for longer is said to be late.
const LATE_MILLIS: i64 = 3_600_000;

/// What a pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Hubs that were brought up to the limit.
    pub hubs: usize,
    /// Days that were rolled up again because they were marked.
    pub days: usize,
    /// What was erased, of households that are gone.
    pub erasures: usize,
    /// Nothing that was due until then is left. `None`: something may be, or the list was not to be had.
    pub erased_until: Option<UtcMillis>,
    /// Calls that failed: they are made again in the next pass.
    pub failures: usize,
    /// There are more marks than were read.
    pub has_more: bool,
    /// It, or a step of it, was stopped before its end.
    pub is_partial: bool,
    /// How long the store has asked to be left alone.
    asked: Option<Duration>,
}

impl Pass {
    fn is_complete(&self) -> bool {
        self.failures == 0 && !self.has_more && !self.is_partial
    }

    /// What is not begun yet of a step is left to the next pass.
    fn give_up(&mut self, step: &Rolling<'_>) {
        step.stop.cancel();
        self.is_partial = true;
    }
}

/// Rolls up the hubs of its part.
pub struct Worker {
    deps: Deps,
    part: Part,
    /// Up to when it is known which hubs were active.
    listed_until: Option<UtcMillis>,
    /// Hubs that are to be brought up yet.
    behind: BTreeSet<HubId>,
    /// Those that failed last time come last, so that they hold up nobody.
    failed: BTreeSet<HubId>,
    forgot: Option<UtcMillis>,
    outage: Outage,
    /// Of the list of erasures, which is not in the store.
    list_outage: Outage,
    /// Where erasing was given up: the next pass begins after it, so that those behind it have their turn.
    erased_to: Option<ErasureId>,
    late: Reminder,
    measures: Measures,
    /// Whether the store refused anything in the last pass.
    is_refused: Arc<AtomicBool>,
}

impl Worker {
    pub fn new(deps: Deps) -> Self {
        Self {
            part: Part::new(deps.rollup.part, deps.rollup.parts),
            measures: deps.metrics.register(Measures::register),
            deps,
            listed_until: None,
            behind: BTreeSet::new(),
            failed: BTreeSet::new(),
            forgot: None,
            outage: Outage::default(),
            list_outage: Outage::default(),
            erased_to: None,
            late: Reminder::default(),
            is_refused: Arc::default(),
        }
    }

    /// Set while the store refuses what the worker asks of it.
    pub(crate) fn refused(&self) -> Arc<AtomicBool> {
        self.is_refused.clone()
    }

    /// Runs until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let every = self.deps.rollup.every();
        // Both with jitter: workers of many parts should not come all at once.
        let mut regular = Backoff::new(every, every);
        let mut failing = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        while !shutdown.is_cancelled() {
            let countdown = async {
                shutdown.cancelled().await;
                tokio::time::sleep(DRAIN).await;
            };
            let pass = tokio::select! {
                pass = self.pass(&shutdown) => pass,
                () = countdown => return tracing::warn!("what was being rolled up is left to the next start"),
            };
            let wait = if pass.failures > 0 {
                failing.next_wait().max(pass.asked.unwrap_or_default().min(LONGEST_WAIT))
            } else {
                if !pass.is_partial {
                    failing.reset();
                }
                if pass.has_more { Duration::ZERO } else { regular.next_wait() }
            };
            shutdown.run_until_cancelled(tokio::time::sleep(wait)).await;
        }
    }

    /// Everything there is to do now, until `shutdown`.
    pub async fn pass(&mut self, shutdown: &CancellationToken) -> Pass {
        let now = self.deps.clock.now();
        let limit = ripe_until(now);
        let mut pass = Pass::default();
        let deps = self.deps.clone();
        let forgotten = deps.rollup.maybe_forgotten_before(now);
        // Each step is given up by itself: of several stores one may be away, whose hubs are in one step and not in the next.
        let step = || Rolling { deps: &deps, limit, forgotten, stop: shutdown.child_token() };

        match self.list(limit).await {
            Ok(()) => self.bring_up(&step(), &mut pass).await,
            Err(error) => self.note(None, &error, &mut pass),
        }
        if !shutdown.is_cancelled() {
            match deps.rollups.marks(MARKS).await {
                Ok(marks) => self.settle(&step(), marks, &mut pass).await,
                Err(error) => self.note(None, &error, &mut pass),
            }
        }
        // One after the other with what rolls up: nobody may put back a page that was cut.
        self.erase(&step(), now, &mut pass).await;
        pass.is_partial |= shutdown.is_cancelled();
        if pass.is_complete() {
            self.forget(now, &mut pass).await;
        }
        if pass.failures == 0 && !pass.is_partial {
            self.outage.over();
            self.is_refused.store(false, Ordering::Relaxed);
        }
        self.measures.passed(&pass, pass.is_complete(), limit);
        pass
    }

    /// Which hubs there are to bring up, when the limit has moved.
    async fn list(&mut self, limit: UtcMillis) -> Result<(), StoreError> {
        if self.listed_until == Some(limit) {
            return Ok(());
        }
        let since = match self.listed_until {
            Some(until) => until.min(limit),
            None => limit.plus_millis(-self.deps.rollup.lookback_millis()),
        };
        let active = self.deps.rollups.active_hubs(since).await?;
        self.behind.extend(active.into_iter().filter(|hub| self.part.has(hub.as_bytes())));
        self.listed_until = Some(limit);
        Ok(())
    }

    async fn bring_up(&mut self, rolling: &Rolling<'_>, pass: &mut Pass) {
        let hubs = self.in_order(self.behind.iter().copied());
        let mut progress = Progress::new("hubs are rolled up", hubs.len());
        let work = hubs.into_iter().map(|hub| async move {
            if rolling.stop.is_cancelled() {
                return (hub, Err(Halt::Stopped));
            }
            (hub, rolling.bring_up(hub).await)
        });
        let mut outcomes = stream::iter(work).buffer_unordered(self.deps.rollup.hubs_at_once);
        let mut in_a_row = 0;
        while let Some((hub, outcome)) = outcomes.next().await {
            if self.judge(hub, outcome, &mut in_a_row, rolling, pass).is_some() {
                self.behind.remove(&hub);
                pass.hubs += 1;
            }
            progress.step();
        }
    }

    async fn settle(&mut self, rolling: &Rolling<'_>, marks: Vec<Mark>, pass: &mut Pass) {
        let mut by_hub = BTreeMap::<HubId, Vec<Mark>>::new();
        for mark in marks.into_iter().filter(|mark| self.part.has(mark.hub.as_bytes())) {
            by_hub.entry(mark.hub).or_default().push(mark);
        }
        pass.has_more = by_hub.values().any(|marks| marks.len() >= MARKS);
        let hubs = self.in_order(by_hub.keys().copied());
        let mut progress = Progress::new("hubs with late ticks are rolled up again", hubs.len());
        let by_hub = &by_hub;
        let work = hubs.into_iter().map(|hub| async move {
            if rolling.stop.is_cancelled() {
                return (hub, Err(Halt::Stopped));
            }
            (hub, rolling.settle(hub, &by_hub[&hub]).await)
        });
        let mut outcomes = stream::iter(work).buffer_unordered(self.deps.rollup.hubs_at_once);
        let mut in_a_row = 0;
        while let Some((hub, outcome)) = outcomes.next().await {
            if let Some(days) = self.judge(hub, outcome, &mut in_a_row, rolling, pass) {
                // It was brought up on the way.
                self.behind.remove(&hub);
                pass.days += days;
            }
            progress.step();
        }
    }

    fn in_order(&self, hubs: impl Iterator<Item = HubId>) -> Vec<HubId> {
        let mut hubs: Vec<HubId> = hubs.collect();
        hubs.sort_by_key(|hub| self.failed.contains(hub));
        hubs
    }

    /// What went well. The step is given up when it is a store's fault and not the hub's.
    fn judge<T>(
        &mut self,
        hub: HubId,
        outcome: Result<T, Halt>,
        in_a_row: &mut usize,
        rolling: &Rolling<'_>,
        pass: &mut Pass,
    ) -> Option<T> {
        match outcome {
            Ok(done) => {
                *in_a_row = 0;
                self.failed.remove(&hub);
                Some(done)
            }
            Err(Halt::Stopped) => None,
            Err(Halt::Store(error)) => {
                self.failed.insert(hub);
                self.note(Some(hub), &error, pass);
                *in_a_row += 1;
                if *in_a_row >= FAILURES_IN_A_ROW {
                    pass.give_up(rolling);
                }
                None
            }
        }
    }

    fn note(&mut self, hub: Option<HubId>, error: &StoreError, pass: &mut Pass) {
        pass.failures += 1;
        self.outage.failed(hub, error);
        match error {
            StoreError::Unavailable { retry_after, .. } => pass.asked = pass.asked.max(*retry_after),
            StoreError::Unauthorised { .. } => {}
            // It works, for others at least.
            StoreError::Rejected { .. } => return,
        }
        self.is_refused.store(true, Ordering::Relaxed);
    }

    /// Carries out what is due. While the list is not to be had, everything else goes on.
    async fn erase(&mut self, rolling: &Rolling<'_>, now: UtcMillis, pass: &mut Pass) {
        let Some(erasing) = self.deps.erasing.clone() else { return };
        let mut after = self.erased_to.take();
        // Those before are still to be tried again, so nothing is said to be over.
        pass.is_partial |= after.is_some();
        let (is_from_the_start, failures) = (after.is_none(), pass.failures);
        let mut in_a_row = 0;
        while !rolling.stop.is_cancelled() {
            let listed = match erasing.list.due_erasures(now, after, ERASURES).await {
                Ok(listed) => listed,
                Err(error) => return self.list_outage.failed(None, &error),
            };
            let Some(last) = listed.last() else { break };
            after = Some(last.id);
            let part = self.part;
            for erasure in listed.into_iter().filter(|erasure| part.has(erasure.hub.as_bytes())) {
                if rolling.stop.is_cancelled() {
                    break;
                }
                if let Err(error) = erasing.erase(rolling.deps, &erasure).await {
                    self.note(Some(erasure.hub), &error, pass);
                    self.say_late(&erasure, now);
                    in_a_row += 1;
                    if in_a_row >= FAILED_ERASURES_IN_A_ROW {
                        self.erased_to = Some(erasure.id);
                        pass.give_up(rolling);
                    }
                    continue;
                }
                in_a_row = 0;
                if let Err(error) = erasing.list.carried_out(&erasure).await {
                    return self.list_outage.failed(Some(erasure.hub), &error);
                }
                pass.erasures += 1;
                let (id, hub, round) = (erasure.id, erasure.hub, erasure.rounds + 1);
                tracing::info!(%id, %hub, round, "what a hub measured for a household that is gone is erased");
            }
        }
        self.list_outage.over();
        if is_from_the_start && pass.failures == failures && !rolling.stop.is_cancelled() {
            pass.erased_until = Some(now);
        }
    }

    fn say_late(&mut self, erasure: &Erasure, now: UtcMillis) {
        if now.millis_since(erasure.due) >= LATE_MILLIS && self.late.is_due() {
            let (id, hub, due) = (erasure.id, erasure.hub, erasure.due);
            tracing::error!(%id, %hub, %due, "an erasure that was asked for is late");
        }
    }

    /// Ticks go only when everything that there is to do is done: what is rolled up, is without them.
    async fn forget(&mut self, now: UtcMillis, pass: &mut Pass) {
        let (Some(forgetting), Some(before)) =
            (self.deps.forgetting.clone(), self.deps.rollup.forgotten_before(now))
        else {
            return;
        };
        if self.forgot.is_some_and(|at| (0..FORGET_EVERY_MILLIS).contains(&now.millis_since(at))) {
            return;
        }
        match forgetting.forget_ticks(before).await {
            Ok(()) => self.forgot = Some(now),
            Err(error) => self.note(None, &error, pass),
        }
    }
}
