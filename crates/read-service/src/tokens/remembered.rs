//! Tokens that were verified, so that the next question with the same one costs a look-up and not a signature.

use std::collections::HashMap;
use std::sync::Arc;

use domain::access::AccessClaims;

/// Bytes of tokens in a generation: some six thousand of a home with one hub.
const GENERATION_BYTES: usize = 4 << 20;

/// Two generations of what was asked for: what was not asked for during a whole one is forgotten.
#[derive(Default)]
pub(super) struct Remembered {
    recent: Generation,
    before: Generation,
}

#[derive(Default)]
struct Generation {
    tokens: HashMap<Box<str>, Verified>,
    bytes: usize,
}

struct Verified {
    claims: Arc<AccessClaims>,
    /// The serial number of the key that it was verified with.
    key: u64,
}

impl Remembered {
    /// What the token says. It was genuine when it was put here; whether it has expired is not looked at.
    pub(super) fn get(&mut self, token: &str) -> Option<Arc<AccessClaims>> {
        if let Some(verified) = self.recent.tokens.get(token) {
            return Some(verified.claims.clone());
        }
        let Verified { claims, key } = self.before.tokens.remove(token)?;
        self.put(token, claims.clone(), key);
        Some(claims)
    }

    pub(super) fn put(&mut self, token: &str, claims: Arc<AccessClaims>, key: u64) {
        if self.recent.bytes + token.len() > GENERATION_BYTES {
            self.before = std::mem::take(&mut self.recent);
        }
        if self.recent.tokens.insert(token.into(), Verified { claims, key }).is_none() {
            self.recent.bytes += token.len();
        }
    }

    /// Forgets the tokens of keys that are no more.
    pub(super) fn retain(&mut self, is_there: impl Fn(u64) -> bool) {
        for generation in [&mut self.recent, &mut self.before] {
            generation.tokens.retain(|_, verified| is_there(verified.key));
            generation.bytes = generation.tokens.keys().map(|token| token.len()).sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::access::Role;
    use domain::calendar::Zone;
    use domain::{HouseholdId, PersonId};

    use super::*;

    fn claims(number: u8) -> Arc<AccessClaims> {
        Arc::new(AccessClaims {
            iss: String::new(),
            aud: String::new(),
            sub: PersonId::from_bytes([number; 16]),
            iat: 0,
            exp: 0,
            household: HouseholdId::from_bytes([number; 16]),
            zone: Zone::utc(),
            role: Role::Guest,
            scope: String::new(),
            hubs: Vec::new(),
        })
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let mut remembered = Remembered::default();
        let filling = |n: usize| format!("{n:0>4096}");
        remembered.put("mine", claims(1), 1);
        remembered.put("idle", claims(2), 1);
        for n in 0..8 * GENERATION_BYTES / 4_096 {
            remembered.put(&filling(n), claims(3), 1);
            assert!(remembered.get("mine").is_some(), "after {n}");
        }
        let bytes = |generation: &Generation| generation.tokens.keys().map(|key| key.len()).sum::<usize>();
        assert!(bytes(&remembered.recent) + bytes(&remembered.before) <= 2 * GENERATION_BYTES);
        assert_eq!(remembered.get("idle"), None);
        assert_eq!(remembered.get("mine"), Some(claims(1)));
    }

    #[test]
    fn with_a_key_its_tokens_are_forgotten_and_no_others() {
        let mut remembered = Remembered::default();
        remembered.put("old", claims(1), 1);
        remembered.put("new", claims(2), 2);
        remembered.retain(|key| key == 2);
        assert_eq!(remembered.get("old"), None);
        assert_eq!(remembered.get("new"), Some(claims(2)));
        assert_eq!(remembered.recent.bytes, "new".len());
    }
}
