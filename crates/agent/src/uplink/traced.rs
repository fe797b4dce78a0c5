//! A few containers are followed: by an id that is logged here, goes along, and is logged by whoever stores them.

use domain::HubId;
use domain::trace::TraceContext;
use domain::transport::PublishError;
use service::trace::{self, Attributes, Begun, EndedSpan, SpanKind};

/// Which of them.
pub(super) struct Sampling {
    one_in: u32,
    /// The next one, whichever it is.
    due: bool,
}

impl Sampling {
    pub(super) const fn new(one_in: u32) -> Self {
        Self { one_in, due: false }
    }

    /// The way out has just opened: the first one shows whether it leads somewhere.
    pub(super) const fn opened(&mut self) {
        self.due = true;
    }

    pub(super) fn next(&mut self) -> Option<Traced> {
        if self.one_in == 0 {
            return None;
        }
        let is_one = std::mem::take(&mut self.due) || rand::random_range(0..self.one_in) == 0;
        is_one.then(|| Traced { context: trace::begin(), begun: Begun::now() })
    }
}

/// One of them, on its way.
#[derive(Clone, Copy)]
pub(super) struct Traced {
    pub(super) context: TraceContext,
    begun: Begun,
}

impl Traced {
    /// Says what became of it. One without a confirmation may have arrived.
    pub(super) fn ended(&self, hub: HubId, sequence: u64, outcome: &Result<(), PublishError>) {
        let _entered = tracing::error_span!("container", trace_id = %self.context.trace, %hub).entered();
        match outcome {
            Ok(()) => tracing::info!(sequence, "a container that is followed was confirmed"),
            Err(error) => tracing::info!(sequence, %error, "a container that is followed was not confirmed"),
        }
        EndedSpan {
            name: "publish container",
            kind: SpanKind::Producer,
            context: self.context,
            parent: None,
            begun: self.begun,
            failed: outcome.is_err(),
            attributes: Attributes {
                hub: Some(hub),
                outcome: Some(if outcome.is_ok() { "confirmed" } else { "not confirmed" }),
                ..Attributes::default()
            },
        }
        .tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_so_many_and_always_the_first() {
        let mut sampling = Sampling::new(100);
        let followed = (0..10_000).filter(|_| sampling.next().is_some()).count();
        assert!((40..200).contains(&followed), "{followed}");
        for _ in 0..10 {
            sampling.opened();
            assert!(sampling.next().is_some());
        }
        let mut all = Sampling::new(1);
        assert!((0..10).all(|_| all.next().is_some()));
        let mut none = Sampling::new(0);
        none.opened();
        assert!((0..10_000).all(|_| none.next().is_none()));
    }
}
