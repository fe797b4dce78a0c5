//! All of Wattline in one process: the libraries of the five services, SQLite, and a transport without a broker.

mod announce;
mod arguments;
mod assemble;
mod history;
mod home;
mod settings;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (json, settings, filter) = (arguments.json(), arguments.settings(), arguments.default_filter());
    service::run_with("standalone", filter, settings, async |context| assemble::run(context, json).await)
}
