//! ADS1115: four channels of 16 bits on I²C, at most 860 samples a second.

use embedded_hal::i2c::I2c;

const CONVERSION: u8 = 0x00;
const CONFIG: u8 = 0x01;
/// One channel against ground; the channel is added to its bits.
const SINGLE_ENDED: u8 = 0b1100_0000;
/// ±4.096 V, one conversion after the other.
const RANGE_AND_MODE: u8 = 0b0000_0010;
/// 860 samples a second, no comparator.
const RATE: u8 = 0b1110_0011;
/// Of ±4.096 V over 16 bits.
const VOLTS_PER_STEP: f64 = 4.096 / 32_768.0;

/// One chip.
pub struct Ads1115<I> {
    bus: I,
    address: u8,
}

impl<I: I2c> Ads1115<I> {
    /// 0x48 to 0x4B, by its ADDR pin.
    pub const fn new(bus: I, address: u8) -> Self {
        Self { bus, address }
    }

    /// From now on it converts that channel, 0 to 3. The first conversion takes 1.2 ms.
    pub fn select(&mut self, channel: u8) -> Result<(), I::Error> {
        let high = SINGLE_ENDED | (channel & 3) << 4 | RANGE_AND_MODE;
        self.bus.write(self.address, &[CONFIG, high, RATE])
    }

    /// The latest conversion, in volts.
    pub fn read(&mut self) -> Result<f64, I::Error> {
        let mut bytes = [0; 2];
        self.bus.write_read(self.address, &[CONVERSION], &mut bytes)?;
        Ok(f64::from(i16::from_be_bytes(bytes)) * VOLTS_PER_STEP)
    }
}

#[cfg(test)]
mod tests {
    use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
    use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

    use super::*;

    #[test]
    fn a_channel_is_chosen_and_read_byte_by_byte() {
        let mut bus = Mock::new(&[
            Transaction::write(0x48, vec![0x01, 0xE2, 0xE3]),
            Transaction::write_read(0x48, vec![0x00], vec![0x40, 0x00]),
            Transaction::write_read(0x48, vec![0x00], vec![0xFF, 0xFF]),
            Transaction::write_read(0x48, vec![0x00], vec![0x7F, 0xFF]),
        ]);
        let mut chip = Ads1115::new(bus.clone(), 0x48);
        chip.select(2).unwrap();
        assert_eq!(chip.read(), Ok(2.048));
        assert_eq!(chip.read(), Ok(-0.000_125));
        assert_eq!(chip.read(), Ok(4.095_875));
        bus.done();
    }

    #[test]
    fn a_chip_that_is_not_there_is_an_error() {
        let nobody = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
        let mut bus = Mock::new(&[Transaction::write(0x49, vec![0x01, 0xC2, 0xE3]).with_error(nobody)]);
        assert_eq!(Ads1115::new(bus.clone(), 0x49).select(0), Err(nobody));
        bus.done();
    }
}
