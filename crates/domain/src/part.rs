//! Sharing work by a stable hash, so that a process for each part does its own and nobody has to agree on anything.

/// One of the parts that all hubs, or all households, are dealt into.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    part: u64,
    parts: u64,
}

impl Part {
    /// `part` is 0 to `parts` − 1.
    pub fn new(part: u32, parts: u32) -> Self {
        Self { part: part.into(), parts: parts.max(1).into() }
    }

    /// Whether what has this id is in the part.
    pub fn has(self, id: &[u8; 16]) -> bool {
        hash(id) % self.parts == self.part
    }
}

/// FNV-1a, folded: the same in every process and every version, and ids that were given out one after the other are
/// dealt evenly.
pub(crate) fn hash(id: &[u8]) -> u64 {
    let hash = id.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_in_exactly_one_part_and_the_parts_are_about_equal() {
        let parts = 4;
        let mut sizes = [0; 4];
        for number in 0..4_000_u128 {
            let id = number.to_be_bytes();
            let its: Vec<u32> = (0..parts).filter(|&part| Part::new(part, parts).has(&id)).collect();
            assert_eq!(its.len(), 1);
            sizes[its[0] as usize] += 1;
        }
        assert!(sizes.iter().all(|size| (900..1_100).contains(size)), "{sizes:?}");
    }

    /// A worker of the next version must not deal them otherwise.
    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(hash(&[7; 16]), 0xed32_d4b8_3154_384d);
    }
}
