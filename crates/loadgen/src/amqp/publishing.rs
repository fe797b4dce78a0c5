//! One message as hubs send it.

use domain::HubId;

use super::connection::CHANNEL;
use super::frame::{AROUND, BODY, HEADER, put, put_method, put_short};

const PUBLISH: (u16, u16) = (60, 40);
const MANDATORY: u8 = 1;
const PERSISTENT: u8 = 2;
/// Content type, delivery mode, message id.
pub(super) const PROPERTIES: u16 = 1 << 15 | 1 << 12 | 1 << 7;

/// The exchange that hubs publish to.
const FOR_HUBS: &str = "telemetry";

/// Appends the frames of a message: persistent, mandatory, with `id` by which a return is known.
pub(crate) fn put_message(buffer: &mut Vec<u8>, hub: HubId, id: u64, body: &[u8], frame_max: usize) {
    put_method(buffer, CHANNEL, PUBLISH, |payload| {
        payload.extend([0, 0]);
        put_short(payload, FOR_HUBS);
        let mut key = *b"hub.                                    ";
        hub.as_uuid().as_hyphenated().encode_lower(&mut key[4..]);
        payload.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
        payload.extend(key);
        payload.push(MANDATORY);
    });
    put(buffer, HEADER, CHANNEL, |payload| {
        payload.extend([0, 60, 0, 0]);
        payload.extend((body.len() as u64).to_be_bytes());
        payload.extend(PROPERTIES.to_be_bytes());
        put_short(payload, wire::CONTENT_TYPE);
        payload.push(PERSISTENT);
        put_decimal(payload, id);
    });
    for part in body.chunks(frame_max - AROUND) {
        put(buffer, BODY, CHANNEL, |payload| payload.extend_from_slice(part));
    }
}

/// As a short string, without a detour over one.
#[expect(clippy::cast_possible_truncation, reason = "a digit, and at most 20 of them")]
fn put_decimal(buffer: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    buffer.push((digits.len() - first) as u8);
    buffer.extend_from_slice(&digits[first..]);
}
