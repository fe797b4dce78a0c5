//! Container, presence, checkpoint and the entries of a back-up ↔ protobuf bytes. Pure: no IO, and nobody else knows the generated types.
//!
//! What the bytes cannot say wrong is not checked twice; what they can is checked here, once: lengths, order,
//! sockets, and bounds of time and energy, so that sums of decoded values never overflow.

mod backup;
mod checkpoint;
mod decode;
mod encode;
mod pack;
mod presence;
mod protobuf;
#[cfg(any(test, feature = "reference"))]
pub mod reference;
mod unpack;

pub use backup::{
    BackupEntry, BackupEntryError, BackupTotals, MAX_BACKUP_ENTRY_BYTES, decode_entry, encode_entry,
};
pub use checkpoint::{CheckpointError, decode_checkpoint, encode_checkpoint};
pub use decode::{DecodeError, decode, decode_into};
pub use encode::encode;
pub use pack::compress;
pub use presence::{
    MAX_PRESENCE_BYTES, PRESENCE_CONTENT_TYPE, PresenceError, decode_presence, encode_presence,
};
pub use protobuf::Malformed;
pub use unpack::BadGzip;

mod proto {
    #![expect(unreachable_pub, reason = "generated from proto/")]
    include!(concat!(env!("OUT_DIR"), "/wattline.v1.rs"));
}

/// No container is larger than this.
pub const MAX_BYTES: usize = 1 << 20;

/// The most a socket can use or give in the longest tick: 100 kW for a minute. Shorter ticks allow less.
pub const MAX_JOULES_PER_TICK: i64 = 6_000_000;

/// The media type in message properties.
pub const CONTENT_TYPE: &str = "application/x-protobuf; messageType=\"wattline.v1.Container\"";
