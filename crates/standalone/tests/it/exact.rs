use testkit::reference::{self, FROM, TO, assert_exact};
use testkit::traces::recorded_day;

use crate::process::{Standalone, replay};

#[tokio::test(flavor = "multi_thread")]
async fn every_quarter_hour_of_the_recorded_day_is_exact_to_the_joule() {
    let (day, data) = (recorded_day(), tempfile::tempdir().unwrap());
    let files = day.files();
    let standalone = Standalone::start(&mut replay(files[0].parent().unwrap(), data.path(), "max"));
    let client = standalone.log_in().await;

    let usage = client.usage(FROM, TO, "15m").await.unwrap();
    assert_exact(&usage, &reference::recorded_day(&files));
    for bucket in ["1h", "1d", "tick"] {
        let other = client.usage(FROM, TO, bucket).await.unwrap();
        assert_eq!(other.total.total_j, usage.total.total_j, "bucket {bucket}");
        assert_eq!(
            other.total.energy_j.iter().flatten().sum::<i64>(),
            usage.total.total_j,
            "bucket {bucket}"
        );
    }

    // The second refrigerator was silent from time to time: its day has less than full coverage.
    let name =
        |socket: &testkit::client::SocketUsage| files[usize::from(socket.socket)].display().to_string();
    let silent = usage.sockets.iter().find(|socket| name(socket).contains("Refrigerator_B7E6F4")).unwrap();
    assert!((0.9..0.995).contains(&silent.total_coverage), "{}", silent.total_coverage);
}
