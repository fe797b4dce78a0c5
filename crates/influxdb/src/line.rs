//! Line protocol: `energy,hub=<id> s0=118i,s7=3i,dt=10000i <ms>`, a line per tick.
//!
//! Nothing is escaped: a hub id is a UUID, so hexadecimal digits and hyphens, and all else is numbers and our own
//! names. On the write-service's hot path; once the buffer has its size, nothing is allocated.

use domain::{Container, HubId, TickLength};

pub(crate) const MEASUREMENT: &str = "energy";

const TAG: &[u8] = b"energy,hub=";
const HYPHENATED_UUID: usize = 36;
/// `-9223372036854775808`
const LONGEST_INTEGER: usize = 20;
const LONGEST_SOCKET: usize = "s63=i,".len() + LONGEST_INTEGER;
/// Tag, id and the spaces, tick length, time and the line's end.
const AROUND: usize = TAG.len() + HYPHENATED_UUID + "  dt=60000i\n".len() + LONGEST_INTEGER;

/// Appends the lines of `container`. A tick without a value has none.
pub fn encode(container: &Container, buffer: &mut Vec<u8>) {
    let mut id = [0; HYPHENATED_UUID];
    hyphenate(container.hub, &mut id);
    for tick in &container.ticks {
        if tick.energy.is_empty() {
            continue;
        }
        buffer.reserve(AROUND + tick.energy.len() * LONGEST_SOCKET);
        buffer.extend_from_slice(TAG);
        buffer.extend_from_slice(&id);
        buffer.push(b' ');
        let mut mask = tick.energy.mask();
        for &joules in tick.energy.values() {
            buffer.push(b's');
            push_unsigned(buffer, u64::from(mask.trailing_zeros()));
            buffer.push(b'=');
            push_integer(buffer, joules);
            buffer.extend_from_slice(b"i,");
            mask &= mask.wrapping_sub(1);
        }
        push_length(buffer, container.tick_length);
        push_integer(buffer, tick.start.0);
        buffer.push(b'\n');
    }
}

fn push_length(buffer: &mut Vec<u8>, length: TickLength) {
    buffer.extend_from_slice(b"dt=");
    push_unsigned(buffer, length.millis().into());
    buffer.extend_from_slice(b"i ");
}

fn hyphenate(hub: HubId, id: &mut [u8; HYPHENATED_UUID]) {
    hub.as_uuid().as_hyphenated().encode_lower(id);
}

fn push_integer(buffer: &mut Vec<u8>, value: i64) {
    if value < 0 {
        buffer.push(b'-');
    }
    push_unsigned(buffer, value.unsigned_abs());
}

fn push_unsigned(buffer: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; LONGEST_INTEGER];
    let mut first = LONGEST_INTEGER;
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    buffer.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Joules, SocketJoules, SocketNumber, TickEnergy, UtcMillis};

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
        encode(&container, &mut buffer);
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
    fn integers_are_written_like_everywhere() {
        for value in [0, 9, 10, -1, 6_000_000, -6_000_000, i64::MAX, i64::MIN] {
            let mut buffer = Vec::new();
            push_integer(&mut buffer, value);
            assert_eq!(String::from_utf8(buffer).unwrap(), value.to_string());
        }
    }

    #[test]
    fn the_longest_line_fits_what_is_reserved() {
        let sockets: Vec<(u8, i64)> = (0..64).map(|n| (n, i64::MIN)).collect();
        let longest = lines(vec![tick(i64::MIN, &sockets)]);
        assert!(longest.len() <= AROUND + 64 * LONGEST_SOCKET, "{}", longest.len());
    }
}
