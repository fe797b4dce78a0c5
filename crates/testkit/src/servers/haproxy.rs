use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use super::ServerError;
use super::process::{Folder, Process};

const PACKAGE: &str = "haproxy";
/// It is not in the path of users.
const PROGRAM: &str = "/usr/sbin/haproxy";
const TIME_LIMIT: Duration = Duration::from_secs(10);
const SOCKET: &str = "admin.sock";

/// A balancer in front of several servers.
#[derive(Debug)]
pub struct Haproxy {
    /// Ends when this is dropped.
    _process: Process,
    folder: Folder,
}

impl Haproxy {
    /// With these sections after a `global` one with a socket for [`tell`](Self::tell). Returns when it listens at `port`.
    pub fn start(sections: &str, port: u16) -> Result<Self, ServerError> {
        let folder = Folder::temporary()?;
        let socket = folder.path().join(SOCKET);
        let config = format!("global\n    stats socket {} level admin\n\n{sections}", socket.display());
        Self::start_in(folder, &config, port)
    }

    /// With just this configuration. Returns when it listens at `port`.
    pub fn start_with(config: &str, port: u16) -> Result<Self, ServerError> {
        Self::start_in(Folder::temporary()?, config, port)
    }

    fn start_in(folder: Folder, config: &str, port: u16) -> Result<Self, ServerError> {
        let config = folder.write("haproxy.cfg", config)?;
        let mut command = Command::new(PROGRAM);
        command.args(["-db", "-f"]).arg(config);
        let log = folder.path().join("haproxy.log");
        let mut process = Process::spawn("haproxy", PACKAGE, &mut command, log)?;
        process.wait_ready(TIME_LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { _process: process, folder })
    }

    /// A command of its runtime API, such as `set server web/one state maint`, and the answer.
    pub fn tell(&self, command: &str) -> Result<String, ServerError> {
        let exchange = || {
            let mut socket = UnixStream::connect(self.folder.path().join(SOCKET))?;
            socket.set_read_timeout(Some(TIME_LIMIT))?;
            socket.write_all(format!("{command}\n").as_bytes())?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer)?;
            Ok(answer.trim().to_owned())
        };
        exchange().map_err(ServerError::io(format!("telling haproxy {command:?}")))
    }
}
