use domain::accounts::Accounts as _;
use domain::measurement::MeasurementQuery as _;
use domain::rollup::UtcDay;
use domain::{HubId, PersonId};
use sqlite::{Accounts, Measurements};

use super::*;

/// As an id ends in the seeds.
const fn id(last: u8) -> [u8; 16] {
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]
}

#[tokio::test(flavor = "multi_thread")]
async fn from_every_version_the_newest_is_reached_and_nothing_is_lost() {
    for kind in [&ACCOUNTS, &MEASUREMENTS] {
        let newest = kind.newest();
        let expected = Lived::empty_at(kind, newest).await.dump().await;
        for from in 0..newest {
            let (lived, what) = (Lived::until(kind, from).await, format!("{} from {from}", kind.name));
            let before = lived.rows().await;
            let schema = lived.schema(kind);
            let pending: Vec<i64> = schema.status().await.unwrap().pending.iter().map(|(v, _)| *v).collect();
            assert_eq!(pending, (from + 1..=newest).collect::<Vec<_>>(), "{what}");

            let status = schema.up().await.unwrap();
            assert_eq!(
                (status.database, status.program, status.pending.len()),
                (newest, newest, 0),
                "{what}"
            );
            assert_eq!(lived.rows().await, before, "{what}");
            assert_eq!(lived.dump().await, expected, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_an_old_file_has_everything() {
    for from in 0..ACCOUNTS.newest() {
        let lived = Lived::until(&ACCOUNTS, from).await;
        let accounts = Accounts::open(&lived.path).await.unwrap();
        let bob = accounts.credentials_by_email("bob@example.org").await.unwrap();
        assert_eq!(bob.map(|bob| bob.person.id), (from > 0).then_some(PersonId::from_bytes(id(2))));
        accounts.close().await;
        if from == 1 {
            accounts_suites(&lived.path).await;
        }
    }
    for from in 0..MEASUREMENTS.newest() {
        let lived = Lived::until(&MEASUREMENTS, from).await;
        let store = Measurements::open(&lived.path).await.unwrap();
        let ticks = store.ticks(HubId::from_bytes(id(0xb2)), UtcDay(20_000).range()).await.unwrap();
        assert_eq!(ticks.len(), usize::from(from > 0));
        store.close().await;
        measurements_suites(&lived.path).await;
    }
}

/// Each in a process of its own would do the same: what keeps them apart is SQLite's lock on the file.
#[tokio::test(flavor = "multi_thread")]
async fn several_may_open_an_old_file_at_once() {
    for _ in 0..10 {
        let lived = Lived::until(&ACCOUNTS, 4).await;
        let before = lived.rows().await;
        let open = || Accounts::open(&lived.path);
        let (a, b, c, d) = tokio::join!(open(), open(), open(), open());
        for opened in [a, b, c, d] {
            let accounts = opened.unwrap();
            assert!(accounts.credentials_by_email("bob@example.org").await.unwrap().is_some());
            accounts.close().await;
        }
        assert_eq!(lived.rows().await, before);
    }
}
