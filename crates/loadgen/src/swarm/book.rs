//! What all connections have achieved so far.

use std::time::Duration;

use crate::item::{Item, Kind};
use crate::latency::Latencies;
use crate::ledger::{Entry, LedgerError, LedgerWriter, Outcome};

/// Counts of what the broker answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New ones, late ones included; no duplicates, no poison.
    pub containers_confirmed: u64,
    pub late: u64,
    pub duplicates: u64,
    pub poison_confirmed: u64,
    /// Nacks: the queue was full or not there.
    pub refused: u64,
    /// No queue took it.
    pub returned: u64,
    /// Published again, for whatever reason.
    pub retried: u64,
    /// Sent and never confirmed.
    pub unknown: u64,
    pub reconnects: u64,
    /// Between two confirms to the same hubs, lost connections included.
    pub longest_gap: Duration,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) tally: Tally,
    pub(super) latencies: Latencies,
    ledger: Option<LedgerWriter>,
    /// The first that went wrong with the ledger; the swarm ends then.
    fault: Option<LedgerError>,
    /// Why a connection is not there, as it was last told.
    pub(super) trouble: Option<String>,
}

impl Book {
    pub(super) fn new(ledger: Option<LedgerWriter>) -> Self {
        let (tally, latencies) = (Tally::default(), Latencies::default());
        Self { tally, latencies, ledger, fault: None, trouble: None }
    }

    pub(super) fn connected(&mut self, again: bool) {
        self.trouble = None;
        self.tally.reconnects += u64::from(again);
    }

    pub(super) fn confirmed(&mut self, item: Item, after: Duration) {
        self.latencies.add(after);
        match item.kind {
            Kind::Fresh => self.tally.containers_confirmed += 1,
            Kind::Late => {
                self.tally.containers_confirmed += 1;
                self.tally.late += 1;
            }
            Kind::Duplicate => self.tally.duplicates += 1,
            Kind::Poison => self.tally.poison_confirmed += 1,
        }
        self.note(item, Outcome::Confirmed);
    }

    pub(super) fn gap(&mut self, gap: Duration) {
        self.tally.longest_gap = self.tally.longest_gap.max(gap);
    }

    pub(super) fn unknown(&mut self, item: Item) {
        self.tally.unknown += 1;
        self.note(item, Outcome::Unknown);
    }

    fn note(&mut self, item: Item, outcome: Outcome) {
        if let Some(ledger) = &mut self.ledger
            && let Err(fault) = ledger.add(Entry { item, outcome })
        {
            self.fault.get_or_insert(fault);
        }
    }

    pub(super) fn flush(&mut self) {
        if let Some(Err(fault)) = self.ledger.as_mut().map(LedgerWriter::flush) {
            self.fault.get_or_insert(fault);
        }
    }

    pub(super) const fn is_faulty(&self) -> bool {
        self.fault.is_some()
    }

    pub(super) fn close(&mut self) -> Result<(), LedgerError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        self.ledger.take().map_or(Ok(()), LedgerWriter::close)
    }
}
