//! What a hub shows and a person enters.

use sha2::{Digest, Sha256};

/// Without what looks alike: no 0 and O, no 1, I; 32 of them, so that each is five bits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH: usize = 8;

/// Eight characters, 40 random bits: good for ten minutes and a few tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PairingCode([u8; LENGTH]);

impl PairingCode {
    pub(crate) fn generate() -> Self {
        let random: [u8; LENGTH] = rand::random();
        Self(random.map(|byte| ALPHABET[usize::from(byte % 32)]))
    }

    /// As people type: in any case, with spaces or dashes anywhere. `None` for what was never a code.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut code = [0; LENGTH];
        let mut letters = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
        for place in &mut code {
            let letter = u8::try_from(letters.next()?.to_ascii_uppercase()).ok()?;
            *place = ALPHABET.contains(&letter).then_some(letter)?;
        }
        letters.next().is_none().then_some(Self(code))
    }

    pub(crate) fn hash(self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// In two halves, as it is easier to read.
    pub(crate) fn shown(self) -> String {
        let (first, second) = self.0.split_at(LENGTH / 2);
        let text = |half: &[u8]| half.iter().copied().map(char::from).collect::<String>();
        format!("{}-{}", text(first), text(second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let code = PairingCode::generate();
        let shown = code.shown();
        assert_eq!((shown.len(), shown.find('-')), (9, Some(4)));
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            format!(" {} ", shown.replace('-', " - ")),
        ] {
            assert_eq!(PairingCode::parse(&typed), Some(code), "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_not_looked_up() {
        for text in
            ["", "ABCD-EFG", "ABCD-EFGHJ", "ABCD-EFG0", "ABCD-EFG1", "IBCD-EFGH", "ABCD-EFGÄ", "ABCD_EFGH"]
        {
            assert_eq!(PairingCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn all_characters_come_up_and_no_other() {
        let mut seen = [0_u32; 256];
        for _ in 0..2_000 {
            for byte in PairingCode::generate().0 {
                seen[usize::from(byte)] += 1;
            }
        }
        assert_eq!(seen.iter().filter(|count| **count > 0).count(), 32);
        assert!(ALPHABET.iter().all(|byte| (300..=700).contains(&seen[usize::from(*byte)])), "{seen:?}");
    }
}
