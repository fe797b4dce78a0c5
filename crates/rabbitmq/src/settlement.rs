//! Which deliveries of a channel are settled, and how to say so with few frames.

use std::collections::{BTreeMap, BTreeSet};

/// The broker numbers the deliveries of a channel 1, 2, 3 …, over all its consumers. They may be seen here in
/// another order. What is settled is not remembered: it was seen and is not open, which keeps this as small as
/// the prefetch however long one delivery stays open.
#[derive(Debug, Default)]
pub(crate) struct Settlement {
    /// All up to here were seen.
    seen_through: u64,
    /// Seen beyond that: ahead of one that still waits for its consumer's turn.
    seen_early: BTreeSet<u64>,
    /// Handed out and not settled, with the bytes of each.
    open: BTreeMap<u64, usize>,
    open_bytes: usize,
    /// Accepted and not acknowledged yet: one before them is open.
    held: BTreeSet<u64>,
    most_held: usize,
    /// How far all was settled when it was asked for what is overdue.
    looked_at: u64,
}

/// The acknowledgements to send, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Acks {
    /// One frame for all up to this tag.
    pub(crate) multiple: Option<u64>,
    pub(crate) single: Vec<u64>,
}

impl Settlement {
    /// `most_held`: what is accepted and waits for one before it is acknowledged by itself when it is more than this.
    pub(crate) fn new(most_held: usize) -> Self {
        Self { most_held, ..Self::default() }
    }

    pub(crate) fn delivered(&mut self, tag: u64, bytes: usize) {
        if self.open.insert(tag, bytes).is_none() {
            self.open_bytes += bytes;
        }
        if tag != self.seen_through + 1 {
            self.seen_early.insert(tag);
            return;
        }
        self.seen_through = tag;
        while !self.seen_early.is_empty() && self.seen_early.remove(&(self.seen_through + 1)) {
            self.seen_through += 1;
        }
    }

    /// Passes over what is settled or was never delivered: acknowledging that would close the channel.
    ///
    /// Batches are stored in any order. What is accepted before those in front of it waits for them, so that one frame
    /// acknowledges thousands.
    pub(crate) fn accept(&mut self, tags: impl IntoIterator<Item = u64>) -> Acks {
        let accepted = self.settle(tags);
        self.held.extend(accepted);
        let through = self.settled_through();
        let beyond = self.held.split_off(&(through + 1));
        // The broker takes `multiple` only with a tag that is open there, so the last of ours.
        let multiple = std::mem::replace(&mut self.held, beyond).pop_last();
        let single = if self.held.len() > self.most_held { self.give_up_waiting() } else { Vec::new() };
        Acks { multiple, single }
    }

    /// To be asked now and then: what has waited since the last time for one that is still open. One by one, for what
    /// is between them is not ours to acknowledge.
    pub(crate) fn overdue(&mut self) -> Vec<u64> {
        let through = self.settled_through();
        if std::mem::replace(&mut self.looked_at, through) == through {
            self.give_up_waiting()
        } else {
            Vec::new()
        }
    }

    /// All that is accepted and not acknowledged.
    pub(crate) fn give_up_waiting(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.held).into_iter().collect()
    }

    /// Those to give back, one by one.
    pub(crate) fn release(&mut self, tags: impl IntoIterator<Item = u64>) -> Vec<u64> {
        self.settle(tags)
    }

    /// Of all that is handed out and not settled.
    pub(crate) const fn open_bytes(&self) -> usize {
        self.open_bytes
    }

    /// Those of them that were open.
    fn settle(&mut self, tags: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let open = tags.into_iter().filter(|tag| {
            let bytes = self.open.remove(tag);
            self.open_bytes -= bytes.unwrap_or(0);
            bytes.is_some()
        });
        open.collect()
    }

    /// All up to here are settled.
    fn settled_through(&self) -> u64 {
        self.open.first_key_value().map_or(self.seen_through, |(&first, _)| self.seen_through.min(first - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST_HELD: usize = 3;

    fn with_delivered(tags: &[u64]) -> Settlement {
        let mut settlement = Settlement::new(MOST_HELD);
        for &tag in tags {
            settlement.delivered(tag, 100);
        }
        settlement
    }

    #[test]
    fn a_whole_prefix_takes_one_frame() {
        let mut settlement = with_delivered(&[1, 2, 3, 4]);
        assert_eq!(settlement.accept([3, 1, 2]), Acks { multiple: Some(3), single: vec![] });
        assert_eq!(settlement.accept([4]), Acks { multiple: Some(4), single: vec![] });
    }

    #[test]
    fn what_is_accepted_early_waits_for_those_before_it() {
        let mut settlement = with_delivered(&[1, 2, 3, 4]);
        assert_eq!(settlement.accept([3, 4]), Acks::default());
        assert_eq!(settlement.accept([1]), Acks { multiple: Some(1), single: vec![] });
        assert_eq!(settlement.accept([2]), Acks { multiple: Some(4), single: vec![] });
        assert_eq!(settlement.give_up_waiting(), [0u64; 0]);
    }

    #[test]
    fn it_waits_neither_in_great_numbers_nor_for_ever() {
        let mut settlement = with_delivered(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(settlement.accept([3, 4, 5]), Acks::default());
        assert_eq!(settlement.accept([7]), Acks { multiple: None, single: vec![3, 4, 5, 7] });
        assert_eq!(settlement.accept([6]), Acks::default());
        // Nothing was settled before it between the two looks.
        assert_eq!(settlement.overdue(), [6]);
        assert_eq!(settlement.accept([1, 2]), Acks { multiple: Some(2), single: vec![] });
    }

    #[test]
    fn a_prefix_that_moves_is_waited_for() {
        let mut settlement = with_delivered(&[1, 2, 3, 4]);
        settlement.accept([1, 3]);
        assert_eq!(settlement.overdue(), [0u64; 0]);
        assert_eq!(settlement.overdue(), [3]);
    }

    #[test]
    fn a_delivery_not_yet_seen_holds_up_the_prefix() {
        // Tag 2 went to another consumer of the channel, whose turn has not come.
        let mut settlement = with_delivered(&[1, 3]);
        assert_eq!(settlement.accept([1, 3]), Acks { multiple: Some(1), single: vec![] });
        settlement.delivered(2, 100);
        settlement.delivered(4, 100);
        assert_eq!(settlement.accept([4, 2]), Acks { multiple: Some(4), single: vec![] });
    }

    #[test]
    fn what_is_given_back_counts_as_settled() {
        let mut settlement = with_delivered(&[1, 2, 3]);
        assert_eq!(settlement.release([2]), [2]);
        assert_eq!(settlement.accept([1]), Acks { multiple: Some(1), single: vec![] });
        assert_eq!(settlement.accept([3]), Acks { multiple: Some(3), single: vec![] });
    }

    #[test]
    fn one_that_stays_open_lets_nothing_pile_up() {
        let mut settlement = with_delivered(&[1]);
        for tag in 2..=10_000 {
            settlement.delivered(tag, 100);
            settlement.accept([tag]);
            let kept = settlement.open.len() + settlement.seen_early.len() + settlement.held.len();
            assert!(kept <= 1 + MOST_HELD, "{kept}");
        }
        settlement.delivered(10_001, 100);
        assert!(settlement.accept([1]).multiple.is_some());
        assert_eq!(settlement.accept([10_001]), Acks { multiple: Some(10_001), single: vec![] });
    }

    #[test]
    fn settling_twice_or_what_never_came_sends_nothing() {
        let mut settlement = with_delivered(&[1, 2]);
        assert_eq!(settlement.open_bytes(), 200);
        settlement.accept([1]);
        assert_eq!(settlement.open_bytes(), 100);
        assert_eq!(settlement.accept([1, 9]), Acks::default());
        assert_eq!(settlement.open_bytes(), 100);
        assert_eq!(settlement.release([1, 9]), [0u64; 0]);
    }
}
