//! RabbitMQ as transport, out and in, and as live feed.
//!
//! lapin's own recovery can leave a consumer waiting for ever, so each end here keeps a connection of its own and
//! builds it anew, with channel, topology, prefetch and consumers, whenever it is lost. The ends start while the
//! broker is down and answer "not available" until it is there.
//!
//! For `amqps://` the process has to install rustls' crypto provider first.
//!
//! It must not know what is in a container (but for the live feed, which decodes it), who stores it, or any
//! other adapter.

mod config;
mod connection;
mod dead_letters;
mod depth;
mod herald;
mod live;
mod measures;
mod outbox;
mod presences;
mod publisher;
mod settlement;
mod source;
mod topology;
mod traceparent;
mod transient;

pub use config::Config;
pub use connection::Error;
pub use dead_letters::{Browsing, DeadLetter, DeadLetters, Death, Error as DeadLettersError};
pub use depth::{Depth, depths};
pub use live::Live;
pub use measures::Measures;
pub use presences::presences;
pub use publisher::Publisher;
pub use source::Source;
pub use topology::declare as declare_topology;
