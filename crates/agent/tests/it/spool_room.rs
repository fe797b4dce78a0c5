use std::collections::BTreeMap;

use agent::spool::{Choice, Made, Manner, Spool};
use domain::energy::Microjoules;
use domain::{TickEnergy, TickLength, UtcMillis};

use crate::support::{IDENTITY, config, sealed_ticks, tick};

const DAY: i64 = 86_400;
const LIVE: Manner = Manner { boot: None, live: true, quiet: false };

/// Ten sockets; the third is unplugged for a quarter of an hour a day, at odd times.
fn measured(second: i64) -> TickEnergy {
    let values: Vec<(u8, i64)> = (0..10)
        .filter(|&socket| socket != 3 || second % DAY / 905 != 40)
        .map(|socket| (socket, (second / 10 * (i64::from(socket) + 3)) % 311 - 20))
        .collect();
    tick(second, &values)
}

/// Joules per socket from an instant on.
fn sums(ticks: &[TickEnergy], from: UtcMillis) -> BTreeMap<u8, i64> {
    let mut sums = BTreeMap::new();
    for tick in ticks.iter().filter(|tick| tick.start >= from) {
        for (socket, joules) in tick.energy.iter() {
            *sums.entry(socket.get()).or_default() += joules.0;
        }
    }
    sums
}

async fn make_room(spool: &Spool, made: &mut Vec<Made>) {
    while spool.is_nearly_full().await.unwrap() {
        made.push(spool.make_room().await.unwrap().expect("there is something that can go"));
    }
}

#[tokio::test]
async fn a_tick_while_the_uplink_is_away_costs_little_more_than_a_page() {
    const FRAME: u64 = 1_024 + 24;
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    spool.goes_down();
    let journal = || std::fs::metadata(config.path.with_extension("db-wal")).unwrap().len();
    // What 30 sockets leave over; 50 ticks are not put together yet.
    let carry: Vec<Microjoules> =
        (0..64).map(|n| Microjoules(if n < 30 { 700_000 + n } else { 0 })).collect();
    let mut before = 0;
    for n in 0..51 {
        let values: Vec<(u8, i64)> =
            (0..30).map(|socket| (socket, n * 13 % (30 + i64::from(socket)))).collect();
        let mut sealed = sealed_ticks(vec![tick(1_800_000_000 + n, &values)], 1);
        sealed.checkpoint.carry.clone_from(&carry);
        spool.append(TickLength::from_secs(1).unwrap(), &[sealed], LIVE).await.unwrap();
        if n == 0 {
            before = journal();
        }
    }
    let frames = (journal() - before) / FRAME;
    assert!((50..=65).contains(&frames), "{frames} pages for 50 ticks");
    assert!(spool.depth() <= 8, "{} containers", spool.depth());
}

#[tokio::test]
async fn forty_days_without_an_uplink_are_put_together_then_thinned_then_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path()).spool;
    config.max_bytes = 1 << 20;
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    spool.goes_down();
    let begin = 1_800_000_000;
    let mut all = Vec::new();
    let mut made = Vec::new();

    // An hour as it comes, a tick at a time.
    for n in 0..360 {
        let tick = measured(begin + n * 10);
        all.push(tick.clone());
        spool.append(TickLength::DEFAULT, &[sealed_ticks(vec![tick], 10)], LIVE).await.unwrap();
    }
    assert!(spool.depth() <= 12, "{} containers for an hour", spool.depth());
    // The rest in tens of minutes, for speed.
    for n in 6..40 * 144 {
        let ticks: Vec<TickEnergy> = (0..60).map(|tick| measured(begin + n * 600 + tick * 10)).collect();
        all.extend(ticks.iter().cloned());
        spool.append(TickLength::DEFAULT, &[sealed_ticks(ticks, 10)], LIVE).await.unwrap();
        make_room(&spool, &mut made).await;
    }
    let first_drop =
        made.iter().position(|made| matches!(made, Made::Dropped(_))).expect("something is dropped");
    assert!(first_drop > 10, "first much is thinned");
    let file = std::fs::metadata(&config.path).unwrap().len();
    assert!(file <= config.max_bytes, "{file}");

    let seen = spool.report().await.unwrap();
    let (dropped, range) = seen.dropped.unwrap();
    let (thinned, until) = seen.thinned.unwrap();
    assert_eq!(range.start, UtcMillis::from_secs(begin));
    assert!(thinned > 20 * DAY * 1_000, "{thinned}");
    assert!(range.end < until && until < UtcMillis::from_secs(begin + 40 * DAY));
    let told = |wanted: fn(&Made) -> Option<i64>| made.iter().filter_map(wanted).sum::<i64>();
    assert_eq!(told(|made| if let Made::Thinned(millis) = made { Some(*millis) } else { None }), thinned);
    assert_eq!(told(|made| if let Made::Dropped(millis) = made { Some(*millis) } else { None }), dropped);

    // Whatever is left has every joule, and nothing is measured twice.
    let mut left = Vec::new();
    let mut secs = 0;
    let mut cursor = 0;
    loop {
        let offered = spool.offer(Choice::After(cursor), 64, 1 << 20).await.unwrap();
        let Some(last) = offered.last() else { break };
        cursor = last.sequence;
        for waiting in offered {
            let container = wire::decode(&waiting.body).unwrap();
            assert_eq!(container.sequence, waiting.sequence);
            secs += i64::try_from(container.ticks.len()).unwrap() * i64::from(container.tick_length.secs());
            left.extend(container.ticks);
        }
    }
    // Of the containers in which a minute stayed raw some ticks may be older than what was dropped last.
    let from = range.end;
    assert_eq!(sums(&left, from), sums(&all, from));
    let kept = all.iter().filter(|tick| tick.start >= from).count();
    assert!(secs >= i64::try_from(kept).unwrap() * 10);
    assert_eq!(
        secs * 1_000 + dropped,
        40 * DAY * 1_000,
        "each tick is kept, in a minute, or counted as dropped"
    );
}

#[tokio::test]
async fn what_may_have_arrived_is_neither_put_together_nor_thinned() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(&config(folder.path()).spool, IDENTITY).await.unwrap();
    spool.goes_down();
    let begin = 1_800_000_000;
    let ticks = |from: i64| (0..30).map(move |n| measured(begin + from + n * 10)).collect();
    for n in 0..6 {
        spool.append(TickLength::DEFAULT, &[sealed_ticks(ticks(n * 300), 10)], LIVE).await.unwrap();
        if n == 1 {
            spool.offer(Choice::After(0), 1, 1).await.unwrap();
        }
    }
    let before = spool.offer(Choice::After(0), 1, 1).await.unwrap();
    while let Some(Made::Thinned(_)) = spool.make_room().await.unwrap() {}
    // All that could be thinned is, and the oldest is dropped: it is the one that was offered.
    let seen = spool.offer(Choice::After(0), 100, 1 << 20).await.unwrap();
    let containers: Vec<_> = seen.iter().map(|waiting| wire::decode(&waiting.body).unwrap()).collect();
    assert!(containers.iter().all(|container| container.sequence != before[0].sequence));
    assert!(containers.iter().any(|container| container.tick_length.secs() == 60));
    let first = wire::decode(&before[0].body).unwrap();
    assert_eq!(first.tick_length, TickLength::DEFAULT);
    let early = first.ticks.last().unwrap().start;
    assert!(
        containers.iter().all(|container| container.ticks[0].start > early),
        "nothing of it is elsewhere"
    );
}

#[tokio::test]
async fn a_minute_that_is_told_again_is_thinned_with_its_last_word() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(&config(folder.path()).spool, IDENTITY).await.unwrap();
    spool.goes_down();
    let begin = 1_800_000_000;
    let first: Vec<_> = (0..60).map(|n| tick(begin + n * 10, &[(0, 5)])).collect();
    let mut again = sealed_ticks((0..12).map(|n| tick(begin + n * 10, &[(1, 7)])).collect(), 10);
    again.late = true;
    let next: Vec<_> = (60..120).map(|n| tick(begin + n * 10, &[(0, 5), (1, 1)])).collect();
    let end = sealed_ticks(vec![tick(begin + 1_200, &[(0, 5)])], 10);
    for sealed in [sealed_ticks(first, 10), again, sealed_ticks(next, 10), end] {
        spool.append(TickLength::DEFAULT, &[sealed], LIVE).await.unwrap();
    }
    assert_eq!(spool.make_room().await.unwrap(), Some(Made::Thinned(1_200_000)));
    let offered = spool.offer(Choice::After(0), 100, 1 << 20).await.unwrap();
    let minutes = wire::decode(&offered[0].body).unwrap();
    assert_eq!((minutes.tick_length.secs(), minutes.ticks.len()), (60, 20));
    assert_eq!(minutes.ticks[1], tick(begin + 60, &[(0, 30), (1, 42)]));
    assert_eq!(minutes.ticks[2], tick(begin + 120, &[(0, 30)]));
    assert_eq!(offered.len(), 2);
}
