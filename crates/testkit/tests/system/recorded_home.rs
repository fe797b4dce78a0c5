//! The recorded day, and what must come out of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use testkit::client::{Client, Usage};
use testkit::reference::{self, FROM, TO};
use testkit::system::{EMAIL, SocketSetup, System, SystemSetup, test_binaries};
use testkit::traces::{RecordedDay, recorded_day};

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
            agent: format!("[agent.sensor.replay]\nfolder = {folder:?}\nspeed = {speed}\n"),
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
        reference::recorded_day(&self.files)
    }

    /// The instants of all ticks in which at least one socket was observed.
    pub(crate) fn expected_ticks(&self) -> usize {
        reference::observed_ticks(&self.files).len()
    }

    pub(crate) async fn usage(&self) -> Result<Usage, String> {
        self.client.usage(FROM, TO, "15m").await
    }
}

impl Drop for RecordedHome {
    /// Who looks for the cause of a failure wants to know what the processes said.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.system.print_logs();
        }
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
