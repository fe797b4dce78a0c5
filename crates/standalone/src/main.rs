//! All of Wattline in one process: the libraries of all services, SQLite, and a transport without a broker.

mod announce;
mod arguments;
mod assemble;
mod demo;
mod history;
mod home;
mod rollups;
mod settings;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (settings, filter) = (arguments.settings(), arguments.default_filter());
    service::run_with("standalone", filter, settings, async |context| {
        assemble::run(context, &arguments).await
    })
}
