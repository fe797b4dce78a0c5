//! PZEM-004T v3: Modbus RTU over UART, 9600 8N1, ten input registers.

use domain::energy::{Microjoules, Milliwatts};
use domain::metering::Reading;
use embedded_io::{Error, ErrorKind, Read, Write};

use super::modbus::{self, FrameError};

const REGISTERS: u16 = 10;
const MICROJOULES_PER_WH: i64 = 3_600_000_000;
/// Its counter goes to 9,999.99 kWh and begins anew.
const MOST_WATT_HOURS: u32 = 9_999_999;
/// The address at which any answers, if it is alone.
pub const ANY_ADDRESS: u8 = 0xF8;

/// What its registers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    pub decivolts: u16,
    pub milliamps: u32,
    pub deciwatts: u32,
    pub watt_hours: u32,
    /// 0.1 Hz.
    pub decihertz: u16,
    /// 0.01.
    pub power_factor: u16,
}

impl Measured {
    /// Of an answer, with everything around it.
    pub fn parse(address: u8, frame: &[u8]) -> Result<Self, FrameError> {
        let r: [u16; 10] = modbus::registers(address, frame)?;
        let wide = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
        Ok(Self {
            decivolts: r[0],
            milliamps: wide(r[1], r[2]),
            deciwatts: wide(r[3], r[4]),
            watt_hours: wide(r[5], r[6]),
            decihertz: r[7],
            power_factor: r[8],
        })
    }

    /// A count that it cannot show is none.
    pub fn reading(&self) -> Reading {
        let counted = || Microjoules(i64::from(self.watt_hours) * MICROJOULES_PER_WH);
        Reading {
            power: Some(Milliwatts(i64::from(self.deciwatts) * 100)),
            count: (self.watt_hours <= MOST_WATT_HOURS).then(counted),
        }
    }
}

/// Why one cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PzemError {
    #[error("it does not answer; is it wired, is there mains at it, and is its address right?")]
    Silent,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("its port does not work ({0:?})")]
    Port(ErrorKind),
}

/// The meters on one serial port, which gives up a read after a time.
pub struct Pzem<P>(P);

impl<P: Read + Write> Pzem<P> {
    pub const fn new(port: P) -> Self {
        Self(port)
    }

    /// Asks the one with that address.
    pub fn read(&mut self, address: u8) -> Result<Measured, PzemError> {
        let outcome = self.ask(address);
        if matches!(outcome, Err(PzemError::Frame(_))) {
            self.drain();
        }
        outcome
    }

    fn ask(&mut self, address: u8) -> Result<Measured, PzemError> {
        let port = |error: P::Error| PzemError::Port(error.kind());
        self.0.write_all(&modbus::question(address, 0, REGISTERS)).map_err(port)?;
        self.0.flush().map_err(port)?;
        let mut frame = [0; modbus::answer_length(0, REGISTERS as usize)];
        self.fill(&mut frame[..2])?;
        let length = modbus::answer_length(frame[1], REGISTERS.into());
        self.fill(&mut frame[2..length])?;
        Ok(Measured::parse(address, &frame[..length])?)
    }

    fn fill(&mut self, mut rest: &mut [u8]) -> Result<(), PzemError> {
        while !rest.is_empty() {
            match self.0.read(rest) {
                Ok(0) => return Err(PzemError::Silent),
                Ok(length) => rest = &mut rest[length..],
                Err(error) if error.kind() == ErrorKind::TimedOut => return Err(PzemError::Silent),
                Err(error) => return Err(PzemError::Port(error.kind())),
            }
        }
        Ok(())
    }

    /// What is left of an answer must not be taken for the next.
    fn drain(&mut self) {
        let mut rest = [0; 64];
        for _ in 0..16 {
            if !matches!(self.0.read(&mut rest), Ok(1..)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::modbus::crc;
    use super::*;
    use crate::wired::serial::tests::Script;

    /// The example of the data sheet: 220.0 V, 1.000 A, 220.0 W, 0 Wh, 50.0 Hz, 1.00, no alarm.
    const BODY: [u8; 23] =
        [1, 4, 0x14, 0x08, 0x98, 0x03, 0xE8, 0, 0, 0x08, 0x98, 0, 0, 0, 0, 0, 0, 0x01, 0xF4, 0, 0x64, 0, 0];
    const QUESTION: [u8; 8] = [1, 4, 0, 0, 0, 0x0A, 0x70, 0x0D];

    fn framed(body: &[u8]) -> Vec<u8> {
        [body, &crc(body).to_le_bytes()].concat()
    }

    #[test]
    fn a_count_that_its_display_has_no_room_for_is_none() {
        let mut body = BODY;
        body[13..17].copy_from_slice(&[0xFF; 4]);
        let reading = Measured::parse(1, &framed(&body)).unwrap().reading();
        assert_eq!((reading.power, reading.count), (Some(Milliwatts(220_000)), None));
        // 9,999,999 Wh; the low register comes first.
        body[13..17].copy_from_slice(&[0x96, 0x7F, 0x00, 0x98]);
        let reading = Measured::parse(1, &framed(&body)).unwrap().reading();
        assert_eq!(reading.count, Some(Microjoules(9_999_999 * MICROJOULES_PER_WH)));
    }

    #[test]
    fn the_example_of_the_data_sheet_byte_by_byte() {
        let mut pzem = Pzem::new(Script::new().expect(&QUESTION).answer(&framed(&BODY)));
        let measured = pzem.read(1).unwrap();
        let expected = Measured {
            decivolts: 2_200,
            milliamps: 1_000,
            deciwatts: 2_200,
            watt_hours: 0,
            decihertz: 500,
            power_factor: 100,
        };
        assert_eq!(measured, expected);
        assert_eq!(measured.reading().power, Some(Milliwatts::from_watts(220)));
        pzem.0.finish();
    }

    #[test]
    fn the_high_words_come_second() {
        let mut body = BODY;
        body[13..17].copy_from_slice(&[0xE2, 0x40, 0x00, 0x01]);
        let measured = Measured::parse(1, &framed(&body)).unwrap();
        assert_eq!(measured.watt_hours, 123_456);
        assert_eq!(measured.reading().count, Some(Microjoules(123_456 * MICROJOULES_PER_WH)));
    }

    #[test]
    fn an_answer_in_pieces_is_put_together() {
        let frame = framed(&BODY);
        let (first, rest) = frame.split_at(7);
        let mut pzem = Pzem::new(Script::new().expect(&QUESTION).answer(first).answer(rest));
        assert!(pzem.read(1).is_ok());
    }

    #[test]
    fn a_garbled_answer_is_read_to_its_end_and_the_next_is_good() {
        let mut garbled = framed(&BODY);
        garbled[4] ^= 0x10;
        garbled.extend([0xFF; 5]);
        let script = Script::new()
            .expect(&QUESTION)
            .answer(&garbled)
            .silence()
            .expect(&QUESTION)
            .answer(&framed(&BODY));
        let mut pzem = Pzem::new(script);
        assert_eq!(pzem.read(1), Err(PzemError::Frame(FrameError::Crc)));
        assert!(pzem.read(1).is_ok());
        pzem.0.finish();
    }

    #[test]
    fn one_that_is_unplugged_or_refuses_says_so() {
        let mut pzem = Pzem::new(Script::new().expect(&QUESTION).silence());
        assert_eq!(pzem.read(1), Err(PzemError::Silent));
        let refusal = framed(&[1, 0x84, 1]);
        let mut pzem = Pzem::new(Script::new().expect(&QUESTION).answer(&refusal).silence());
        assert_eq!(pzem.read(1), Err(PzemError::Frame(FrameError::Refused(1))));
    }
}
