//! Presence ↔ bytes. A few of them every few minutes, so prost does it.

use bytes::Bytes;
use domain::presence::{About, Presence};
use domain::{HubId, UtcMillis};
use prost::Message;

use crate::decode::MAX_SECS;
use crate::proto;

/// The media type in message properties.
pub const PRESENCE_CONTENT_TYPE: &str = "application/x-protobuf; messageType=\"wattline.v1.Presence\"";

/// No presence is larger than this.
pub const MAX_PRESENCE_BYTES: usize = 512;
const MAX_VERSION_BYTES: usize = 64;

/// Why bytes are not a presence.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    #[error("{0} bytes are too many for a presence (at most {MAX_PRESENCE_BYTES})")]
    TooLarge(usize),
    #[error("not a protobuf presence: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error("the hub id has {0} bytes instead of 16")]
    HubId(usize),
    #[error("the agent's version is no version")]
    Version,
    #[error("what has waited longest was measured beyond the year 9999")]
    FarFuture,
}

/// The bytes of a presence.
pub fn encode_presence(presence: &Presence) -> Bytes {
    let about = presence.about.as_ref().map(|about| proto::About {
        version: about.version.clone(),
        running_s: about.running_secs,
        waiting: about.waiting,
        oldest_waiting_ms: about.oldest_waiting.and_then(|start| u64::try_from(start.0).ok()),
        clock_synchronised: about.clock_synchronised,
    });
    let hub = Bytes::copy_from_slice(presence.hub.as_bytes());
    proto::Presence { hub, online: presence.online, about }.encode_to_vec().into()
}

/// The presence in these bytes.
pub fn decode_presence(body: &[u8]) -> Result<Presence, PresenceError> {
    if body.len() > MAX_PRESENCE_BYTES {
        return Err(PresenceError::TooLarge(body.len()));
    }
    let message = proto::Presence::decode(body)?;
    let hub =
        <[u8; 16]>::try_from(message.hub.as_ref()).map_err(|_| PresenceError::HubId(message.hub.len()))?;
    let about = message.about.map(about).transpose()?;
    Ok(Presence { hub: HubId::from_bytes(hub), online: message.online, about })
}

fn about(message: proto::About) -> Result<About, PresenceError> {
    let proto::About { version, running_s, waiting, oldest_waiting_ms, clock_synchronised } = message;
    // People are shown it.
    let is_printable = version.bytes().all(|byte| byte.is_ascii_graphic());
    if version.len() > MAX_VERSION_BYTES || !is_printable {
        return Err(PresenceError::Version);
    }
    let oldest_waiting = oldest_waiting_ms
        .map(|millis| {
            let start = i64::try_from(millis).ok().filter(|_| millis / 1_000 <= MAX_SECS);
            start.map(UtcMillis).ok_or(PresenceError::FarFuture)
        })
        .transpose()?;
    Ok(About { version, running_secs: running_s, waiting, oldest_waiting, clock_synchronised })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence() -> Presence {
        let about = About {
            version: "0.1.0".to_owned(),
            running_secs: 3_600,
            waiting: 12,
            oldest_waiting: Some(UtcMillis(1_326_672_000_000)),
            clock_synchronised: Some(false),
        };
        Presence { hub: HubId::from_bytes([7; 16]), online: true, about: Some(about) }
    }

    #[test]
    fn what_is_encoded_comes_back() {
        let full = presence();
        let about = full.about.clone().map(|about| About {
            oldest_waiting: None,
            clock_synchronised: None,
            waiting: 0,
            ..about
        });
        for presence in
            [full.clone(), Presence { online: false, about, ..full.clone() }, Presence::gone(full.hub)]
        {
            assert_eq!(decode_presence(&encode_presence(&presence)).unwrap(), presence);
        }
    }

    #[test]
    fn every_bound_is_held() {
        let hub = vec![7u8; 16];
        let about = |version: &str, oldest| proto::About {
            version: version.to_owned(),
            oldest_waiting_ms: oldest,
            ..proto::About::default()
        };
        let bytes = |hub: &[u8], about| {
            proto::Presence { hub: hub.to_vec().into(), online: true, about: Some(about) }.encode_to_vec()
        };
        let last = 253_402_300_799_999;
        assert!(decode_presence(&bytes(&hub, about(&"9".repeat(64), Some(last)))).is_ok());
        for (body, expected) in [
            (bytes(&hub[1..], about("1", None)), "the hub id has 15 bytes"),
            (bytes(&hub, about(&"9".repeat(65), None)), "no version"),
            (bytes(&hub, about("1\u{7}", None)), "no version"),
            (bytes(&hub, about("1", Some(last + 1))), "beyond the year 9999"),
            (bytes(&hub, about("1", Some(u64::MAX))), "beyond the year 9999"),
            (bytes(&hub, about(&"9".repeat(600), None)), "too many"),
            (vec![0xff], "not a protobuf presence"),
            (Vec::new(), "the hub id has 0 bytes"),
        ] {
            let said = decode_presence(&body).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
