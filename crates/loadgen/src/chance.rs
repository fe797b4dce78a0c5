//! Numbers that look random and are the same each time, from the seed and what they are for.

/// Finalizer of a 64-bit hash: every bit of the result depends on every bit of `value`.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let value = (value ^ (value >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    value ^ (value >> 32)
}

/// One number for several.
pub(crate) fn mixed<const N: usize>(values: [u64; N]) -> u64 {
    values.into_iter().fold(0x9e37_79b9_7f4a_7c15, |hash, value| mix(hash.rotate_left(23) ^ value))
}

/// Something that happens now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Of 0 to 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of all numbers, as near as a double comes"
    )]
    pub(crate) fn new(share: f64) -> Self {
        Self((share.clamp(0.0, 1.0) * u64::MAX as f64) as u64)
    }

    pub(crate) const fn strikes(self, number: u64) -> bool {
        self.0 == u64::MAX || number < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_strikes_as_often_as_it_says() {
        for (share, expected) in [(0.0, 0..=0), (0.1, 9_700..=10_300), (1.0, 100_000..=100_000)] {
            let chance = Chance::new(share);
            let strikes = (0..100_000).filter(|&n| chance.strikes(mixed([7, n]))).count();
            assert!(expected.contains(&strikes), "{share}: {strikes}");
        }
    }

    #[test]
    fn the_order_of_numbers_matters() {
        assert_ne!(mixed([1, 2]), mixed([2, 1]));
    }
}
