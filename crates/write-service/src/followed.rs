//! The few containers that are followed: what becomes of each is logged under the id that its hub has logged too.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::trace::{SpanId, TraceContext};
use domain::transport::{Delivery, Receipt};
use domain::{HubId, UtcMillis};
use service::trace::{self, Attributes, Begun, EndedSpan, SpanKind};
use tokio::time::Instant;

/// Whoever publishes says what is followed, so there is a bound: beyond it nothing is logged, and a dead letter still has
/// its id.
const PER_SECOND: u32 = 500;
/// Or one hub would have it all.
const PER_SECOND_AND_HUB: u32 = 2;
const SECOND: Duration = Duration::from_secs(1);

/// Those that are here now.
#[derive(Default)]
pub(crate) struct Followed {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<Receipt, One>,
    second: Option<Instant>,
    /// In this second. Those of no hub are together.
    count: u32,
    hubs: HashMap<Option<HubId>, u32>,
}

struct One {
    context: TraceContext,
    /// The part of the trace that has published it.
    parent: SpanId,
    hub: Option<HubId>,
    begun: Begun,
}

impl Followed {
    pub(crate) fn received(&self, deliveries: &[Delivery]) {
        // The hot path: nearly none of them has one.
        for delivery in deliveries {
            let Some(passed_on) = delivery.trace.as_deref().filter(|trace| trace.sampled) else { continue };
            let mut state = self.state();
            if !state.has_room(delivery.hub) {
                continue;
            }
            let one = One {
                context: trace::next(*passed_on),
                parent: passed_on.span,
                hub: delivery.hub,
                begun: Begun::now(),
            };
            one.says(|| {
                let (bytes, redelivered) = (delivery.body.len(), delivery.redelivered);
                tracing::info!(bytes, redelivered, "a container that is followed was received");
            });
            state.open.insert(delivery.receipt, one);
        }
    }

    /// `last`: where its last tick ends.
    pub(crate) fn stored(&self, receipt: Receipt, last: Option<UtcMillis>, now: UtcMillis) {
        if let Some(one) = self.state().open.get(&receipt) {
            let lag_ms = last.map(|last| now.millis_since(last));
            one.says(|| tracing::info!(lag_ms, "a container that is followed was stored"));
        }
    }

    pub(crate) fn settled(&self, receipts: &[Receipt]) {
        self.end(receipts, "settled", |_| tracing::info!("a container that is followed was settled"));
    }

    pub(crate) fn given_back(&self, receipts: &[Receipt]) {
        self.end(receipts, "given back", |_| tracing::info!("a container that is followed was given back"));
    }

    /// Whether it was told here.
    pub(crate) fn dead_lettered(&self, receipt: Receipt, reason: &str) -> bool {
        let say = |_: &One| tracing::warn!(reason, "a container that is followed is among the dead letters");
        self.end(&[receipt], "dead-lettered", say)
    }

    fn end(&self, receipts: &[Receipt], outcome: &'static str, say: impl Fn(&One)) -> bool {
        let mut state = self.state();
        let mut was_told = false;
        for receipt in receipts {
            // Mostly there is none at all.
            if state.open.is_empty() {
                break;
            }
            if let Some(one) = state.open.remove(receipt) {
                one.says(|| say(&one));
                one.ended(outcome);
                was_told = true;
            }
        }
        was_told
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&mut self, hub: Option<HubId>) -> bool {
        let now = Instant::now();
        if self.second.is_none_or(|began| now.duration_since(began) >= SECOND) {
            (self.second, self.count) = (Some(now), 0);
            self.hubs.clear();
        }
        if self.count >= PER_SECOND {
            return false;
        }
        let of_hub = self.hubs.entry(hub).or_default();
        if *of_hub >= PER_SECOND_AND_HUB {
            return false;
        }
        *of_hub += 1;
        self.count += 1;
        true
    }
}

impl One {
    fn says(&self, say: impl FnOnce()) {
        let hub = self.hub.map(tracing::field::display);
        tracing::error_span!("container", trace_id = %self.context.trace, hub).in_scope(say);
    }

    fn ended(&self, outcome: &'static str) {
        EndedSpan {
            name: "store container",
            kind: SpanKind::Consumer,
            context: self.context,
            parent: Some(self.parent),
            begun: self.begun,
            failed: outcome == "dead-lettered",
            attributes: Attributes { hub: self.hub, outcome: Some(outcome), ..Attributes::default() },
        }
        .tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use testkit::containers::hub;

    /// Each of a hub of its own.
    fn delivery(tag: u64, sampled: Option<bool>) -> Delivery {
        let trace = sampled.map(|sampled| Box::new(TraceContext::begin([7; 24], sampled)));
        let receipt = Receipt { epoch: 1, tag };
        Delivery { hub: Some(hub(tag)), body: Bytes::new(), redelivered: false, receipt, trace }
    }

    fn open(followed: &Followed) -> usize {
        followed.state().open.len()
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_in_a_second_are_followed_and_none_that_need_not_be() {
        let followed = Followed::default();
        followed.received(&[delivery(1, None), delivery(2, Some(false))]);
        assert_eq!(open(&followed), 0);
        let many: Vec<Delivery> = (0..10_000).map(|tag| delivery(tag, Some(true))).collect();
        followed.received(&many);
        assert_eq!(open(&followed), 500);
        tokio::time::advance(SECOND).await;
        followed.received(&[delivery(20_000, Some(true))]);
        assert_eq!(open(&followed), 501);
    }

    #[tokio::test(start_paused = true)]
    async fn one_hub_leaves_room_for_the_others() {
        let followed = Followed::default();
        let of = |hub, tag| Delivery { hub, ..delivery(tag, Some(true)) };
        let flood = |hub, tags: std::ops::Range<u64>| tags.map(|tag| of(hub, tag)).collect::<Vec<_>>();
        followed.received(&flood(Some(hub(1)), 0..1_000));
        assert_eq!(open(&followed), 2);
        followed.received(&flood(None, 1_000..2_000));
        assert_eq!(open(&followed), 4);
        let others: Vec<Delivery> = (2_000..12_000).map(|tag| delivery(tag, Some(true))).collect();
        followed.received(&others);
        assert_eq!(open(&followed), 500);
        assert!(followed.state().hubs.len() <= 500);
        tokio::time::advance(SECOND).await;
        followed.received(&flood(Some(hub(1)), 20_000..21_000));
        assert_eq!((open(&followed), followed.state().hubs.len()), (502, 1));
    }

    #[tokio::test]
    async fn whatever_becomes_of_one_it_is_followed_no_longer() {
        let followed = Followed::default();
        followed.received(&[1, 2, 3].map(|tag| delivery(tag, Some(true))));
        let receipt = |tag| Receipt { epoch: 1, tag };
        followed.settled(&[receipt(1), receipt(9)]);
        followed.given_back(&[receipt(2)]);
        assert!(followed.dead_lettered(receipt(3), "odd"));
        assert!(!followed.dead_lettered(receipt(4), "odd"));
        assert_eq!(open(&followed), 0);
    }
}
