//! The meters of a hub: plugs through a real broker, what is wired through a pseudo terminal.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod nonsense;
mod plugs;
mod serial;
mod support;
