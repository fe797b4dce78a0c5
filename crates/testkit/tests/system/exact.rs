use std::time::Duration;

use testkit::reference::{FROM, TO, assert_exact};
use testkit::wait;

use crate::recorded_home::RecordedHome;

#[tokio::test(flavor = "multi_thread")]
async fn every_quarter_hour_of_the_recorded_day_is_exact_to_the_joule() {
    let home = RecordedHome::start("\"max\"").await;
    let expected = home.expected();
    let total: i64 = expected.iter().flat_map(|quarters| quarters.values()).sum();

    let usage = wait::until(Duration::from_mins(2), "the whole day is stored", async || {
        home.usage().await.ok().filter(|usage| usage.total.total_j == total)
    })
    .await;
    assert_exact(&usage, &expected);

    // The same day, cut in other ways.
    for bucket in ["1h", "1d", "tick"] {
        let other = home.client.usage(FROM, TO, bucket).await.expect("the read-service answers");
        assert_eq!(other.total.total_j, total, "bucket {bucket}");
        assert_eq!(other.total.energy_j.iter().flatten().sum::<i64>(), total, "bucket {bucket}");
    }
}
