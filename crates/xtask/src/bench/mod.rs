//! Measurements of whole processes, built for release, on this machine. Figures of different machines do not
//! compare.

mod day;
mod report;
mod servers;
mod standalone;

use std::process::Stdio;

use clap::{Args, ValueEnum};

use crate::run::{cargo, run};
use crate::{debian, page};

#[derive(Args)]
pub(crate) struct Bench {
    what: What,
    /// One object in place of the table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Standalone: taking in a recorded day, answering for it, and the weight of the page.
    Quick,
    /// The same day through RabbitMQ into InfluxDB, and the same questions.
    Servers,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        page::build()?;
        if matches!(self.what, What::Servers) {
            debian::install_packages()?;
        }
        run(cargo().args(["build", "--release", "--workspace", "--bins", "--locked"]).stdout(Stdio::null()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let report = runtime.block_on(async {
            match self.what {
                What::Quick => standalone::measure().await,
                What::Servers => servers::measure().await,
            }
        })?;
        report.print(self.json)
    }
}
