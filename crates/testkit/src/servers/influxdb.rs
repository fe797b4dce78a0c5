use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::certificates::Issued;

use super::process::{Folder, Process, accepts, exchange};
use super::{ServerError, free_port};

const PACKAGE: &str = "influxdb";
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// InfluxDB 1.x without authentication.
#[derive(Debug)]
pub struct InfluxDb {
    process: Process,
    place: Place,
}

#[derive(Debug)]
struct Place {
    folder: Folder,
    port: u16,
    rpc_port: u16,
    tls: Option<Issued>,
}

impl InfluxDb {
    /// On free ports, with data that is gone afterwards.
    pub fn start() -> Result<Self, ServerError> {
        Self::launch(Place::new(Folder::temporary()?, free_port(), None))
    }

    /// The same, over HTTPS and nothing else.
    pub fn start_with_tls(issued: &Issued) -> Result<Self, ServerError> {
        Self::launch(Place::new(Folder::temporary()?, free_port(), Some(issued.clone())))
    }

    /// With data that stays in `folder`.
    pub fn start_in(folder: &Path) -> Result<Self, ServerError> {
        Self::start_on(folder, free_port())
    }

    /// With data that stays in `folder`, on this port.
    pub fn start_on(folder: &Path, port: u16) -> Result<Self, ServerError> {
        Self::launch(Place::new(Folder::given(folder)?, port, None))
    }

    fn launch(place: Place) -> Result<Self, ServerError> {
        place.prepare()?;
        Ok(Self { process: place.launch()?, place })
    }

    pub const fn port(&self) -> u16 {
        self.place.port
    }

    /// Without a slash at the end.
    pub fn url(&self) -> String {
        let scheme = if self.place.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.place.port)
    }

    /// Makes a database, or finds it there, and gives its name. Letters, digits, `-` and `_`.
    pub fn database(&self, name: &str) -> Result<String, ServerError> {
        let path = format!("/query?q=CREATE%20DATABASE%20%22{name}%22");
        let answer =
            self.place.ask("POST", &path).map_err(ServerError::io(format!("creating database {name}")))?;
        if answer.starts_with("HTTP/1.0 200") && !answer.contains("\"error\"") {
            return Ok(name.to_owned());
        }
        Err(ServerError::Command {
            command: format!("CREATE DATABASE {name}"),
            status: answer.lines().next().unwrap_or_default().to_owned(),
            output: answer,
        })
    }

    /// SIGKILL, as when the power fails.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts again on the same ports with the same data.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.process = self.place.launch()?;
        Ok(())
    }

    /// In good order; data of a given folder stays.
    pub fn stop(mut self) {
        self.process.stop(Signal::TERM, Duration::from_secs(30));
    }
}

impl Place {
    fn new(folder: Folder, port: u16, tls: Option<Issued>) -> Self {
        Self { folder, port, rpc_port: free_port(), tls }
    }

    fn prepare(&self) -> Result<(), ServerError> {
        let config = format!(
            r#"reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
  # As docker-compose.yml has it, and why is said there.
  cache-snapshot-memory-size = 268435456
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  auth-enabled = false
  log-enabled = false
  max-body-size = 25000000
{tls}
[ifql]
  enabled = false
"#,
            rpc = self.rpc_port,
            http = self.port,
            folder = self.folder.path().display(),
            tls = self.tls.as_ref().map(https).unwrap_or_default(),
        );
        self.folder.write("influxdb.conf", &config).map(drop)
    }

    fn launch(&self) -> Result<Process, ServerError> {
        let folder = self.folder.path();
        let mut command = Command::new("influxd");
        command.arg("-config").arg(folder.join("influxdb.conf")).env("HOME", folder);
        // As docker-compose.yml has it, and why is said there.
        command.env("GOGC", "400").envs(half_of_memory().map(|limit| ("GOMEMLIMIT", limit)));
        let mut process = Process::spawn("InfluxDB", PACKAGE, &mut command, folder.join("influxd.log"))?;
        process.wait_ready(TIME_LIMIT, || {
            // What asks here speaks no TLS.
            let is_well = || self.ask("GET", "/ping").is_ok_and(|a| a.starts_with("HTTP/1.0 204"));
            if self.tls.is_some() { accepts(self.port) } else { is_well() }
        })?;
        Ok(process)
    }

    fn ask(&self, method: &str, path: &str) -> io::Result<String> {
        // HTTP 1.0: the answer ends when the server closes.
        let request = format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
        let answer = exchange(self.port, request.as_bytes(), 1 << 20)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// As Go reads it.
fn half_of_memory() -> Option<String> {
    let told = fs::read_to_string("/proc/meminfo").ok()?;
    let total = told.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(format!("{}KiB", kib / 2))
}

fn https(issued: &Issued) -> String {
    format!(
        "  https-enabled = true\n  https-certificate = {:?}\n  https-private-key = {:?}",
        issued.certificate.display().to_string(),
        issued.key.display().to_string()
    )
}
