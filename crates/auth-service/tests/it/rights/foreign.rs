//! What somebody signs who is not us.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;

/// Of RFC 8410, section 10.3: anybody has it.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";

/// A JWT with a good signature, by a key of its own. `key_id` is what it says of the key.
pub(super) fn signed(claims: &Value, key_id: &str) -> String {
    let key = EncodingKey::from_ed_pem(PEM.as_bytes()).unwrap();
    let header = Header { kid: Some(key_id.to_owned()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}
