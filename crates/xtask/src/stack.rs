//! The whole system on this machine, as in production: real servers and every service a process of its own.
//!
//! `up` leaves a keeper behind that owns all processes and ends them when it is told to.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};
use testkit::system::{EMAIL, SocketSetup, System, SystemSetup};
use tokio::signal::unix::{SignalKind, signal};

use crate::run::{binaries, cargo, root, run, step};
use crate::{debian, page};

const START: Duration = Duration::from_mins(3);
const END: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(100);

#[derive(Subcommand)]
pub(crate) enum Stack {
    /// Starts everything and says where it is.
    Up(Up),
    /// Ends everything. The data stays, for the next `up`.
    Down,
    /// Owns the processes; started by `up`.
    #[command(hide = true)]
    Keep(Up),
}

#[derive(Args, Clone)]
pub(crate) struct Up {
    /// Where the page is served, on this machine only.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

/// What is running, as `up` prints it.
#[derive(Serialize, Deserialize)]
struct State {
    keeper: u32,
    url: String,
    email: String,
    password: String,
    rabbitmq: String,
    influxdb: String,
    postgresql: String,
}

impl Stack {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Up(up) => up.start(),
            Self::Down => down(),
            Self::Keep(up) => up.keep(),
        }
    }
}

/// In the workspace, but for root in a closed home: PostgreSQL runs as a user of its own, who must get there.
fn folder() -> PathBuf {
    let is_open =
        |folder: &Path| folder.metadata().is_ok_and(|about| about.permissions().mode() & 0o001 != 0);
    if rustix::process::geteuid().is_root() && !root().ancestors().all(is_open) {
        return PathBuf::from("/var/tmp/wattline-stack");
    }
    root().join(".wattline/stack")
}

fn state_file() -> PathBuf {
    folder().join("state.json")
}

fn read_state() -> Option<State> {
    serde_json::from_str(&std::fs::read_to_string(state_file()).ok()?).ok()
}

fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id).ok()?)
}

fn is_alive(id: u32) -> bool {
    pid(id).is_some_and(|pid| test_kill_process(pid).is_ok())
}

impl Up {
    fn start(&self) -> anyhow::Result<()> {
        if let Some(state) = read_state().filter(|state| is_alive(state.keeper)) {
            eprintln!("The stack is already up.");
            return show(&state, self.json);
        }
        step("system packages", debian::install_packages)?;
        step("page", page::build)?;
        step("binaries", || {
            run(cargo().args(["build", "--workspace", "--bins", "--locked"]).stdout(Stdio::null()))
        })?;
        step("stack", || self.launch())?;
        let state = read_state().context("the stack did not say where it is")?;
        show(&state, self.json)
    }

    /// Starts the keeper and waits until it has everything running.
    fn launch(&self) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder())?;
        let log = folder().join("keeper.log");
        if state_file().exists() {
            std::fs::remove_file(state_file())?;
        }
        let output = File::create(&log)?;
        let mut keeper = Command::new(binaries().join("xtask"))
            .args(["stack", "keep", "--port", &self.port.to_string()])
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()?;
        let began = Instant::now();
        while read_state().is_none() {
            if let Some(status) = keeper.try_wait()? {
                bail!("{}\nthe stack could not be started ({status})", std::fs::read_to_string(&log)?);
            }
            if began.elapsed() > START {
                bail!("the stack is not up after {} s; see {}", START.as_secs(), log.display());
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn keep(&self) -> anyhow::Result<()> {
        let traces = testkit::traces::unpack_recorded_day(&folder().join("traces"))?;
        let agent = format!(
            "[agent.sensor.replay]\nfolder = {:?}\nspeed = \"max\"\nshift = \"end-now\"\nrepeat_days = 7\n",
            traces.display().to_string()
        );
        let binaries = binaries();
        let system = System::start(&SystemSetup {
            sockets: sockets(&binaries, &traces)?,
            binaries,
            folder: Some(folder()),
            port: Some(self.port),
            agent,
        })?;
        let state = State {
            keeper: std::process::id(),
            url: system.url.clone(),
            email: EMAIL.to_owned(),
            password: system.password.clone(),
            rabbitmq: system.rabbitmq.url(),
            influxdb: system.influxdb.url(),
            postgresql: system.postgresql.url(),
        };
        let part = folder().join("state.part");
        testkit::system::write_private(&part, &serde_json::to_string_pretty(&state)?)?;
        std::fs::rename(part, state_file())?;
        wait_for_signal()?;
        drop(system);
        std::fs::remove_file(state_file())?;
        Ok(())
    }
}

/// What the agent says hangs on its sockets.
fn sockets(binaries: &Path, traces: &Path) -> anyhow::Result<Vec<SocketSetup>> {
    let text = crate::run::read(
        Command::new(binaries.join("agent"))
            .args(["check", "--json"])
            .env("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", traces)
            // Only looked at, never reached.
            .env("WATTLINE__RABBITMQ__URL", "amqp://localhost"),
    )?;
    Ok(serde_json::from_str(&text)?)
}

/// Without a handler SIGTERM would end the keeper before its processes.
fn wait_for_signal() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}

fn down() -> anyhow::Result<()> {
    let Some(state) = read_state().filter(|state| is_alive(state.keeper)) else {
        eprintln!("The stack is not up.");
        return Ok(());
    };
    if let Some(keeper) = pid(state.keeper) {
        kill_process(keeper, Signal::TERM)?;
    }
    let began = Instant::now();
    while is_alive(state.keeper) {
        if began.elapsed() > END {
            bail!("the keeper (process {}) does not end", state.keeper);
        }
        thread::sleep(POLL);
    }
    eprintln!("The stack is down. Its data is in {}.", folder().display());
    Ok(())
}

fn show(state: &State, json: bool) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(state)?)?;
        return Ok(());
    }
    writeln!(out, "\n  Wattline     {}", state.url)?;
    writeln!(out, "  e-mail       {}", state.email)?;
    writeln!(out, "  password     {}", state.password)?;
    writeln!(out, "  RabbitMQ     {}", state.rabbitmq)?;
    writeln!(out, "  InfluxDB     {}", state.influxdb)?;
    writeln!(out, "  PostgreSQL   {}", state.postgresql)?;
    writeln!(out, "\n  logs         {}", folder().display())?;
    writeln!(out, "  end it with  cargo xtask stack down\n")?;
    Ok(())
}
