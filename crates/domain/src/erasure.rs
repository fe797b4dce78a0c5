//! Ports: the end of a person and of a household, and of what was measured for it.
//!
//! Accounts and measurements are in different stores. So whoever ends a household leaves a list of what is to be erased,
//! in the same transaction, and somebody else works through it until the measurements are gone too.

use std::ops::Range;

use async_trait::async_trait;

use crate::accounts::AccountsError;
use crate::ids::{HouseholdId, HubId, PersonId, uuid_id};
use crate::measurement::StoreError;
use crate::rollup::{PackedDay, UtcDay};
use crate::time::{TimeRange, UtcMillis};

uuid_id!(
    /// Which [`Erasure`].
    ErasureId
);

/// How long after it was asked for the same is erased again: what was on its way to the store then must not come back.
pub const AGAIN_MILLIS: [i64; 3] = [3_600_000, 24 * 3_600_000, 7 * 24 * 3_600_000];

/// A hub that is released may still get something in for so long. From the second round on that goes too.
pub const TAIL_MILLIS: i64 = 10 * 60_000;

/// What a hub measured for a household that is gone, and that is to go too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    pub id: ErasureId,
    pub hub: HubId,
    pub since: UtcMillis,
    /// From then on the hub was not the household's.
    pub until: UtcMillis,
    /// From then on it may be another's.
    pub tail: UtcMillis,
    pub asked: UtcMillis,
    /// How many times it was carried out.
    pub rounds: u32,
    pub due: UtcMillis,
}

impl Erasure {
    /// The ticks that start in here go in this round. Another household may take the hub at once, and is known to be
    /// there before the second round.
    pub fn range(&self) -> TimeRange {
        TimeRange::new(self.since, if self.rounds == 0 { self.until } else { self.tail })
    }

    /// When it is due once more after this round; `None`: not again, until somebody pairs the hub.
    pub fn due_again(&self) -> Option<UtcMillis> {
        let pause = usize::try_from(self.rounds).ok().and_then(|round| AGAIN_MILLIS.get(round));
        pause.map(|&pause| self.asked.plus_millis(pause))
    }
}

/// What became of the wish to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonDeletion {
    /// Also when there was no such person.
    Deleted,
    /// The person is the only owner of these, and not alone in them.
    OthersAreThere(Vec<HouseholdId>),
    /// Other households would go than those that were named.
    OtherHouseholds,
}

/// The end of people and households. Each is one transaction, in which every running assignment of a hub ends as by
/// [`release_hub`](crate::accounts::Accounts::release_hub), and for each time that a hub was the household's an
/// [`Erasure`] is left behind.
#[async_trait]
pub trait Deletions: Send + Sync + 'static {
    /// The person goes with sessions, second factor, tokens, memberships and all that was sent to the address; so do the
    /// households that the person owns alone and that nobody else is in at `now`. They must be just `households`.
    async fn delete_person(
        &self,
        person: PersonId,
        households: &[HouseholdId],
        now: UtcMillis,
    ) -> Result<PersonDeletion, AccountsError>;

    /// The household goes with all that is about it, whoever is in it. `false`: there is none.
    async fn delete_household(&self, household: HouseholdId, now: UtcMillis) -> Result<bool, AccountsError>;
}

/// The list of what is to be erased. Entries stay when all is done: when the hub is paired again, what its spool still
/// holds arrives, and they become due once more by that.
#[async_trait]
pub trait Erasures: Send + Sync + 'static {
    /// What is due at `now`, in order of their ids, at most `limit` of those after `after`.
    async fn due_erasures(
        &self,
        now: UtcMillis,
        after: Option<ErasureId>,
        limit: u32,
    ) -> Result<Vec<Erasure>, AccountsError>;

    /// This round is done. Saying so twice is harmless.
    async fn carried_out(&self, erasure: &Erasure) -> Result<(), AccountsError>;
}

/// Where measurements are kept, as seen by those who erase them. Every call is idempotent; after an error any part may be
/// erased, and the call may be repeated.
#[async_trait]
pub trait MeasurementErasure: Send + Sync + 'static {
    /// Every tick of the hub that starts in `range`, and no other.
    async fn erase_ticks(&self, hub: HubId, range: TimeRange) -> Result<(), StoreError>;

    /// The rollups and the marks of the hub's `days`, and no others.
    async fn erase_days(&self, hub: HubId, days: Range<UtcDay>) -> Result<(), StoreError>;

    /// Keeps it in place of what was there, of which nothing is left.
    async fn replace_day(&self, day: &PackedDay) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_repeated_after_an_hour_a_day_and_a_week_and_then_not_again() {
        let mut erasure = Erasure {
            id: ErasureId::from_bytes([1; 16]),
            hub: HubId::from_bytes([2; 16]),
            since: UtcMillis(1_000),
            until: UtcMillis(2_000),
            tail: UtcMillis(3_000),
            asked: UtcMillis(2_000),
            rounds: 0,
            due: UtcMillis(2_000),
        };
        assert_eq!(erasure.range(), TimeRange::new(UtcMillis(1_000), UtcMillis(2_000)));
        let mut pauses = Vec::new();
        while let Some(due) = erasure.due_again() {
            pauses.push(due.millis_since(erasure.asked) / 3_600_000);
            erasure.rounds += 1;
            assert_eq!(erasure.range().end, UtcMillis(3_000));
        }
        assert_eq!(pauses, [1, 24, 168]);
    }
}
