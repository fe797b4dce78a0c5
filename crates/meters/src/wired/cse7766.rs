//! CSE7766: frames of 24 bytes over UART, 4800 8E1, some twenty a second.
//!
//! Each has, for voltage, current and power, a coefficient and a cycle in µs: the value is the one over the other. One
//! pulse of its counter is the energy of one cycle of power: coefficient / 1,000,000 J.

use domain::energy::{Microjoules, Milliwatts};
use domain::metering::Reading;

pub const FRAME: usize = 24;
const MARK: u8 = 0x5A;
/// The chip has its coefficients.
const CALIBRATED: u8 = 0x55;
/// It has lost them.
const UNCALIBRATED: u8 = 0xAA;
/// Above are bits of what goes beyond its cycle, and the lowest says that the store of its coefficients is damaged.
const BEYOND: u8 = 0xF0;
const BEYOND_POWER: u8 = 0x02;
const DAMAGED: u8 = 0x01;
/// In the adjustment: the cycle of power is complete.
const POWER_READY: u8 = 0x10;

/// One good frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    state: u8,
    voltage: Ratio,
    current: Ratio,
    power: Ratio,
    adjustment: u8,
    /// Wraps.
    pulses: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio {
    coefficient: u32,
    cycle: u32,
}

impl Ratio {
    /// In thousandths; `None` without a cycle.
    fn milli(self) -> Option<i64> {
        (self.cycle > 0).then(|| i64::from(self.coefficient) * 1_000 / i64::from(self.cycle))
    }
}

/// Why a frame is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("its frames are garbled on the way (checksum)")]
    Checksum,
    #[error("what comes from it is not a CSE7766's (is it 4800 baud 8E1, and the right port?)")]
    Stranger,
    #[error("it has lost its calibration; the chip is broken")]
    Uncalibrated,
}

impl Frame {
    pub fn parse(bytes: &[u8; FRAME]) -> Result<Self, FrameError> {
        let state = bytes[0];
        let is_known = state == CALIBRATED || state == UNCALIBRATED || state & BEYOND == BEYOND;
        if !is_known || bytes[1] != MARK {
            return Err(FrameError::Stranger);
        }
        let sum = bytes[2..FRAME - 1].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if sum != bytes[FRAME - 1] {
            return Err(FrameError::Checksum);
        }
        if state == UNCALIBRATED || state & (BEYOND | DAMAGED) == BEYOND | DAMAGED {
            return Err(FrameError::Uncalibrated);
        }
        let wide = |at: usize| u32::from_be_bytes([0, bytes[at], bytes[at + 1], bytes[at + 2]]);
        let ratio = |at: usize| Ratio { coefficient: wide(at), cycle: wide(at + 3) };
        Ok(Self {
            state,
            voltage: ratio(2),
            current: ratio(8),
            power: ratio(14),
            adjustment: bytes[20],
            pulses: u16::from_be_bytes([bytes[21], bytes[22]]),
        })
    }

    pub fn millivolts(&self) -> Option<i64> {
        self.voltage.milli()
    }

    pub fn milliamps(&self) -> Option<i64> {
        self.current.milli()
    }

    /// `None` while its first cycle is not over. A cycle beyond what it can measure is next to no power.
    pub fn power(&self) -> Option<Milliwatts> {
        if self.state & BEYOND == BEYOND && self.state & BEYOND_POWER != 0 {
            return Some(Milliwatts(0));
        }
        if self.adjustment & POWER_READY == 0 {
            return None;
        }
        self.power.milli().map(Milliwatts)
    }
}

/// Finds the frames in what comes, wherever it begins.
#[derive(Default)]
pub struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// Takes a byte; `Some` when it was the last of a frame, or of what should have been one.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame, FrameError>> {
        self.bytes.push(byte);
        let whole: &[u8; FRAME] = self.bytes.as_slice().try_into().ok()?;
        match Frame::parse(whole) {
            Err(error @ (FrameError::Stranger | FrameError::Checksum)) => {
                // It may begin anywhere in these.
                let next = self.bytes[1..].windows(2).position(|pair| pair[1] == MARK);
                self.bytes.drain(..next.map_or(FRAME - 1, |at| at + 1));
                Some(Err(error))
            }
            outcome => {
                self.bytes.clear();
                Some(outcome)
            }
        }
    }
}

/// The chip's counter, without its wraps.
#[derive(Default)]
pub struct Counter {
    last: Option<u16>,
    energy: Microjoules,
}

impl Counter {
    /// Counts on, and gives what the meter reads now.
    pub fn read(&mut self, frame: &Frame) -> Reading {
        let pulses = frame.pulses.wrapping_sub(self.last.unwrap_or(frame.pulses));
        self.last = Some(frame.pulses);
        self.energy += Microjoules(i64::from(pulses) * i64::from(frame.power.coefficient));
        Reading { power: frame.power(), count: Some(self.energy) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// 229.8 V, 0.435 A and 99.9 W: a lamp, at coefficients such as the chip has in a plug.
    pub(in crate::wired) fn frame(pulses: u16) -> [u8; FRAME] {
        let mut bytes = [
            0x55, 0x5A, 0x02, 0xFC, 0xD8, 0x00, 0x03, 0x54, 0x00, 0x40, 0x10, 0x00, 0x93, 0x45, 0x4F, 0x46,
            0x80, 0x00, 0xCB, 0x20, 0x71, 0, 0, 0,
        ];
        bytes[21..23].copy_from_slice(&pulses.to_be_bytes());
        bytes[23] = bytes[2..23].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        bytes
    }

    fn pushed(bytes: &[u8]) -> Vec<Result<Frame, FrameError>> {
        let mut frames = Frames::default();
        bytes.iter().filter_map(|byte| frames.push(*byte)).collect()
    }

    #[test]
    fn a_value_is_its_coefficient_over_its_cycle() {
        let frame = Frame::parse(&frame(7)).unwrap();
        assert_eq!(frame.millivolts(), Some(195_800 * 1_000 / 852));
        assert_eq!(frame.milliamps(), Some(16_400 * 1_000 / 37_701));
        assert_eq!(frame.power(), Some(Milliwatts(5_195_392 * 1_000 / 52_000)));
        // A lamp's power is its voltage times its current.
        let apparent = frame.millivolts().unwrap() * frame.milliamps().unwrap() / 1_000;
        assert!((apparent - frame.power().unwrap().0).abs() < 500, "{apparent} mVA");
    }

    #[test]
    fn its_counter_wraps_and_goes_on() {
        let mut counter = Counter::default();
        let mut count = |pulses| counter.read(&Frame::parse(&frame(pulses)).unwrap()).count.unwrap().0;
        assert_eq!(count(65_534), 0, "what it counted before we came is not ours");
        assert_eq!(count(65_535), 5_195_392);
        assert_eq!(count(2), 4 * 5_195_392);
    }

    #[test]
    fn the_power_of_its_pulses_is_the_power_it_tells() {
        // One pulse a cycle: 5.195392 J each 52 ms.
        let frame = Frame::parse(&frame(0)).unwrap();
        let joules_per_second = f64::from(frame.power.coefficient) / f64::from(frame.power.cycle);
        assert!((joules_per_second - 99.91).abs() < 0.01);
    }

    #[test]
    fn next_to_no_power_is_zero_and_an_unfinished_cycle_is_nothing() {
        let mut idle = frame(0);
        idle[0] = 0xF2;
        assert_eq!(Frame::parse(&idle).unwrap().power(), Some(Milliwatts(0)));
        let mut early = frame(0);
        early[20] = 0x61;
        early[23] = early[23].wrapping_sub(0x10);
        assert_eq!(Frame::parse(&early).unwrap().power(), None);
    }

    #[test]
    fn frames_are_found_wherever_they_begin() {
        let stream = [&[0x00, 0x5A, 0x13][..], &frame(1), &frame(2)].concat();
        let good: Vec<u16> = pushed(&stream).into_iter().flatten().map(|frame| frame.pulses).collect();
        assert_eq!(good, [1, 2]);
    }

    #[test]
    fn garbled_frames_say_so_and_the_next_is_found() {
        let mut garbled = frame(1);
        garbled[5] ^= 4;
        let outcomes = pushed(&[garbled, frame(2), frame(3)].concat());
        assert_eq!(outcomes[0], Err(FrameError::Checksum));
        assert_eq!(outcomes.last().unwrap().unwrap().pulses, 3);
        let mut lost = frame(1);
        lost[0] = 0xAA;
        assert_eq!(pushed(&lost), [Err(FrameError::Uncalibrated)]);
        // Damaged coefficients, by themselves and with no load.
        for state in [0xF1, 0xF3] {
            lost[0] = state;
            assert_eq!(pushed(&lost), [Err(FrameError::Uncalibrated)]);
        }
        assert!(pushed(&[0x33; 100]).iter().all(|outcome| *outcome == Err(FrameError::Stranger)));
    }
}
