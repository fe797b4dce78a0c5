//! What a home's numbers say: figures that take more than adding up buckets.

pub(crate) mod bills;
pub(crate) mod duration;
pub(crate) mod present;
pub(crate) mod sockets;
mod standby;
pub(crate) mod today;
