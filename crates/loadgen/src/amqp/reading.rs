//! What the broker says to a publisher.

use super::frame::{BODY, Frame, HEADER, HEARTBEAT, METHOD, Payload, take};
use super::publishing::PROPERTIES;

const CONNECTION_CLOSE: (u16, u16) = (10, 50);
const CONNECTION_BLOCKED: (u16, u16) = (10, 60);
const CONNECTION_UNBLOCKED: (u16, u16) = (10, 61);
const CHANNEL_CLOSE: (u16, u16) = (20, 40);
const RETURN: (u16, u16) = (60, 50);
const ACK: (u16, u16) = (60, 80);
const NACK: (u16, u16) = (60, 120);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// All up to the tag when `multiple`.
    Confirm {
        tag: u64,
        multiple: bool,
        taken: bool,
    },
    /// No queue takes the message with this id; its confirm follows.
    Returned(u64),
    Blocked(bool),
    Closed(String),
    /// Any other method, with its arguments.
    Method((u16, u16), Vec<u8>),
}

/// Bytes as they come, events as they are whole.
#[derive(Debug, Default)]
pub(crate) struct Events {
    bytes: Vec<u8>,
    read: usize,
}

impl Events {
    /// Where the next bytes are appended.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.read);
        self.read = 0;
        &mut self.bytes
    }

    pub(crate) fn next(&mut self) -> Result<Option<Event>, &'static str> {
        while let Some((frame, length)) = take(&self.bytes[self.read..])? {
            let event = event(frame);
            self.read += length;
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }
}

fn event(frame: Frame<'_>) -> Option<Event> {
    let mut payload = Payload(frame.payload);
    match frame.kind {
        METHOD => {}
        HEADER => return returned(payload).map(Event::Returned),
        BODY | HEARTBEAT => return None,
        _ => return Some(Event::Closed("the broker sent a frame of an unknown type".to_owned())),
    }
    Some(match payload.method() {
        method @ (ACK | NACK) => {
            let (tag, flags) = (payload.u64(), payload.u8());
            Event::Confirm { tag, multiple: flags & 1 == 1, taken: method == ACK }
        }
        // Its header, with the id, comes in the next frame.
        RETURN => return None,
        CONNECTION_BLOCKED => Event::Blocked(true),
        CONNECTION_UNBLOCKED => Event::Blocked(false),
        CONNECTION_CLOSE | CHANNEL_CLOSE => {
            let code = payload.u16();
            Event::Closed(format!("{code} {}", String::from_utf8_lossy(payload.short())))
        }
        other => Event::Method(other, payload.0.to_vec()),
    })
}

/// The id of a returned message, from the properties that we gave it.
fn returned(mut header: Payload<'_>) -> Option<u64> {
    header.u32();
    header.u64();
    if header.u16() != PROPERTIES {
        return None;
    }
    header.short();
    header.u8();
    std::str::from_utf8(header.short()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use domain::HubId;

    use super::super::frame::{put, put_method};
    use super::super::publishing::put_message;
    use super::*;

    #[test]
    fn confirms_come_out_whatever_the_pieces() {
        let mut bytes = Vec::new();
        put_method(&mut bytes, 1, ACK, |p| p.extend([0, 0, 0, 0, 0, 0, 0, 7, 1]));
        put(&mut bytes, HEARTBEAT, 0, |_| {});
        put_method(&mut bytes, 1, NACK, |p| p.extend([0, 0, 0, 0, 0, 0, 0, 8, 0]));
        let expected = [
            Event::Confirm { tag: 7, multiple: true, taken: true },
            Event::Confirm { tag: 8, multiple: false, taken: false },
        ];
        for size in 1..bytes.len() {
            let mut events = Events::default();
            let mut seen = Vec::new();
            for piece in bytes.chunks(size) {
                events.buffer().extend_from_slice(piece);
                while let Some(event) = events.next().unwrap() {
                    seen.push(event);
                }
            }
            assert_eq!(seen, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_returned_message_is_known_by_its_id() {
        let mut sent = Vec::new();
        put_message(&mut sent, HubId::from_bytes([1; 16]), 1_234, &[0; 9], 4_096);
        // The broker gives back header and body as they came, after a method of its own.
        let (_, method) = take(&sent).unwrap().unwrap();
        let mut events = Events::default();
        put_method(events.buffer(), 1, RETURN, |p| p.extend([1, 56, 0, 0, 0]));
        events.buffer().extend_from_slice(&sent[method..]);
        assert_eq!(events.next().unwrap(), Some(Event::Returned(1_234)));
        assert_eq!(events.next().unwrap(), None);
    }
}
