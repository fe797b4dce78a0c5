use domain::HubId;
use domain::rollup::{Detail, Mark};

use super::{Subject, day, packed, year};
use crate::containers::random_hub;

/// More than any case has of one hub.
const MANY: usize = 1_000;

fn mark(hub: HubId, number: i32, nonce: u32) -> Mark {
    Mark { hub, day: day(number), nonce }
}

impl Subject {
    async fn mark(&self, marks: &[Mark]) {
        self.rollups.mark(marks).await.unwrap_or_else(|error| panic!("{error}"));
    }

    async fn settle(&self, marks: &[Mark]) {
        self.rollups.settle(marks).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Those of these hubs, sorted.
    async fn open(&self, hubs: &[HubId], limit: usize) -> Vec<Mark> {
        let mut marks = self.rollups.marks(limit).await.unwrap_or_else(|error| panic!("{error}"));
        marks.retain(|mark| hubs.contains(&mark.hub));
        marks.sort_unstable();
        marks
    }
}

pub(super) async fn a_mark_is_open_until_it_is_settled(subject: &Subject) {
    let hub = random_hub();
    assert_eq!(subject.open(&[hub], MANY).await, []);
    // The least and the greatest nonce are of this day and of no other.
    let sent = [mark(hub, 0, 0), mark(hub, 0, Mark::NONCES - 1), mark(hub, 1, 0), mark(hub, 700, 12_345)];
    subject.mark(&sent).await;
    assert_eq!(subject.open(&[hub], MANY).await, sent);
    subject.settle(&sent[1..3]).await;
    assert_eq!(subject.open(&[hub], MANY).await, [sent[0], sent[3]]);
    subject.settle(&[sent[0], sent[3]]).await;
    assert_eq!(subject.open(&[hub], MANY).await, []);
}

pub(super) async fn settling_one_leaves_another_of_the_same_day(subject: &Subject) {
    let hub = random_hub();
    subject.mark(&[mark(hub, 0, 7)]).await;
    let seen = subject.open(&[hub], MANY).await;
    // It comes while the day is made again.
    subject.mark(&[mark(hub, 0, 8)]).await;
    subject.settle(&seen).await;
    assert_eq!(subject.open(&[hub], MANY).await, [mark(hub, 0, 8)]);
    subject.settle(&[mark(hub, 0, 8)]).await;
}

pub(super) async fn repeating_is_harmless(subject: &Subject) {
    let hub = random_hub();
    let sent = [mark(hub, 0, 1), mark(hub, 0, 2), mark(hub, 0, 1)];
    subject.mark(&sent).await;
    subject.mark(&sent).await;
    assert_eq!(subject.open(&[hub], MANY).await, sent[..2]);
    // Together with one that was never there.
    let settled = [sent[0], mark(hub, 5, 5)];
    subject.settle(&settled).await;
    subject.settle(&settled).await;
    assert_eq!(subject.open(&[hub], MANY).await, sent[1..2]);
    subject.settle(&sent).await;
    assert_eq!(subject.open(&[hub], MANY).await, []);
}

pub(super) async fn a_settled_mark_may_be_set_again(subject: &Subject) {
    let hub = random_hub();
    for _ in 0..2 {
        subject.mark(&[mark(hub, 0, 3)]).await;
        assert_eq!(subject.open(&[hub], MANY).await, [mark(hub, 0, 3)]);
        subject.settle(&[mark(hub, 0, 3)]).await;
        assert_eq!(subject.open(&[hub], MANY).await, []);
    }
}

/// Who settles what it gets has all of them in the end, and one hub with many keeps no other waiting for ever.
pub(super) async fn of_each_hub_come_no_more_than_asked_for(subject: &Subject) {
    let (busy, quiet) = (random_hub(), random_hub());
    let mut sent: Vec<Mark> = (0..150).map(|n| mark(busy, n / 10, n.unsigned_abs())).collect();
    sent.push(mark(quiet, 3, 3));
    subject.mark(&sent).await;
    let mut found = Vec::new();
    for turn in 0.. {
        assert!(turn <= sent.len(), "there is no end");
        let all = subject.rollups.marks(40).await.unwrap();
        if all.is_empty() {
            break;
        }
        let of_busy: Vec<Mark> = all.iter().copied().filter(|mark| mark.hub == busy).collect();
        assert!(of_busy.len() <= 40);
        // Those of other cases as well: every case has asked for its own already.
        subject.settle(&all).await;
        found.extend(all.into_iter().filter(|mark| [busy, quiet].contains(&mark.hub)));
    }
    found.sort_unstable();
    sent.sort_unstable();
    assert_eq!(found, sent);
}

pub(super) async fn marks_of_hubs_do_not_mix(subject: &Subject) {
    let (one, two) = (random_hub(), random_hub());
    subject.mark(&[mark(one, 0, 1), mark(two, 0, 1)]).await;
    subject.settle(&[mark(one, 0, 1)]).await;
    assert_eq!(subject.open(&[one, two], MANY).await, [mark(two, 0, 1)]);
    subject.settle(&[mark(two, 0, 1)]).await;
}

pub(super) async fn marks_and_rollups_and_ticks_do_not_mix(subject: &Subject) {
    let hub = random_hub();
    subject.mark(&[mark(hub, 0, 0)]).await;
    assert_eq!(subject.rollups.first_tick(hub).await.unwrap(), None);
    assert_eq!(subject.rollups.watermark(hub).await.unwrap(), None);
    assert_eq!(subject.rollups.days(hub, year(), Detail::Power).await.unwrap(), []);
    let active = subject.rollups.active_hubs(domain::UtcMillis(0)).await.unwrap();
    assert!(!active.contains(&hub));
    let sent = packed(hub, day(0), 96, 2);
    subject.put(std::slice::from_ref(&sent)).await;
    subject.settle(&[mark(hub, 0, 0)]).await;
    assert_eq!(subject.rollups.days(hub, year(), Detail::Power).await.unwrap(), [sent]);
}

pub(super) async fn of_nothing_nothing_comes(subject: &Subject) {
    subject.put(&[]).await;
    subject.mark(&[]).await;
    subject.settle(&[]).await;
}
