//! What is wired to a Raspberry Pi. The drivers know `embedded-hal` and `embedded-io` only; `threads` hands them the
//! Pi's own ports, one thread for each.

pub mod ads1115;
pub mod cse7766;
pub mod mcp3008;
pub mod modbus;
pub mod pulses;
pub mod pzem;
mod serial;
mod threads;
pub mod waves;

pub(crate) use threads::start;
