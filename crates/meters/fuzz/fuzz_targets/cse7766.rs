//! Any bytes from a CSE7766: nothing panics, the counter never falls, and a good frame after them is found by the second
//! of three at the latest.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meters::wired::cse7766::{Counter, FRAME, Frames};

fn good() -> [u8; FRAME] {
    let mut bytes = [0; FRAME];
    bytes[..2].copy_from_slice(&[0x55, 0x5A]);
    bytes[16] = 1;
    bytes[19] = 1;
    bytes[20] = 0x71;
    bytes[FRAME - 1] = bytes[2..FRAME - 1].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let (mut frames, mut counter) = (Frames::default(), Counter::default());
    let mut stood_at = 0;
    for byte in bytes {
        if let Some(Ok(frame)) = frames.push(*byte) {
            let reading = counter.read(&frame);
            let count = reading.count.expect("it counts").0;
            assert!(count >= stood_at);
            stood_at = count;
            assert!(reading.power.is_none_or(|power| power.0 >= 0));
        }
    }
    let found = good().repeat(3).into_iter().filter_map(|byte| frames.push(byte)).filter(Result::is_ok).count();
    assert!(found >= 1);
});
