//! A newcomer's first command.

use std::path::PathBuf;
use std::process::Stdio;

use clap::Args;

use crate::page;
use crate::run::{binaries, cargo, root, run, step};

#[derive(Args)]
pub(crate) struct Demo {
    /// Your own traces: a folder of CSV files, one per outlet (see the README). Without it, the recorded day of
    /// 34 outlets that comes with Wattline.
    #[arg(long)]
    traces: Option<PathBuf>,
    /// How fast the past weeks are played: `max`, or a number of times real time.
    #[arg(long, default_value = "max")]
    speed: String,
    /// How many days of the past are played, today included.
    #[arg(long, default_value_t = 35)]
    days: u32,
    /// Where the page is served, on this machine only.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where everything is kept. Without it, a folder of the workspace.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Prints one line of JSON when the page is ready: url, email, password, household.
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        step("page", || {
            if !crate::run::exists("npm") {
                eprintln!("  npm is not here: Wattline starts without its page and says how to build it");
                return Ok(());
            }
            page::build()
        })?;
        step("standalone", || {
            run(cargo()
                .args(["build", "--workspace", "--bin", "standalone", "--locked"])
                .stdout(Stdio::null()))
        })?;
        let data = self.data.unwrap_or_else(|| root().join(".wattline/demo"));
        let traces = match self.traces {
            Some(folder) => folder,
            None => step("recorded day", || Ok(testkit::traces::unpack_recorded_day(&data.join("traces"))?))?,
        };
        let mut standalone = std::process::Command::new(binaries().join("standalone"));
        standalone
            .arg("demo")
            .arg("--traces")
            .arg(traces)
            .args(["--speed", &self.speed])
            .args(["--days", &self.days.to_string()])
            .args(["--port", &self.port.to_string()])
            .arg("--data")
            .arg(&data);
        if self.json {
            standalone.arg("--json");
        }
        run(&mut standalone)
    }
}
