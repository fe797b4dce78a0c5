//! Modbus RTU, as far as a meter needs it: reading input registers.

/// Reads input registers.
const READ_INPUT: u8 = 0x04;
/// Added to the function of a request that is refused.
const REFUSED: u8 = 0x80;

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the answer was garbled on the way (CRC)")]
    Crc,
    #[error("something else answered (address {0})")]
    OtherAddress(u8),
    #[error("the answer is of another kind ({0:#04x})")]
    OtherFunction(u8),
    #[error("it refuses the question (exception {0})")]
    Refused(u8),
    #[error("the answer has a wrong length")]
    Length,
}

/// CRC-16 of Modbus; its low byte is sent first.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 })
    })
}

/// Asks for `count` registers from `first` on.
pub fn question(address: u8, first: u16, count: u16) -> [u8; 8] {
    let [first_high, first_low] = first.to_be_bytes();
    let [count_high, count_low] = count.to_be_bytes();
    let body = [address, READ_INPUT, first_high, first_low, count_high, count_low];
    let [low, high] = crc(&body).to_le_bytes();
    [body[0], body[1], body[2], body[3], body[4], body[5], low, high]
}

/// How long the whole answer is, by its first two bytes.
pub const fn answer_length(function: u8, registers: usize) -> usize {
    if function & REFUSED != 0 { 5 } else { 5 + 2 * registers }
}

/// The registers of an answer.
pub fn registers<const N: usize>(address: u8, frame: &[u8]) -> Result<[u16; N], FrameError> {
    let Some((body, sum)) = frame.split_last_chunk::<2>() else { return Err(FrameError::Length) };
    if crc(body) != u16::from_le_bytes(*sum) {
        return Err(FrameError::Crc);
    }
    let [from, function, ref rest @ ..] = *body else { return Err(FrameError::Length) };
    if from != address {
        return Err(FrameError::OtherAddress(from));
    }
    match (function, rest) {
        (READ_INPUT, [length, data @ ..]) if usize::from(*length) == 2 * N && data.len() == 2 * N => {
            let mut registers = [0; N];
            for (register, bytes) in registers.iter_mut().zip(data.chunks_exact(2)) {
                *register = u16::from_be_bytes([bytes[0], bytes[1]]);
            }
            Ok(registers)
        }
        (READ_INPUT, _) => Err(FrameError::Length),
        (function, [exception, ..]) if function == READ_INPUT | REFUSED => {
            Err(FrameError::Refused(*exception))
        }
        (function, _) => Err(FrameError::OtherFunction(function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_frames_seen_elsewhere() {
        assert_eq!(question(0xF8, 0, 10), [0xF8, 0x04, 0, 0, 0, 0x0A, 0x64, 0x64]);
        assert_eq!(crc(&[0x04, 0x03, 0x4E, 0x20, 0x00, 0x01]).to_le_bytes(), [0x92, 0xBD]);
        assert_eq!(crc(&[0x04, 0x03, 0x02, 0x50, 0x56]).to_le_bytes(), [0xC8, 0x7A]);
    }

    fn framed(body: &[u8]) -> Vec<u8> {
        [body, &crc(body).to_le_bytes()].concat()
    }

    #[test]
    fn an_answer_that_is_none_says_why() {
        let good = framed(&[1, 4, 2, 0x12, 0x34]);
        assert_eq!(registers::<1>(1, &good), Ok([0x1234]));
        assert_eq!(registers::<1>(2, &good), Err(FrameError::OtherAddress(1)));
        assert_eq!(registers::<2>(1, &good), Err(FrameError::Length));
        let mut garbled = good;
        garbled[3] ^= 1;
        assert_eq!(registers::<1>(1, &garbled), Err(FrameError::Crc));
        assert_eq!(registers::<1>(1, &framed(&[1, 0x84, 2])), Err(FrameError::Refused(2)));
        assert_eq!(registers::<1>(1, &framed(&[1, 3, 2, 0, 0])), Err(FrameError::OtherFunction(3)));
        assert_eq!(registers::<1>(1, &framed(&[1])), Err(FrameError::Length));
        assert_eq!(registers::<1>(1, &[]), Err(FrameError::Length));
    }
}
