//! Codes on paper, for the day the app is lost.

use sha2::{Digest, Sha256};

const CODES: usize = 10;
/// Two groups of five out of 32 letters are 50 bits: enough for ten tries from an address and a hundred in all before it
/// takes long, and for a hash without salt.
const GROUP: usize = 5;
/// Without I, L, O and U, which look like others or make words.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// As they are shown: `7QK2M-XW9PT`.
pub(crate) fn generate() -> Vec<String> {
    (0..CODES).map(|_| shown(&rand::random::<[u8; 2 * GROUP]>())).collect()
}

fn shown(random: &[u8; 2 * GROUP]) -> String {
    let letters: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let (first, second) = letters.split_at(GROUP);
    format!("{first}-{second}")
}

/// As people type them in; `None` for what was never one.
pub(crate) fn normalise(text: &str) -> Option<String> {
    let letters =
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
    let letters: String = letters.collect();
    let fits = letters.len() == 2 * GROUP && letters.bytes().all(|letter| ALPHABET.contains(&letter));
    fits.then_some(letters)
}

pub(crate) fn hash(code: &str) -> [u8; 32] {
    let letters = normalise(code).unwrap_or_default();
    Sha256::digest(letters.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_however_they_are_typed() {
        let codes = generate();
        assert_eq!(codes.len(), 10);
        for code in &codes {
            assert_eq!(code.len(), 11);
            let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            assert_eq!(hash(&typed), hash(code), "{code}");
        }
        assert!(normalise("7QK2M-XW9P").is_none());
        assert!(normalise("7QK2M-XW9PU").is_none());
    }
}
