//! Standalone as a process: what it answers, what it survives, what it says.

mod bad_input;
mod browser;
mod exact;
mod logs;
mod operations;
mod process;
mod restart;
