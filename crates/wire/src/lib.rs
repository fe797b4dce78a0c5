//! Container ↔ protobuf bytes. Pure: no IO, and nobody else knows the generated types.
//!
//! What the bytes cannot say wrong is not checked twice; what they can is checked here, once: lengths, order,
//! sockets, and bounds of time and energy, so that sums of decoded values never overflow.

mod decode;
mod encode;

pub use decode::{DecodeError, decode};
pub use encode::encode;

mod proto {
    #![expect(unreachable_pub, reason = "generated from proto/container.proto")]
    include!(concat!(env!("OUT_DIR"), "/wattline.v1.rs"));
}

/// No container is larger than this.
pub const MAX_BYTES: usize = 1 << 20;

/// The most a socket can use or give in one tick: 100 kW for a minute.
pub const MAX_JOULES_PER_TICK: i64 = 6_000_000;

/// The media type in message properties.
pub const CONTENT_TYPE: &str = "application/x-protobuf; messageType=\"wattline.v1.Container\"";
