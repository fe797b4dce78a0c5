use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::certificates::Issued;

use super::process::{Folder, Process, run};
use super::{ServerError, free_port};

const PACKAGE: &str = "postgresql";
/// Debian keeps each major version in a folder of its own.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The system's user that runs it when we are root, whom it refuses, and its superuser inside.
const USER: &str = "postgres";
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// Of the newest version that is installed as a server.
fn programs() -> PathBuf {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten();
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| Path::new(VERSIONS).join(format!("{version}/bin/initdb")).exists())
        .max();
    Path::new(VERSIONS).join(format!("{}/bin", newest.unwrap_or_default()))
}

/// PostgreSQL that trusts whoever connects as `postgres`.
#[derive(Debug)]
pub struct PostgreSql {
    process: Process,
    place: Place,
}

#[derive(Debug)]
struct Place {
    folder: Folder,
    port: u16,
    durable: bool,
    has_tls: bool,
}

impl PostgreSql {
    /// On a free port, with data that is gone afterwards and would not survive a power failure (it does survive
    /// [`kill`](Self::kill)).
    pub fn start() -> Result<Self, ServerError> {
        Self::launch(Place::new(Folder::temporary()?, free_port(), false), None)
    }

    /// The same, with a certificate for those who want TLS.
    pub fn start_with_tls(issued: &Issued) -> Result<Self, ServerError> {
        Self::launch(Place::new(Folder::temporary()?, free_port(), false), Some(issued))
    }

    /// With data that stays in `folder`, synced to disk. The folders above must let the user `postgres` through.
    pub fn start_in(folder: &Path) -> Result<Self, ServerError> {
        Self::start_on(folder, free_port())
    }

    /// Like [`start_in`](Self::start_in), on this port.
    pub fn start_on(folder: &Path, port: u16) -> Result<Self, ServerError> {
        Self::launch(Place::new(Folder::given(folder)?, port, true), None)
    }

    fn launch(mut place: Place, issued: Option<&Issued>) -> Result<Self, ServerError> {
        place.prepare()?;
        if let Some(issued) = issued {
            place.take_certificate(issued)?;
        }
        Ok(Self { process: place.launch()?, place })
    }

    pub const fn port(&self) -> u16 {
        self.place.port
    }

    /// Of the database `postgres`.
    pub fn url(&self) -> String {
        self.url_of(USER)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.place.port)
    }

    /// Makes a database, or finds it there, and gives its URL. Letters, digits and `_`.
    pub fn database(&self, name: &str) -> Result<String, ServerError> {
        let exists = self.sql(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?;
        if exists.trim().is_empty() {
            self.sql(&format!("CREATE DATABASE \"{name}\""))?;
        }
        Ok(self.url_of(name))
    }

    /// Runs one statement in the database `postgres`; rows come back one a line.
    pub fn sql(&self, statement: &str) -> Result<String, ServerError> {
        let mut command = Command::new(programs().join("psql"));
        command.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", &self.url(), "-c", statement]);
        run(&mut command, PACKAGE)
    }

    /// SIGKILL to all of its processes.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts again on the same port with the same data.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.process = self.place.launch()?;
        Ok(())
    }

    /// In good order, not waiting for clients; data of a given folder stays.
    pub fn stop(mut self) {
        self.process.stop(Signal::INT, Duration::from_secs(30));
    }
}

impl Place {
    const fn new(folder: Folder, port: u16, durable: bool) -> Self {
        Self { folder, port, durable, has_tls: false }
    }

    /// It takes no key that others could read.
    fn take_certificate(&mut self, issued: &Issued) -> Result<(), ServerError> {
        for (from, to) in [(&issued.certificate, "server.crt"), (&issued.key, "server.key")] {
            let mut install = Command::new("install");
            if am_root() {
                install.args(["-o", USER, "-g", USER]);
            }
            run(install.args(["-m", "600"]).arg(from).arg(self.data().join(to)), PACKAGE)?;
        }
        self.has_tls = true;
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn prepare(&self) -> Result<(), ServerError> {
        let folder = self.folder.path();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711))
            .map_err(ServerError::io(format!("opening {} to {USER}", folder.display())))?;
        for name in ["data", "socket"] {
            let mut install = Command::new("install");
            if am_root() {
                install.args(["-o", USER, "-g", USER]);
            }
            run(install.args(["-d", "-m", "700"]).arg(folder.join(name)), PACKAGE)?;
        }
        if !self.data().join("PG_VERSION").exists() {
            let mut initdb = as_user("initdb");
            initdb.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", USER]);
            run(initdb.arg("-D").arg(self.data()).current_dir(folder), PACKAGE)?;
        }
        Ok(())
    }

    fn launch(&self) -> Result<Process, ServerError> {
        let folder = self.folder.path();
        let mut command = as_user("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(folder.join("socket"));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.args(["-c", if self.durable { "fsync=on" } else { "fsync=off" }]);
        if self.has_tls {
            command.args(["-c", "ssl=on"]);
        }
        command.current_dir(folder);
        let mut process = Process::spawn("PostgreSQL", PACKAGE, &mut command, folder.join("postgresql.log"))?;
        let port = self.port.to_string();
        process.wait_ready(TIME_LIMIT, || {
            let mut ask = Command::new(programs().join("pg_isready"));
            run(ask.args(["-q", "-h", "127.0.0.1", "-p", &port]), PACKAGE).is_ok()
        })?;
        Ok(process)
    }
}

fn am_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// `setpriv` replaces itself by the program, so that its signals reach the program.
fn as_user(program: &str) -> Command {
    let path = programs().join(program);
    if !am_root() || !path.exists() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--init-groups", "--"]).arg(path);
    command
}
