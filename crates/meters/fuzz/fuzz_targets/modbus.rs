//! Any bytes as the answer of a PZEM-004T: it is read, or refused with a reason; what is read bears its CRC.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meters::wired::modbus::crc;
use meters::wired::pzem::Measured;

fuzz_target!(|frame: &[u8]| {
    let address = frame.first().copied().unwrap_or(1);
    let mut framed = frame.to_vec();
    framed.extend(crc(frame).to_le_bytes());
    for bytes in [frame, &framed] {
        if let Ok(measured) = Measured::parse(address, bytes) {
            assert_eq!(bytes.len(), 25);
            assert_eq!(crc(bytes), 0, "a frame with its CRC behind it has none");
            let reading = measured.reading();
            assert!(reading.power.is_some_and(|power| power.0 >= 0));
            assert!(reading.count.is_none_or(|count| count.0 >= 0));
        }
    }
});
