use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::process::{Folder, Process};
use super::{ServerError, free_port};

const PACKAGE: &str = "python3-aiosmtpd";
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A mail server that takes everything and keeps it, without TLS.
#[derive(Debug)]
pub struct Smtp {
    process: Process,
    folder: Folder,
    port: u16,
}

impl Smtp {
    /// On a free port.
    pub fn start() -> Result<Self, ServerError> {
        let (folder, port) = (Folder::temporary()?, free_port());
        Ok(Self { process: launch(&folder, port)?, folder, port })
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Nobody answers any more.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// On the same port, with the mails of before.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.process = launch(&self.folder, self.port)?;
        Ok(())
    }

    /// Every mail that has arrived, headers included, in no order.
    pub fn mails(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("mails/new")) else { return Vec::new() };
        entries.flatten().filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect()
    }
}

fn launch(folder: &Folder, port: u16) -> Result<Process, ServerError> {
    let mut command = Command::new("aiosmtpd");
    command
        .args([
            "--nosetuid",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--class",
            "aiosmtpd.handlers.Mailbox",
        ])
        .arg(folder.path().join("mails"));
    let log = folder.path().join("aiosmtpd.log");
    let mut process = Process::spawn("aiosmtpd", PACKAGE, &mut command, log)?;
    process.wait_ready(TIME_LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    Ok(process)
}
