//! `loadgen`: load, and what became of it.

mod arguments;
mod commands;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::run(arguments::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Each error here names its cause; there is nobody left to tell when this fails.
            writeln!(io::stderr().lock(), "loadgen: {error}").ok();
            ExitCode::FAILURE
        }
    }
}
