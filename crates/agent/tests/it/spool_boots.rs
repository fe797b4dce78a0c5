use agent::spool::{Boot, Choice, Manner, Spool};
use domain::TickLength;

use crate::support::{IDENTITY, config, sealed};

const THIS: Boot = [7; 16];
const OTHER: Boot = [8; 16];

async fn append(spool: &Spool, second: i64, boot: Option<Boot>) {
    let manner = Manner { boot, live: true, quiet: false };
    spool.append(TickLength::DEFAULT, &[sealed(second)], manner).await.unwrap();
}

async fn starts(spool: &Spool) -> Vec<(u64, i64)> {
    let offered = spool.offer(Choice::After(0), 100, 1 << 20).await.unwrap();
    let containers = offered.iter().map(|waiting| wire::decode(&waiting.body).unwrap());
    let starts =
        containers.flat_map(|one| one.ticks.into_iter().map(move |tick| (one.sequence, tick.start.secs())));
    starts.collect()
}

#[tokio::test]
async fn what_has_no_date_stays_until_it_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    spool.comes_up().await.unwrap();
    append(&spool, 1_000, None).await;
    for second in [10, 20, 30] {
        append(&spool, second, Some(THIS)).await;
    }
    assert_eq!(starts(&spool).await, [(1, 1_000)]);
    // The last one with a date leaves; where it stood must not be lost.
    spool.confirm(&[1]);
    append(&spool, 40, Some(THIS)).await;
    assert_eq!(spool.report().await.unwrap().undated, 1);
    spool.close().await;
    drop(spool);

    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    assert_eq!(spool.checkpoint(), Some(sealed(40).checkpoint), "in the time of the boot");
    assert_eq!(spool.stamp(OTHER, 5_000_000).await.unwrap(), 0);
    assert_eq!(starts(&spool).await, []);
    assert_eq!(spool.stamp(THIS, 5_000_000).await.unwrap(), 1);
    assert_eq!(spool.checkpoint(), Some(sealed(5_040).checkpoint));
    append(&spool, 5_050, None).await;
    assert_eq!(starts(&spool).await, [(2, 5_010), (2, 5_020), (2, 5_030), (2, 5_040), (2, 5_050)]);
}

#[tokio::test]
async fn what_never_gets_a_date_is_counted_and_where_the_measurement_stood_before_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    spool.comes_up().await.unwrap();
    append(&spool, 1_000, None).await;
    append(&spool, 10, Some(OTHER)).await;
    append(&spool, 20, Some(OTHER)).await;
    spool.confirm(&[1]);
    append(&spool, 30, Some(THIS)).await;
    assert_eq!(spool.forget_other_boots(THIS).await.unwrap(), 20_000);
    assert_eq!(spool.checkpoint(), Some(sealed(30).checkpoint));
    assert_eq!(spool.forget_other_boots([9; 16]).await.unwrap(), 10_000);
    assert_eq!(spool.checkpoint(), Some(sealed(1_000).checkpoint));
    assert_eq!(spool.depth(), 0);
    assert_eq!(spool.report().await.unwrap().never_dated_millis, 30_000);
    append(&spool, 2_000, None).await;
    assert_eq!(starts(&spool).await, [(2, 2_000)], "numbers that never left are free");
}
