use std::ops::Range;

use domain::HubId;
use domain::energy::Milliwatts;
use domain::measurement::StoreError;
use domain::rollup::{Detail, PackedDay, UtcDay};

use super::{Subject, a_year, day, packed, rollup, year};
use crate::containers::random_hub;

impl Subject {
    async fn days(&self, hub: HubId, days: Range<UtcDay>, detail: Detail) -> Vec<PackedDay> {
        self.rollups.days(hub, days, detail).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// With and without the power.
    async fn assert_days(&self, hub: HubId, days: Range<UtcDay>, expected: &[PackedDay]) {
        assert_eq!(self.days(hub, days.clone(), Detail::Power).await, expected);
        let energy_only: Vec<PackedDay> =
            expected.iter().map(|day| PackedDay { power: None, ..day.clone() }).collect();
        assert_eq!(self.days(hub, days, Detail::Energy).await, energy_only);
    }
}

pub(super) async fn what_is_put_is_read(subject: &Subject) {
    let hub = random_hub();
    subject.assert_days(hub, year(), &[]).await;
    let sent = [packed(hub, day(0), 96, 3), packed(hub, day(1), 7, 64)];
    subject.put(&sent).await;
    subject.assert_days(hub, year(), &sent).await;
    // Energy alone is of use without the power.
    let read = subject.days(hub, year(), Detail::Energy).await;
    let unpacked = read[0].unpack(Detail::Energy).unwrap();
    let expected = rollup(hub, day(0), 96, 3);
    assert!(unpacked.sockets.iter().zip(&expected.sockets).all(|(a, b)| a.energy == b.energy));
}

pub(super) async fn a_day_is_replaced_by_a_longer_and_by_a_shorter_one(subject: &Subject) {
    let hub = random_hub();
    for (quarters, sockets) in [(4, 2), (96, 64), (8, 1), (96, 30), (0, 0), (5, 5)] {
        let sent = [packed(hub, day(0), quarters, sockets)];
        subject.put(&sent).await;
        subject.assert_days(hub, year(), &sent).await;
    }
}

pub(super) async fn the_same_again_changes_nothing(subject: &Subject) {
    let hub = random_hub();
    let sent = [packed(hub, day(0), 96, 3), packed(hub, day(1), 96, 4)];
    subject.put(&sent).await;
    subject.put(&sent).await;
    subject.put(&sent[..1]).await;
    subject.assert_days(hub, year(), &sent).await;
}

pub(super) async fn later_ones_of_one_call_win(subject: &Subject) {
    let hub = random_hub();
    let (first, second) = (packed(hub, day(0), 4, 2), packed(hub, day(0), 8, 1));
    subject.put(&[first, second.clone()]).await;
    subject.assert_days(hub, year(), &[second]).await;
}

pub(super) async fn ranges_are_half_open_and_in_order(subject: &Subject) {
    let hub = random_hub();
    let sent: Vec<PackedDay> = [0, 1, 2, 5, 9].map(|number| packed(hub, day(number), 96, 2)).to_vec();
    for day in sent.iter().rev() {
        subject.put(std::slice::from_ref(day)).await;
    }
    subject.assert_days(hub, day(0)..day(10), &sent).await;
    subject.assert_days(hub, day(1)..day(5), &sent[1..3]).await;
    subject.assert_days(hub, day(9)..day(10), &sent[4..]).await;
    subject.assert_days(hub, day(3)..day(5), &[]).await;
    subject.assert_days(hub, day(5)..day(5), &[]).await;
    // A caller's slip is nothing more than nothing.
    subject.assert_days(hub, day(5)..day(1), &[]).await;
}

/// Nothing was measured, and that is known.
pub(super) async fn an_empty_day_is_a_day(subject: &Subject) {
    let hub = random_hub();
    let sent = [packed(hub, day(0), 96, 0), packed(hub, day(1), 0, 0)];
    subject.put(&sent).await;
    subject.assert_days(hub, year(), &sent).await;
}

/// The most that the wire lets through, and then more than that.
pub(super) async fn sixty_four_busy_sockets_come_back_whole(subject: &Subject) {
    let hub = random_hub();
    let mut most = rollup(hub, day(0), 96, 64);
    for socket in &mut most.sockets {
        for place in 0..96 {
            socket.measured_secs[place] = if place % 2 == 0 { 900 } else { 890 };
            socket.energy[place] = 90_000_000 - 1_000 * i64::try_from(place).unwrap();
            socket.peak[place] = Milliwatts(100_000_000);
            socket.trough[place] = Some(Milliwatts(-99_999_000));
        }
    }
    let mut beyond = most.clone();
    for socket in &mut beyond.sockets {
        socket.energy.fill(i64::MIN);
        socket.peak.fill(Milliwatts(i64::MAX));
        socket.trough.fill(Some(Milliwatts(-1_000)));
    }
    let (most, beyond) = (PackedDay::pack(&most), PackedDay::pack(&beyond));
    // As text, of six bits a character, each is 64 KiB or more.
    assert!(most.power.as_ref().is_some_and(|power| power.len() >= 48 << 10));
    assert!(beyond.energy.len() >= 48 << 10);
    // Also over one another, and under what is small again.
    for sent in [most.clone(), beyond, most, packed(hub, day(0), 96, 1)] {
        subject.put(std::slice::from_ref(&sent)).await;
        subject.assert_days(hub, year(), &[sent]).await;
    }
}

pub(super) async fn a_year_of_thirty_sockets_comes_back_whole(subject: &Subject) {
    let hub = random_hub();
    let sent = a_year(hub, 30);
    subject.put(&sent).await;
    subject.assert_days(hub, year(), &sent).await;
    subject.assert_days(hub, day(100)..day(103), &sent[100..103]).await;
    let last = sent.last().unwrap().day.next().start();
    assert_eq!(subject.rollups.watermark(hub).await.unwrap(), Some(last));
}

pub(super) async fn a_decade_is_read_at_once(subject: &Subject) {
    let hub = random_hub();
    let sent: Vec<PackedDay> = (0..10).map(|year| packed(hub, day(year * 366), 96, 1)).collect();
    subject.put(&sent).await;
    subject.assert_days(hub, day(0)..day(3_660), &sent).await;
    subject.assert_days(hub, UtcDay(i32::MIN)..UtcDay(i32::MAX), &sent).await;
}

/// Who has read only half must not put it in place of the whole.
pub(super) async fn a_day_without_its_power_is_refused(subject: &Subject) {
    let hub = random_hub();
    let sent = [packed(hub, day(0), 96, 3)];
    subject.put(&sent).await;
    let half = subject.days(hub, year(), Detail::Energy).await;
    let refused = subject.rollups.put_days(&half).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
    subject.assert_days(hub, year(), &sent).await;
}

pub(super) async fn hubs_do_not_mix(subject: &Subject) {
    let hubs = [random_hub(), random_hub()];
    let sent: Vec<PackedDay> = hubs
        .iter()
        .zip(1..)
        .flat_map(|(&hub, n)| [packed(hub, day(0), 96, n), packed(hub, day(1), n, 9)])
        .collect();
    subject.put(&sent).await;
    subject.assert_days(hubs[0], year(), &sent[..2]).await;
    subject.assert_days(hubs[1], year(), &sent[2..]).await;
}

pub(super) async fn nobody_reads_half_of_one_and_half_of_another(subject: &Subject) {
    let hub = random_hub();
    let versions = [packed(hub, day(0), 92, 20), packed(hub, day(0), 96, 64), packed(hub, day(0), 96, 3)];
    subject.put(&versions[..1]).await;
    let write = async {
        for n in 0..60 {
            subject.put(std::slice::from_ref(&versions[n % versions.len()])).await;
        }
    };
    let read = async {
        for _ in 0..60 {
            let days = subject.days(hub, year(), Detail::Power).await;
            assert_eq!(days.len(), 1);
            assert!(versions.contains(&days[0]), "{} quarter hours", days[0].quarters);
        }
    };
    tokio::join!(write, read);
}

pub(super) async fn the_watermark_is_the_end_of_the_latest(subject: &Subject) {
    let hub = random_hub();
    let watermark = async || subject.rollups.watermark(hub).await.unwrap();
    assert_eq!(watermark().await, None);
    subject.put(&[packed(hub, day(0), 96, 1), packed(hub, day(3), 5, 1)]).await;
    let five_quarters = day(3).start().plus_millis(5 * 900_000);
    assert_eq!(watermark().await, Some(five_quarters));
    subject.put(&[packed(hub, day(1), 96, 1), packed(random_hub(), day(9), 96, 1)]).await;
    assert_eq!(watermark().await, Some(five_quarters));
    subject.put(&[packed(hub, day(3), 96, 1)]).await;
    assert_eq!(watermark().await, Some(day(4).start()));
}
