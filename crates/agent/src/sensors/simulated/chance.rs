/// Numbers that look random and are a function of the seed, the socket and what is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64, socket: u8) -> Self {
        Self(mix(mix(seed) ^ u64::from(socket)))
    }

    pub(super) fn number(self, of: &[i64]) -> u64 {
        of.iter().fold(self.0, |state, &part| mix(state ^ part.cast_unsigned()))
    }

    /// From `low` up to and including `high`.
    pub(super) fn between(self, low: i64, high: i64, of: &[i64]) -> i64 {
        let span = (high - low).max(0).cast_unsigned() + 1;
        low + (self.number(of) % span).cast_signed()
    }

    pub(super) fn percent(self, percent: i64, of: &[i64]) -> bool {
        self.between(0, 99, of) < percent
    }
}

/// `SplitMix64` (Steele, Lea and Flood, 2014).
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
