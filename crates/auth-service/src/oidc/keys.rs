//! The keys with which a provider signs (JWK Set, RFC 7517).

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// More than any provider has at once.
const MAX_KEYS: usize = 100;

#[derive(Deserialize)]
pub(super) struct KeySet {
    keys: Vec<Value>,
}

struct Key {
    id: Option<String>,
    algorithm: Option<KeyAlgorithm>,
    public: DecodingKey,
}

/// Those that verify signatures: public ones.
pub(super) struct Keys(Vec<Key>);

impl From<KeySet> for Keys {
    /// Keys of kinds that we do not know, or for something else, are left out.
    fn from(set: KeySet) -> Self {
        let keys = set.keys.into_iter().take(MAX_KEYS).filter_map(|value| {
            let jwk: Jwk = serde_json::from_value(value).ok()?;
            let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
            let public = DecodingKey::from_jwk(&jwk).ok()?;
            let is_public = public.family() != AlgorithmFamily::Hmac;
            let (id, algorithm) = (jwk.common.key_id, jwk.common.key_algorithm);
            (is_for_signatures && is_public).then_some(Key { id, algorithm, public })
        });
        Self(keys.collect())
    }
}

impl Keys {
    /// The key of a token with this header. A token that does not name its key is taken only where there is no choice.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.0.iter().filter(|key| {
            let is_named = id.is_none() || key.id.as_deref() == id;
            let is_for_it = key.algorithm.is_none_or(|other| other == algorithm.into());
            is_named && is_for_it && algorithm.family() == key.public.family()
        });
        let first = fitting.next()?;
        fitting.next().is_none().then_some(&first.public)
    }
}
