//! MCP3008: eight channels of 10 bits on SPI.

use embedded_hal::spi::SpiDevice;

const START: u8 = 1;
/// One channel against ground; the channel is added.
const SINGLE_ENDED: u8 = 0b1000_0000;
const STEPS: f64 = 1_024.0;

/// One chip.
pub struct Mcp3008<S> {
    device: S,
    reference_volts: f64,
}

impl<S: SpiDevice> Mcp3008<S> {
    pub const fn new(device: S, reference_volts: f64) -> Self {
        Self { device, reference_volts }
    }

    /// What is at a channel, 0 to 7, in volts.
    pub fn read(&mut self, channel: u8) -> Result<f64, S::Error> {
        let mut bytes = [START, SINGLE_ENDED | (channel & 7) << 4, 0];
        self.device.transfer_in_place(&mut bytes)?;
        let steps = u16::from_be_bytes([bytes[1] & 3, bytes[2]]);
        Ok(f64::from(steps) * self.reference_volts / STEPS)
    }
}

#[cfg(test)]
mod tests {
    use embedded_hal_mock::eh1::spi::{Mock, Transaction};

    use super::*;

    #[test]
    fn a_channel_is_read_byte_by_byte() {
        let mut bus = Mock::new(&[
            Transaction::transaction_start(),
            Transaction::transfer_in_place(vec![0x01, 0xD0, 0x00], vec![0x00, 0xFE, 0x00]),
            Transaction::transaction_end(),
            Transaction::transaction_start(),
            Transaction::transfer_in_place(vec![0x01, 0x80, 0x00], vec![0xFF, 0xFB, 0xFF]),
            Transaction::transaction_end(),
        ]);
        let mut chip = Mcp3008::new(bus.clone(), 3.3);
        assert_eq!(chip.read(5), Ok(1.65), "bits before the ten are noise");
        assert_eq!(chip.read(0), Ok(3.3 * 1_023.0 / 1_024.0));
        bus.done();
    }
}
