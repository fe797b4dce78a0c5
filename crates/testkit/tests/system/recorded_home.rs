//! The recorded day, and what must come out of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use testkit::client::{Client, Usage};
use testkit::reference;
use testkit::system::{EMAIL, SocketSetup, System, SystemSetup, test_binaries};
use testkit::traces::{RecordedDay, recorded_day};

/// 2012-01-16, local midnight to midnight.
pub(crate) const FROM: &str = "2012-01-16T00:00:00+01:00";
pub(crate) const TO: &str = "2012-01-17T00:00:00+01:00";
const START_SECS: i64 = 1_326_668_400;
const QUARTERS: i64 = 96;

/// The system, and a home that is being replayed into it.
pub(crate) struct RecordedHome {
    pub(crate) system: System,
    pub(crate) client: Client,
    files: Vec<PathBuf>,
    _day: RecordedDay,
}

impl RecordedHome {
    /// `speed` as in the agent's configuration.
    pub(crate) async fn start(speed: &str) -> Self {
        let day = recorded_day();
        let files = day.files();
        let folder = files[0].parent().expect("a file is in a folder").display().to_string();
        let setup = SystemSetup {
            binaries: test_binaries(),
            folder: None,
            port: None,
            agent: format!("[sensor.replay]\nfolder = {folder:?}\nspeed = {speed}\n"),
            sockets: sockets(&files),
        };
        let system = tokio::task::spawn_blocking(move || System::start(&setup))
            .await
            .expect("starting does not panic")
            .unwrap_or_else(|error| panic!("{error}"));
        let client =
            Client::log_in(&system.url, EMAIL, &system.password).await.expect("the person can log in");
        Self { system, client, files, _day: day }
    }

    /// Joules per quarter hour of the day, by socket.
    pub(crate) fn expected(&self) -> Vec<BTreeMap<i64, i64>> {
        let end = START_SECS + QUARTERS * 900;
        self.files
            .iter()
            .map(|file| {
                let mut quarters = reference::quarter_hours(file);
                quarters.retain(|&start, _| (START_SECS..end).contains(&start));
                quarters
            })
            .collect()
    }

    /// The instants of all ticks in which at least one socket was observed.
    pub(crate) fn expected_ticks(&self) -> usize {
        reference::observed_ticks(&self.files).len()
    }

    pub(crate) async fn usage(&self) -> Result<Usage, String> {
        self.client.usage(FROM, TO, "15m").await
    }
}

fn sockets(files: &[PathBuf]) -> Vec<SocketSetup> {
    files
        .iter()
        .zip(0u8..)
        .map(|(file, number)| SocketSetup {
            number,
            name: file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            room: None,
            icon: None,
        })
        .collect()
}

/// To the joule, bucket by bucket, and the totals are the sums of their parts.
pub(crate) fn assert_exact(usage: &Usage, expected: &[BTreeMap<i64, i64>]) {
    assert_eq!(usage.starts.len(), 96);
    assert_eq!(usage.sockets.len(), expected.len(), "every outlet is there");
    for (socket, quarters) in usage.sockets.iter().zip(expected) {
        for (bucket, &start) in usage.starts.iter().enumerate() {
            assert_eq!(
                socket.energy_j[bucket],
                quarters.get(&start).copied(),
                "socket {} in the quarter hour that starts at {start}",
                socket.socket
            );
        }
        assert_eq!(socket.total_j, quarters.values().sum::<i64>(), "socket {}", socket.socket);
    }
    for bucket in 0..usage.starts.len() {
        let parts: Vec<i64> = usage.sockets.iter().filter_map(|socket| socket.energy_j[bucket]).collect();
        assert_eq!(usage.total.energy_j[bucket], (!parts.is_empty()).then(|| parts.iter().sum()));
    }
    assert_eq!(usage.total.total_j, usage.sockets.iter().map(|socket| socket.total_j).sum::<i64>());
}
