//! Any bytes: what is taken for a presence comes back from its encoding.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(presence) = wire::decode_presence(body) {
        assert_eq!(wire::decode_presence(&wire::encode_presence(&presence)).ok(), Some(presence));
    }
});
