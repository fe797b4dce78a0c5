use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::certificates::Issued;

use super::process::{Folder, Process, run};
use super::{ServerError, free_port};

const PACKAGE: &str = "mosquitto";
const CLIENTS: &str = "mosquitto-clients";
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// An MQTT broker.
#[derive(Debug)]
pub struct Mosquitto {
    process: Process,
    folder: Folder,
    port: u16,
    login: Option<(String, String)>,
}

impl Mosquitto {
    /// On a free port; everybody may do everything.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_for(None)
    }

    /// Only with this name and password.
    pub fn start_with_login(name: &str, password: &str) -> Result<Self, ServerError> {
        Self::start_for(Some((name.to_owned(), password.to_owned())))
    }

    /// Over TLS only; everybody may do everything.
    pub fn start_with_tls(issued: &Issued) -> Result<Self, ServerError> {
        let (folder, port) = (Folder::temporary()?, free_port());
        let config = format!(
            "listener {port} 127.0.0.1\ncertfile {}\nkeyfile {}\nallow_anonymous true\nuser root\n",
            issued.certificate.display(),
            issued.key.display()
        );
        folder.write("mosquitto.conf", &config)?;
        Ok(Self { process: launch(&folder, port)?, folder, port, login: None })
    }

    fn start_for(login: Option<(String, String)>) -> Result<Self, ServerError> {
        let (folder, port) = (Folder::temporary()?, free_port());
        let mut config = format!("listener {port} 127.0.0.1\n");
        if let Some((name, password)) = &login {
            let file = folder.path().join("passwords");
            let mut make = Command::new("mosquitto_passwd");
            make.args(["-b", "-c"]).arg(&file).args([name, password]);
            run(&mut make, PACKAGE)?;
            config = format!("{config}password_file {}\n", file.display());
        } else {
            config.push_str("allow_anonymous true\n");
        }
        // Started by root, it would become another user, who may not read the folder.
        config.push_str("user root\n");
        folder.write("mosquitto.conf", &config)?;
        Ok(Self { process: launch(&folder, port)?, folder, port, login })
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// As a plug does.
    pub fn publish(&self, topic: &str, body: &str) -> Result<(), ServerError> {
        self.client("mosquitto_pub", &["-t", topic, "-m", body]).map(drop)
    }

    /// The broker tells it to everybody who comes later, too.
    pub fn publish_retained(&self, topic: &str, body: &str) -> Result<(), ServerError> {
        self.client("mosquitto_pub", &["-r", "-t", topic, "-m", body]).map(drop)
    }

    /// Waits for the next message on a topic of the broker at that port, where everybody may listen, and gives it.
    pub fn next_on(port: u16, topic: &str, time_limit: Duration) -> Result<String, ServerError> {
        let secs = time_limit.as_secs().to_string();
        run(client("mosquitto_sub", port).args(["-R", "-C", "1", "-W", &secs, "-t", topic]), CLIENTS)
    }

    /// Runs `mosquitto_pub` or `mosquitto_sub`, speaking MQTT 5, at the broker of that port, whichever it is.
    pub fn run_client(program: &str, port: u16, arguments: &[&str]) -> Result<String, ServerError> {
        run(client(program, port).args(["-V", "mqttv5"]).args(arguments), CLIENTS)
    }

    fn client(&self, program: &str, arguments: &[&str]) -> Result<String, ServerError> {
        let mut command = client(program, self.port);
        if let Some((name, password)) = &self.login {
            command.args(["-u", name, "-P", password]);
        }
        run(command.args(arguments), CLIENTS)
    }

    /// SIGKILL, as when the power fails.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// On the same port.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.process = launch(&self.folder, self.port)?;
        Ok(())
    }
}

fn client(program: &str, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    command
}

fn launch(folder: &Folder, port: u16) -> Result<Process, ServerError> {
    // It is not in the path of users.
    let mut command = Command::new("/usr/sbin/mosquitto");
    command.arg("-c").arg(folder.path().join("mosquitto.conf"));
    let log = folder.path().join("mosquitto.log");
    let mut process = Process::spawn("mosquitto", PACKAGE, &mut command, log)?;
    process.wait_ready(TIME_LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    Ok(process)
}
