//! A store in memory that does as the ports say, notes its calls, and fails or hangs where it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use domain::measurement::{
    MeasurementQuery, MeasurementStore, SocketSums, StoreError, StoredTick, sum_quarter_hours,
};
use domain::rollup::{Detail, Mark, PackedDay, Rollups, UtcDay};
use domain::{HubId, SocketJoules, Ticks, TimeRange, UtcMillis};
use tokio::sync::Notify;

/// A call of the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Ticks(HubId, TimeRange),
    Put(HubId, UtcDay, u8),
    Settle(usize),
    ActiveHubs,
    Other,
}

impl Call {
    pub(crate) const fn put(&self) -> Option<(HubId, UtcDay, u8)> {
        if let Self::Put(hub, day, quarters) = *self { Some((hub, day, quarters)) } else { None }
    }
}

/// Says for a call whether it fails, before or after it has done its work.
type Fault = Box<dyn FnMut(&Call) -> Option<Failing> + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    Before,
    After,
    /// Never comes back, as for somebody who is killed meanwhile. Before it has done anything.
    Hanging,
    /// Done, and comes back when it is [resumed](Memory::resume).
    Paused,
}

#[derive(Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
    resumed: Notify,
}

#[derive(Default)]
struct State {
    ticks: BTreeMap<HubId, BTreeMap<UtcMillis, StoredTick>>,
    pages: BTreeMap<(HubId, UtcDay), PackedDay>,
    marks: BTreeSet<Mark>,
    calls: Vec<Call>,
    fault: Option<Fault>,
    is_unready: bool,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fails(&self, fault: impl FnMut(&Call) -> Option<Failing> + Send + 'static) {
        self.state().fault = Some(Box::new(fault));
    }

    pub(crate) fn recovers(&self) {
        self.state().fault = None;
    }

    /// Also when nothing is paused yet.
    pub(crate) fn resume(&self) {
        self.resumed.notify_one();
    }

    pub(crate) fn is_unready(&self, is_unready: bool) {
        self.state().is_unready = is_unready;
    }

    /// And forgets them.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    pub(crate) fn forget_ticks(&self, before: UtcMillis) {
        for ticks in self.state().ticks.values_mut() {
            ticks.retain(|start, _| *start >= before);
        }
    }

    async fn call<T>(&self, call: Call, work: impl FnOnce(&mut State) -> T) -> Result<T, StoreError> {
        let down = || StoreError::Unavailable {
            operation: "asking the memory",
            reason: "it was told to fail".to_owned(),
            retry_after: None,
        };
        let (failing, done) = {
            let mut state = self.state();
            let failing = state.fault.as_mut().and_then(|fault| fault(&call));
            state.calls.push(call);
            let done = match failing {
                Some(Failing::Before | Failing::Hanging) => Err(down()),
                Some(Failing::After) => {
                    work(&mut state);
                    Err(down())
                }
                Some(Failing::Paused) | None => Ok(work(&mut state)),
            };
            drop(state);
            (failing, done)
        };
        match failing {
            Some(Failing::Hanging) => std::future::pending().await,
            Some(Failing::Paused) => self.resumed.notified().await,
            Some(Failing::Before | Failing::After) | None => {}
        }
        // As with a real store, others have their turn.
        tokio::task::yield_now().await;
        done
    }
}

#[async_trait]
impl MeasurementStore for Memory {
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        let mut state = self.state();
        for tick in ticks.iter() {
            let of_hub = state.ticks.entry(tick.hub).or_default();
            let (start, length) = (tick.start, tick.length);
            let blank = || StoredTick { start, length, energy: SocketJoules::default() };
            let stored = of_hub.entry(start).or_insert_with(blank);
            stored.length = length;
            tick.energy().iter().for_each(|(socket, joules)| stored.energy.set(socket, joules));
        }
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl MeasurementQuery for Memory {
    async fn ticks(&self, hub: HubId, range: TimeRange) -> Result<Vec<StoredTick>, StoreError> {
        self.call(Call::Ticks(hub, range), |state| {
            let of_hub = state.ticks.get(&hub).into_iter();
            of_hub
                .flat_map(|ticks| ticks.range(range.start..range.end))
                .map(|(_, tick)| tick.clone())
                .collect()
        })
        .await
    }

    async fn quarter_hours(&self, hub: HubId, range: TimeRange) -> Result<Vec<SocketSums>, StoreError> {
        Ok(sum_quarter_hours(&self.ticks(hub, range).await?))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let (operation, reason) = ("asking whether it is ready", "the memory is not ready".to_owned());
        if self.state().is_unready {
            return Err(StoreError::Unavailable { operation, reason, retry_after: None });
        }
        Ok(())
    }
}

#[async_trait]
impl Rollups for Memory {
    async fn put_days(&self, days: &[PackedDay]) -> Result<(), StoreError> {
        for day in days {
            self.call(Call::Put(day.hub, day.day, day.quarters), |state| {
                state.pages.insert((day.hub, day.day), day.clone());
            })
            .await?;
        }
        Ok(())
    }

    async fn days(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError> {
        self.call(Call::Other, |state| {
            let pages = state.pages.range((hub, days.start)..(hub, days.end));
            let power = |page: &PackedDay| (detail == Detail::Power).then(|| page.power.clone()).flatten();
            pages.map(|(_, page)| PackedDay { power: power(page), ..page.clone() }).collect()
        })
        .await
    }

    async fn watermark(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        self.call(Call::Other, |state| {
            let pages = state.pages.range((hub, UtcDay(i32::MIN))..=(hub, UtcDay(i32::MAX)));
            pages.last().map(|(_, page)| page.until())
        })
        .await
    }

    async fn active_hubs(&self, since: UtcMillis) -> Result<Vec<HubId>, StoreError> {
        self.call(Call::ActiveHubs, |state| {
            let active = |ticks: &BTreeMap<UtcMillis, StoredTick>| ticks.range(since..).next().is_some();
            state.ticks.iter().filter(|(_, ticks)| active(ticks)).map(|(hub, _)| *hub).collect()
        })
        .await
    }

    async fn first_tick(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        self.call(Call::Other, |state| state.ticks.get(&hub).and_then(|ticks| ticks.keys().next().copied()))
            .await
    }

    async fn mark(&self, marks: &[Mark]) -> Result<(), StoreError> {
        self.state().marks.extend(marks);
        Ok(())
    }

    async fn marks(&self, limit: usize) -> Result<Vec<Mark>, StoreError> {
        self.call(Call::Other, |state| {
            let mut left = BTreeMap::<HubId, usize>::new();
            let mut of_hub = |hub| {
                let left = left.entry(hub).or_insert(limit);
                let has_room = *left > 0;
                *left = left.saturating_sub(1);
                has_room
            };
            state.marks.iter().filter(|mark| of_hub(mark.hub)).copied().collect()
        })
        .await
    }

    async fn settle(&self, marks: &[Mark]) -> Result<(), StoreError> {
        self.call(Call::Settle(marks.len()), |state| state.marks.retain(|mark| !marks.contains(mark))).await
    }
}
