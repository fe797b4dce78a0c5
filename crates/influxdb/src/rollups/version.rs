//! What tells a page from an earlier one of the same day, without reading it.
//!
//! The field `q` is one integer: the lowest byte counts the quarter hours, the four bytes above it are the checksum that
//! the pieces of the page carry too, and the bit above says that there is one. A page of an earlier release has the count
//! alone. The versions of a year are some kilobytes, the pages themselves megabytes.

use domain::rollup::PackedDay;

/// The third byte, highest first.
const HAS_CHECKSUM: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) quarters: u8,
    /// CRC-32 of all that the page says.
    pub(super) checksum: u32,
}

impl Version {
    pub(super) fn of(day: &PackedDay, power: &[u8]) -> Self {
        let mut checksum = flate2::Crc::new();
        for part in [&[day.quarters], day.energy.as_slice(), power] {
            checksum.update(part);
        }
        Self { quarters: day.quarters, checksum: checksum.sum() }
    }

    pub(super) fn to_integer(self) -> i64 {
        let [a, b, c, d] = self.checksum.to_be_bytes();
        i64::from_be_bytes([0, 0, HAS_CHECKSUM, a, b, c, d, self.quarters])
    }

    /// `None` for the count alone.
    pub(super) fn of_integer(q: i64) -> Option<Self> {
        let [0, 0, HAS_CHECKSUM, checksum @ .., quarters] = q.to_be_bytes() else { return None };
        Some(Self { quarters, checksum: u32::from_be_bytes(checksum) })
    }
}

/// How many quarter hours the page has that is called so.
pub(crate) fn quarters(q: i64) -> u8 {
    Version::of_integer(q).map_or_else(|| u8::try_from(q).unwrap_or_default(), |version| version.quarters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_an_integer_that_an_earlier_release_never_wrote() {
        for checksum in [0, 1, 0x8000_0000, u32::MAX] {
            for count in [0, 1, 96, u8::MAX] {
                let version = Version { quarters: count, checksum };
                let q = version.to_integer();
                assert!(q > i64::from(u8::MAX));
                assert_eq!(Version::of_integer(q), Some(version));
                assert_eq!(quarters(q), count);
            }
        }
    }

    #[test]
    fn a_count_alone_is_no_version() {
        for q in [0, 1, 96] {
            assert_eq!(Version::of_integer(q), None);
            assert_eq!(i64::from(quarters(q)), q);
        }
        for q in [i64::MIN, -1, 256, 1 << 32, i64::MAX] {
            assert_eq!(Version::of_integer(q), None, "{q}");
            assert_eq!(quarters(q), 0, "{q}");
        }
    }
}
