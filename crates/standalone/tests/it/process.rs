//! A running standalone.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;
use testkit::client::Client;

pub(crate) struct Standalone {
    child: Child,
    pub(crate) ready: Ready,
}

/// What `--json` prints.
pub(crate) struct Ready {
    pub(crate) url: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) household: String,
}

pub(crate) fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_standalone"))
}

/// The recorded stamps, from `folder`, at this speed.
pub(crate) fn replay(folder: &Path, data: &Path, speed: &str) -> Command {
    let mut command = command();
    command
        .args(["--json", "run"])
        .env("WATTLINE_LOG", "warn")
        .env("WATTLINE__LISTEN", "127.0.0.1:0")
        .env("WATTLINE__DATA_DIR", data)
        .env("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", folder)
        .env("WATTLINE__AGENT__SENSOR__REPLAY__SPEED", speed);
    command
}

impl Standalone {
    /// Returns when it says that it is ready.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("standalone can be started");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is ours");
        BufReader::new(out).read_line(&mut line).expect("its output can be read");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        let text = |key: &str| said[key].as_str().unwrap_or_else(|| panic!("no {key} in {line}")).to_owned();
        let ready = Ready {
            url: text("url"),
            email: text("email"),
            password: text("password"),
            household: text("household"),
        };
        Self { child, ready }
    }

    pub(crate) async fn log_in(&self) -> Client {
        let client = Client::log_in(&self.ready.url, &self.ready.email, &self.ready.password).await;
        let client = client.expect("the printed login works");
        assert_eq!(client.household, self.ready.household);
        client
    }

    pub(crate) fn errors(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("it was started with its errors piped")
    }
}

impl Drop for Standalone {
    /// SIGKILL, as when the power fails.
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
