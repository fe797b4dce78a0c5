//! What stands between a program and its servers and can be made to fail at any moment.
//!
//! All of it is async, listens on a free port of 127.0.0.1 and ends when dropped.

mod http;
mod listening;
mod mood;
mod store_gate;
mod stub_store;
mod tcp_gate;

pub use mood::{Seen, StoreMood};
pub use store_gate::StoreGate;
pub use stub_store::{StubMood, StubStore};
pub use tcp_gate::{TcpGate, TcpState};
