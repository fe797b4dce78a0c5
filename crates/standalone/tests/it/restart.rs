use std::process::Stdio;
use std::time::Duration;

use testkit::reference::{self, FROM, TO, assert_exact};
use testkit::traces::recorded_day;
use testkit::wait;

use crate::process::{Standalone, replay};

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_goes_on_where_it_was() {
    let (day, data) = (recorded_day(), tempfile::tempdir().unwrap());
    let files = day.files();
    let folder = files[0].parent().unwrap();

    // A day in about 30 s; ready at once, because somebody who chose a speed wants to watch.
    for wanted in [10, 35, 60] {
        let standalone = Standalone::start(replay(folder, data.path(), "2880").stderr(Stdio::null()));
        let client = standalone.log_in().await;
        wait::until(Duration::from_secs(90), "the day goes on", async || {
            let usage = client.usage(FROM, TO, "15m").await.ok()?;
            (usage.total.energy_j.iter().flatten().count() >= wanted).then_some(())
        })
        .await;
    }

    let standalone = Standalone::start(&mut replay(folder, data.path(), "max"));
    let usage = standalone.log_in().await.usage(FROM, TO, "15m").await.unwrap();
    assert_exact(&usage, &reference::recorded_day(&files));
}
