//! What the service manager is told, by systemd's notification protocol (`sd_notify(3)`), and how often it wants to hear.

use std::collections::HashMap;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// Longer than this and the manager does not hear it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whoever started the process and wants to hear from it. Where nobody does, what is told goes nowhere.
#[derive(Debug, Default)]
pub struct ServiceManager {
    socket: Option<(UnixDatagram, PathBuf)>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// From `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` of a process with the id `pid`.
    pub fn from_environment(environment: impl IntoIterator<Item = (String, String)>, pid: u32) -> Self {
        let named = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
        let variables: HashMap<String, String> =
            environment.into_iter().filter(|(name, _)| named.contains(&name.as_str())).collect();
        let Some(path) = variables.get("NOTIFY_SOCKET").map(PathBuf::from) else { return Self::default() };
        let socket = match open() {
            Ok(socket) => Some((socket, path)),
            Err(error) => {
                tracing::warn!("the service manager cannot be told anything: {error}");
                None
            }
        };
        let is_ours = variables.get("WATCHDOG_PID").is_none_or(|id| id.parse() == Ok(pid));
        let micros = variables.get("WATCHDOG_USEC").and_then(|micros| micros.parse().ok());
        let watchdog = micros.filter(|&micros| is_ours && micros > 0).map(Duration::from_micros);
        Self { socket, watchdog }
    }

    /// How long it may hear nothing before it takes the process for hung; `None` when it does not watch.
    pub const fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// The process does its work, for the first time or again after [`ServiceManager::reloading`].
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// The configuration is being read anew.
    pub fn reloading(&self) {
        self.tell("RELOADING=1");
    }

    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// The process has not hung. To be told more often than [`ServiceManager::watchdog`] says.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// What the process is doing, in one line for people.
    pub fn status(&self, sentence: &str) {
        self.tell(&format!("STATUS={}", sentence.replace('\n', " ")));
    }

    fn tell(&self, message: &str) {
        let Some((socket, path)) = &self.socket else { return };
        if let Err(error) = socket.send_to(message.as_bytes(), path) {
            tracing::warn!("the service manager does not hear {message:?} at {}: {error}", path.display());
        }
    }
}

fn open() -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn each_word_is_a_datagram() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listening = UnixDatagram::bind(&path).unwrap();
        let manager =
            ServiceManager::from_environment(environment(&[("NOTIFY_SOCKET", path.to_str().unwrap())]), 1);
        manager.ready();
        manager.reloading();
        manager.status("two\nlines");
        manager.alive();
        manager.stopping();
        for expected in ["READY=1", "RELOADING=1", "STATUS=two lines", "WATCHDOG=1", "STOPPING=1"] {
            let mut buffer = [0; 64];
            let length = listening.recv(&mut buffer).unwrap();
            assert_eq!(std::str::from_utf8(&buffer[..length]).unwrap(), expected);
        }
    }

    #[test]
    fn the_watchdog_is_for_the_process_that_it_names() {
        let limit = |pairs: &[(&str, &str)]| {
            let mut variables = environment(pairs);
            variables.push(("NOTIFY_SOCKET".to_owned(), "/run/nobody".to_owned()));
            ServiceManager::from_environment(variables, 42).watchdog()
        };
        let half = Some(Duration::from_millis(500));
        assert_eq!(limit(&[("WATCHDOG_USEC", "500000")]), half);
        assert_eq!(limit(&[("WATCHDOG_USEC", "500000"), ("WATCHDOG_PID", "42")]), half);
        for other in [
            &[("WATCHDOG_USEC", "500000"), ("WATCHDOG_PID", "43")][..],
            &[("WATCHDOG_USEC", "0")],
            &[("WATCHDOG_USEC", "soon")],
            &[],
        ] {
            assert_eq!(limit(other), None, "{other:?}");
        }
        let nobody = ServiceManager::from_environment(environment(&[("WATCHDOG_USEC", "500000")]), 42);
        assert_eq!(nobody.watchdog(), None);
    }

    #[test]
    fn a_manager_that_is_gone_stops_nobody() {
        let nobody = environment(&[("NOTIFY_SOCKET", "/run/nobody/listens")]);
        ServiceManager::from_environment(nobody, 1).ready();
        ServiceManager::default().ready();
    }
}
