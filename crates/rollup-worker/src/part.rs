//! Which hubs are ours.

use domain::HubId;

use crate::config::RollupConfig;

/// One of the parts that all hubs are dealt into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    part: u64,
    parts: u64,
}

impl Part {
    pub(crate) fn new(config: &RollupConfig) -> Self {
        Self { part: config.part.into(), parts: config.parts.max(1).into() }
    }

    pub(crate) fn has(self, hub: HubId) -> bool {
        hash(hub) % self.parts == self.part
    }
}

/// FNV-1a, folded: the same in every process and every version, and ids that were given out one after the other are
/// dealt evenly.
fn hash(hub: HubId) -> u64 {
    let hash = hub.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::containers::hub;

    #[test]
    fn every_hub_is_in_exactly_one_part_and_the_parts_are_about_equal() {
        let parts = 4;
        let mut sizes = [0; 4];
        for number in 0..4_000 {
            let of = |part| Part::new(&RollupConfig { part, parts, ..RollupConfig::default() });
            let its: Vec<u32> = (0..parts).filter(|&part| of(part).has(hub(number))).collect();
            assert_eq!(its.len(), 1);
            sizes[its[0] as usize] += 1;
        }
        assert!(sizes.iter().all(|size| (900..1_100).contains(size)), "{sizes:?}");
    }

    /// A worker of the next version must not deal them otherwise.
    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(hash(HubId::from_bytes([7; 16])), 0xed32_d4b8_3154_384d);
    }
}
