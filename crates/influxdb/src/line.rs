//! Line protocol: `energy,hub=<id> s0=118i,s7=3i,dt=10000i <ms>`, a line per tick.
//!
//! Nothing is escaped: a hub id is a UUID, so hexadecimal digits and hyphens, and all else is numbers and our own
//! names. On the write-service's hot path; once the buffer has its size, nothing is allocated. A line is put together
//! in a scratch on the stack, in words of eight bytes, and copied once.

use domain::{HubId, Ticks};

use crate::digits::{LONGEST_INTEGER, put_integer};

pub(crate) const MEASUREMENT: &str = "energy";

const TAG: &[u8; 11] = b"energy,hub=";
const HYPHENATED_UUID: usize = 36;
const HEAD: usize = TAG.len() + HYPHENATED_UUID + 1;
const LONGEST_SOCKET: usize = "s63=i,".len() + LONGEST_INTEGER;
const LONGEST_END: usize = "dt=60000i \n".len() + LONGEST_INTEGER;
/// Words may reach beyond what they are for.
const SCRATCH: usize = HEAD + 64 * LONGEST_SOCKET + LONGEST_END + 8;

/// `s7=` or `s63=`, and its length.
const SOCKETS: [([u8; 4], usize); 64] = socket_names();

/// Appends a line per tick.
pub fn encode(ticks: Ticks<'_>, buffer: &mut Vec<u8>) {
    let mut scratch = [0; SCRATCH];
    let mut container = None;
    for tick in ticks.iter() {
        if container != Some(tick.container) {
            put_head(tick.hub, &mut scratch);
            container = Some(tick.container);
        }
        let mut at = HEAD;
        let mut mask = tick.mask;
        for &joules in tick.joules {
            let (name, length) = SOCKETS[mask.trailing_zeros() as usize & 63];
            scratch[at..at + 4].copy_from_slice(&name);
            at = put_integer(joules, &mut scratch, at + length);
            scratch[at..at + 2].copy_from_slice(b"i,");
            at += 2;
            mask &= mask.wrapping_sub(1);
        }
        scratch[at..at + 3].copy_from_slice(b"dt=");
        at = put_integer(tick.length.millis_i64(), &mut scratch, at + 3);
        scratch[at..at + 2].copy_from_slice(b"i ");
        at = put_integer(tick.start.0, &mut scratch, at + 2);
        scratch[at] = b'\n';
        buffer.extend_from_slice(&scratch[..=at]);
    }
}

/// Tag and id, as every line of the hub begins.
fn put_head(hub: HubId, scratch: &mut [u8; SCRATCH]) {
    let (tag, rest) = scratch.split_at_mut(TAG.len());
    tag.copy_from_slice(TAG);
    hub.as_uuid().as_hyphenated().encode_lower(&mut rest[..HYPHENATED_UUID]);
    rest[HYPHENATED_UUID] = b' ';
}

const fn socket_names() -> [([u8; 4], usize); 64] {
    let mut names = [([b's', b'0', b'=', 0], 3); 64];
    let mut number = 0;
    while number < 64 {
        let (tens, ones) = (b'0' + number / 10, b'0' + number % 10);
        names[number as usize] =
            if number < 10 { ([b's', ones, b'=', 0], 3) } else { ([b's', tens, ones, b'='], 4) };
        number += 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        Container, Joules, SocketJoules, SocketNumber, TickBatch, TickEnergy, TickLength, UtcMillis,
    };

    fn tick(millis: i64, sockets: &[(u8, i64)]) -> TickEnergy {
        let energy =
            sockets.iter().map(|&(n, joules)| (SocketNumber::new(n).unwrap(), Joules(joules))).collect();
        TickEnergy { start: UtcMillis(millis), energy }
    }

    fn lines(ticks: Vec<TickEnergy>) -> String {
        let container = Container {
            hub: HubId::from_bytes([0xab; 16]),
            sequence: 1,
            tick_length: TickLength::DEFAULT,
            ticks,
        };
        let mut buffer = Vec::new();
        encode([&container].into_iter().collect::<TickBatch>().all(), &mut buffer);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn a_tick_is_a_line() {
        assert_eq!(
            lines(vec![tick(1_795_219_200_000, &[(0, 118), (7, 3)]), tick(0, &[(63, -5)])]),
            "energy,hub=abababab-abab-abab-abab-abababababab s0=118i,s7=3i,dt=10000i 1795219200000\n\
             energy,hub=abababab-abab-abab-abab-abababababab s63=-5i,dt=10000i 0\n"
        );
    }

    #[test]
    fn a_tick_without_values_has_no_line() {
        assert_eq!(lines(vec![TickEnergy { start: UtcMillis(0), energy: SocketJoules::default() }]), "");
    }

    #[test]
    fn the_longest_line_fits_the_scratch() {
        let sockets: Vec<(u8, i64)> = (0..64).map(|n| (n, i64::MIN)).collect();
        let longest = lines(vec![tick(i64::MIN, &sockets)]);
        assert!(longest.len() + 8 <= SCRATCH, "{}", longest.len());
    }
}
