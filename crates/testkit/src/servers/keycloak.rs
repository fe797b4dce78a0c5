use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::process::{Folder, Process, exchange, run};
use super::{ServerError, free_port};

/// The first start makes a database; on two busy cores that has been seen to take a minute.
const TIME_LIMIT: Duration = Duration::from_mins(5);

/// Keycloak in its development mode, with a database in memory.
#[derive(Debug)]
pub struct Keycloak {
    /// Dropped before the folder that it runs in.
    _process: Process,
    _folder: Folder,
    port: u16,
}

impl Keycloak {
    /// The variable that says where the distribution lies; `cargo xtask test --keycloak` sets it.
    pub const DISTRIBUTION: &str = "WATTLINE_KEYCLOAK";

    /// The ZIP archive of the distribution, where one was named.
    pub fn distribution() -> Option<PathBuf> {
        std::env::var_os(Self::DISTRIBUTION).map(PathBuf::from)
    }

    /// Unpacks the distribution and starts it on a free port with this realm, in which `${NAME}` stands for what
    /// `variables` say.
    pub fn start(
        distribution: &Path,
        realm: &Value,
        variables: &[(&str, &str)],
    ) -> Result<Self, ServerError> {
        let (folder, port) = (Folder::temporary()?, free_port());
        run(Command::new("unzip").arg("-q").arg(distribution).arg("-d").arg(folder.path()), "unzip")?;
        let home = unpacked(folder.path())?;
        let import = home.join("data/import");
        fs::create_dir_all(&import).map_err(ServerError::io("making the folder of the realm"))?;
        fs::write(import.join("realm.json"), realm.to_string())
            .map_err(ServerError::io("writing the realm"))?;
        let mut command = Command::new(home.join("bin/kc.sh"));
        command
            .args(["start-dev", "--db=dev-mem", "--import-realm", "--http-host=127.0.0.1"])
            .arg(format!("--http-port={port}"))
            .env("JAVA_OPTS_KC_HEAP", "-Xms64m -Xmx512m")
            .envs(variables.iter().copied())
            .current_dir(folder.path());
        let log = folder.path().join("keycloak.log");
        let mut process = Process::spawn("Keycloak", "default-jre-headless", &mut command, log)?;
        let name = realm["realm"].as_str().unwrap_or_default();
        let request =
            format!("GET /realms/{name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        process.wait_ready(TIME_LIMIT, || {
            exchange(port, request.as_bytes(), 12).is_ok_and(|answer| answer == b"HTTP/1.1 200")
        })?;
        Ok(Self { _process: process, _folder: folder, port })
    }

    /// Of a realm.
    pub fn issuer(&self, realm: &str) -> String {
        format!("http://127.0.0.1:{}/realms/{realm}", self.port)
    }
}

/// The one folder that is in the archive.
fn unpacked(folder: &Path) -> Result<PathBuf, ServerError> {
    let entries = fs::read_dir(folder).map_err(ServerError::io("reading the unpacked distribution"))?;
    let is_home = |path: &PathBuf| path.join("bin/kc.sh").exists();
    entries.flatten().map(|entry| entry.path()).find(is_home).ok_or_else(|| {
        ServerError::io("looking for bin/kc.sh in the distribution")(std::io::ErrorKind::NotFound.into())
    })
}
