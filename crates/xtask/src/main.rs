//! What developers and newcomers run: `cargo xtask demo|test|stack|bench|chaos|rolling|probe|package|monitoring|audit|tidy`.
//!
//! It starts other programs and reads what they say. It must not know how any of them works inside.

mod audit;
mod bench;
mod chaos;
mod debian;
mod demo;
mod deployed;
mod interrupt;
mod keycloak;
mod left_out;
mod monitoring;
mod next_apt;
mod package;
mod page;
mod probe;
mod process;
mod rabbitmq4;
mod rolling;
mod run;
mod stack;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Wattline's tasks.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the page and starts Wattline in one process with a real recorded home.
    Demo(demo::Demo),
    /// Sets up and runs every test.
    Test(test::Test),
    /// The real servers and the services as processes of their own, with a demo home.
    #[command(subcommand)]
    Stack(stack::Stack),
    /// Measures, and prints what it measured.
    Bench(bench::Bench),
    /// Breaks things under load on the real servers and holds what is stored against what was confirmed.
    Chaos(chaos::Chaos),
    /// Replaces every process by another version, one after the other, under load.
    Rolling(rolling::Rolling),
    /// Asks the running services everything that their descriptions allow, and much that they do not.
    Probe(probe::Probe),
    /// Builds Debian packages of the agent, for a Raspberry Pi.
    Package(package::Package),
    /// Fetches RabbitMQ 4, which is tested with besides the system's, unless it is there.
    #[command(name = "rabbitmq4")]
    RabbitMq4,
    /// Checks that alerting rules, their tests, dashboards and runbooks fit together. Needs promtool.
    Monitoring,
    /// Checks compose files, the monitoring's configuration and the documents for Kubernetes. A part of the tests.
    Deployed,
    /// Asks the databases of advisories about everything that we depend on. Needs the network.
    Audit,
    /// Checks the edges between crates and the habits of the house.
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Demo(demo) => demo.run(),
        Task::Test(test) => test.run(),
        Task::Stack(stack) => stack.run(),
        Task::Bench(bench) => bench.run(),
        Task::Chaos(chaos) => chaos.run(),
        Task::Rolling(rolling) => rolling.run(),
        Task::Probe(probe) => probe.run(),
        Task::Package(package) => package.run(),
        Task::RabbitMq4 => rabbitmq4::fetch(),
        Task::Monitoring => monitoring::run(),
        Task::Deployed => deployed::check_all(),
        Task::Audit => audit::run_all(),
        Task::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
