//! The values of a tick as bytes: each joule count zigzag-coded (0, -1, 1, -2, … become 0, 1, 2, 3, …), then in
//! groups of seven bits, lowest first, the high bit saying that more follow. An idle socket takes one byte.

use domain::SocketJoules;

/// A 64-bit number in groups of seven.
const LONGEST: usize = 10;

pub(super) fn pack(energy: &SocketJoules) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * energy.len());
    for &joules in energy.values() {
        let mut rest = ((joules << 1) ^ (joules >> 63)).cast_unsigned();
        loop {
            let group = (rest & 0x7f) as u8;
            rest >>= 7;
            if rest == 0 {
                bytes.push(group);
                break;
            }
            bytes.push(group | 0x80);
        }
    }
    bytes
}

/// `None` when the bytes are not a value per bit of `mask`.
pub(super) fn unpack(mask: u64, bytes: &[u8]) -> Option<SocketJoules> {
    let mut joules = Vec::with_capacity(mask.count_ones() as usize);
    let (mut value, mut places) = (0u64, 0usize);
    for &byte in bytes {
        // The tenth byte has room for the last bit only.
        if places == LONGEST - 1 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * places);
        places += 1;
        if byte & 0x80 == 0 {
            joules.push((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            (value, places) = (0, 0);
        }
    }
    if places > 0 {
        return None;
    }
    SocketJoules::from_parts(mask, joules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn energy(values: &[i64]) -> SocketJoules {
        let mask = u64::MAX.checked_shr(64 - u32::try_from(values.len()).unwrap()).unwrap_or(0);
        SocketJoules::from_parts(mask, values.to_vec()).unwrap()
    }

    #[test]
    fn small_values_take_one_byte() {
        assert_eq!(pack(&energy(&[0, -1, 1, 63, -64])), [0, 1, 2, 126, 127]);
        assert_eq!(pack(&energy(&[64, 118])), [0x80, 1, 0xec, 1]);
        assert_eq!(pack(&energy(&[6_000_000])).len(), 4);
    }

    #[test]
    fn damaged_bytes_are_noticed() {
        assert_eq!(unpack(0b11, &[0]), None);
        assert_eq!(unpack(0b1, &[0, 0]), None);
        assert_eq!(unpack(0b1, &[0x80]), None);
        assert_eq!(unpack(0b1, &[0xff; 10]), None);
        assert_eq!(unpack(0b1, &[0xff; 11]), None);
        assert_eq!(unpack(0, &[]), Some(SocketJoules::default()));
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(values in prop::collection::vec(any::<i64>(), 0..=64)) {
            let energy = energy(&values);
            prop_assert_eq!(unpack(energy.mask(), &pack(&energy)), Some(energy));
        }

        #[test]
        fn any_bytes_are_refused_or_a_value(mask: u64, bytes: Vec<u8>) {
            if let Some(energy) = unpack(mask, &bytes) {
                prop_assert_eq!(energy.mask(), mask);
            }
        }
    }
}
