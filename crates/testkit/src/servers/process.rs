//! A child in a process group of its own, with its output in a file.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use super::ServerError;

const POLL: Duration = Duration::from_millis(20);
const LOG_TAIL: u64 = 4_000;

/// Where a server keeps its data: a folder of ours, removed at the end, or somebody else's, which stays.
#[derive(Debug)]
pub(super) enum Folder {
    Temporary(TempDir),
    Given(PathBuf),
}

impl Folder {
    pub(super) fn temporary() -> Result<Self, ServerError> {
        TempDir::with_prefix("wattline-").map(Self::Temporary).map_err(ServerError::io("making a folder"))
    }

    pub(super) fn given(path: &Path) -> Result<Self, ServerError> {
        let failed = || format!("making {}", path.display());
        fs::create_dir_all(path).map_err(ServerError::io(failed()))?;
        path.canonicalize().map(Self::Given).map_err(ServerError::io(failed()))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Given(path) => path,
        }
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, ServerError> {
        let path = self.path().join(name);
        fs::write(&path, text).map_err(ServerError::io(format!("writing {}", path.display())))?;
        Ok(path)
    }

    pub(super) fn make(&self, name: &str) -> Result<PathBuf, ServerError> {
        let path = self.path().join(name);
        fs::create_dir_all(&path).map_err(ServerError::io(format!("making {}", path.display())))?;
        Ok(path)
    }
}

#[derive(Debug)]
pub(super) struct Process {
    server: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(super) fn spawn(
        server: &'static str,
        package: &'static str,
        command: &mut Command,
        log: PathBuf,
    ) -> Result<Self, ServerError> {
        let open = || File::options().create(true).append(true).open(&log);
        let output = open().map_err(ServerError::io(format!("opening {}", log.display())))?;
        let errors = output.try_clone().map_err(ServerError::io(format!("opening {}", log.display())))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|error| missing_or(error, command, package))?;
        Ok(Self { server, child, log })
    }

    /// Polls until `ready` holds; an error when the process ends or the time is over.
    pub(super) fn wait_ready(
        &mut self,
        time_limit: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), ServerError> {
        let begin = Instant::now();
        loop {
            let ended =
                self.child.try_wait().map_err(ServerError::io(format!("waiting for {}", self.server)))?;
            if let Some(status) = ended {
                let (server, log) = (self.server, tail(&self.log));
                return Err(ServerError::Ended { server, status: status.to_string(), log });
            }
            if ready() {
                return Ok(());
            }
            if begin.elapsed() >= time_limit {
                let (server, log) = (self.server, tail(&self.log));
                return Err(ServerError::NotReady { server, waited: time_limit, log });
            }
            thread::sleep(POLL);
        }
    }

    /// Whether it is gone, by itself or by force.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, by itself or by force; `None` when it has not by then.
    pub(super) fn wait(&mut self, time_limit: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if begin.elapsed() >= time_limit {
                return None;
            }
            thread::sleep(POLL);
        }
    }

    pub(super) fn signal_group(&self, signal: Signal) {
        // The group may be gone already, which is as good.
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(group) = Pid::from_raw(pid)
        {
            kill_process_group(group, signal).ok();
        }
    }

    /// SIGKILL to all of the group and to all descendants; returns when they are gone.
    pub(super) fn kill(&mut self) {
        // Erlang's helpers and PostgreSQL's backends make groups of their own.
        let descendants = descendants(self.child.id());
        self.signal_group(Signal::KILL);
        for pid in descendants.iter().filter_map(|&pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            kill_process(pid, Signal::KILL).ok();
        }
        self.child.wait().ok();
        let begin = Instant::now();
        while descendants.iter().any(|&pid| is_alive(pid)) && begin.elapsed() < Duration::from_secs(10) {
            thread::sleep(POLL);
        }
    }

    /// `signal` to all of the group, and SIGKILL when that did not end it in time.
    pub(super) fn stop(&mut self, signal: Signal, time_limit: Duration) {
        self.signal_group(signal);
        let begin = Instant::now();
        while begin.elapsed() < time_limit {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(POLL);
        }
        self.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// State and parent of every process there is.
fn processes() -> Vec<(u32, char, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            let (state, parent) = state_and_parent(pid)?;
            Some((pid, state, parent))
        })
        .collect()
}

fn state_and_parent(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// The first thread of a process can be a zombie while others still hold its sockets.
fn is_alive(pid: u32) -> bool {
    let threads = || fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    state_and_parent(pid).is_some_and(|(state, _)| state != 'Z' || threads() > 1)
}

fn descendants(ancestor: u32) -> Vec<u32> {
    let all = processes();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, _, of)| *of == parent).map(|(pid, ..)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// Runs a command to its end and gives its output.
pub(crate) fn run(command: &mut Command, package: &'static str) -> Result<String, ServerError> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| missing_or(error, command, package))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ServerError::Command {
        command: format!("{command:?}"),
        status: output.status.to_string(),
        output: [output.stdout, output.stderr]
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .concat(),
    })
}

fn missing_or(error: io::Error, command: &Command, package: &'static str) -> ServerError {
    let program = command.get_program().to_string_lossy().into_owned();
    if error.kind() == io::ErrorKind::NotFound {
        ServerError::Missing { program, package }
    } else {
        ServerError::io(format!("starting {program}"))(error)
    }
}

fn tail(log: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        Ok(text)
    };
    match read() {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => format!("(cannot read {}: {error})", log.display()),
    }
}

pub(super) fn accepts(port: u16) -> bool {
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_millis(500)).is_ok()
}

/// Sends `request` and gives what comes back: all of it until the peer closes, or the first `at_most` bytes.
pub(super) fn exchange(port: u16, request: &[u8], at_most: u64) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.take(at_most).read_to_end(&mut answer)?;
    Ok(answer)
}
