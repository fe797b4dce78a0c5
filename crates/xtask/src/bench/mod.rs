//! Measurements of whole processes, built for release, on this machine. Figures of different machines do not
//! compare.

mod agent;
mod auth;
mod broker;
mod connections;
mod connections_node;
mod connections_run;
mod day;
mod flow;
mod home;
mod lag;
mod loadgen;
mod pipeline;
mod points;
mod query;
mod queues;
mod quiet;
mod replicas;
mod report;
mod restore;
mod rig;
mod servers;
mod standalone;
mod store;
mod wire;
mod writer;

use std::process::Stdio;

use clap::{Args, Subcommand};

use crate::run::{cargo, root, run};
use crate::{debian, page};
use report::Report;
use rig::Rig;
pub(crate) use rig::now;

#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
    /// One object in place of the table.
    #[arg(long, global = true)]
    json: bool,
    /// Takes the release binaries as they are.
    #[arg(long, global = true)]
    skip_build: bool,
    /// Takes the debug binaries as they are: to see that it works.
    #[arg(long, global = true, hide = true)]
    debug_binaries: bool,
    /// How long each measurement of the write path is to take, more or less.
    #[arg(long, global = true, value_name = "S", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

#[derive(Subcommand)]
enum What {
    /// Standalone: taking in a recorded day, answering for it, and the weight of the page.
    Quick,
    /// The same day through RabbitMQ into InfluxDB, and the same questions.
    Servers,
    /// Every view of the page for a home with a year behind it, out of SQLite and out of InfluxDB.
    Query(query::Query),
    /// The auth-service: log-ins, tokens, and what RabbitMQ asks when many hubs connect.
    Auth(auth::Auth),
    /// One write-service drains full queues into a store that says yes, and waits for one that says no.
    Writer(writer::Writer),
    /// Our lines into InfluxDB, against a line per value.
    Store,
    /// RabbitMQ alone: published with confirms, taken and acknowledged.
    Broker,
    /// Hub connections that a node of RabbitMQ holds, and what each takes.
    Connections(connections::Connections),
    /// Everything, and how close it comes to what broker and store allow.
    Pipeline(pipeline::Pipeline),
    /// The pipeline with one, two and four write-services.
    Replicas,
    /// What the agent of a home takes: memory, processor, disk and line.
    Agent(agent::Agent),
    /// A back-up of everything, the loss of both stores, and the restore, held against a ledger and a home.
    Restore(restore::Restore),
    /// Sizes of containers, and what it takes to make and read them.
    Wire,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if !matches!(self.what, What::Quick | What::Wire) {
            debian::install_packages()?;
        }
        if !self.skip_build && !self.debug_binaries {
            page::build()?;
            run(cargo()
                .args(["build", "--release", "--workspace", "--bins", "--locked"])
                .stdout(Stdio::null()))?;
            if matches!(self.what, What::Agent(_)) {
                agent::Agent::build()?;
            }
        }
        let before = quiet::cores_busy()?;
        let mut report = self.measure()?;
        let elsewhere = before.max(quiet::cores_busy()?);
        report.add("binaries", "binaries", self.profile(), "", None);
        report.add("cores", "cores", std::thread::available_parallelism()?.get(), "", None);
        report.add("cores busy with something else", "cores_busy_elsewhere", elsewhere, "", None);
        report.print(self.json)
    }

    const fn profile(&self) -> &'static str {
        if self.debug_binaries { "debug" } else { "release" }
    }

    fn measure(&self) -> anyhow::Result<Report> {
        let binaries = root().join("target").join(self.profile());
        let rig = || Rig::new(binaries.clone(), self.seconds);
        match &self.what {
            What::Quick => runtime()?.block_on(standalone::measure(&binaries)),
            What::Servers => runtime()?.block_on(servers::measure(&binaries)),
            What::Query(query) => runtime()?.block_on(query.measure(&binaries)),
            What::Auth(auth) => {
                runtime()?.block_on(auth.measure(&binaries, self.seconds, !self.debug_binaries))
            }
            What::Writer(writer) => writer.measure(&rig()?),
            What::Store => store::measure(&rig()?),
            What::Broker => broker::measure(&rig()?),
            What::Connections(connections) => connections.measure(&rig()?),
            What::Pipeline(pipeline) => pipeline.measure(&rig()?),
            What::Replicas => replicas::measure(&rig()?),
            What::Agent(agent) => agent.measure(&rig()?),
            What::Restore(restore) => restore.measure(&rig()?),
            What::Wire => wire::measure(&rig()?),
        }
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
