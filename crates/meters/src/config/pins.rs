//! Which pins can count pulses. One that cannot is the trouble of its meter only: it keeps no other socket from being measured.

use std::path::Path;

use super::Entry;

/// Of the 40-pin header, by their BCM numbers.
const HEADER: std::ops::RangeInclusive<u8> = 0..=27;
/// The serial ports at the header's own pins, by their names.
const HEADER_PORTS: [&str; 4] = ["/dev/serial0", "/dev/serial1", "/dev/ttyAMA0", "/dev/ttyS0"];

impl Entry {
    /// Where its pulses come in.
    pub(crate) fn pin(&self) -> Option<u8> {
        self.s0.as_ref().map(|s0| s0.pin).or(self.hlw8012.as_ref().map(|chip| chip.pin))
    }

    /// The pins of the bus or port that it is read through, and what that is called.
    fn lines(&self) -> Option<(&'static [u8], String)> {
        if let Some(clamp) = &self.ads1115 {
            let bus = clamp.bus.unwrap_or(1);
            let pins: &[u8] = match bus {
                0 => &[0, 1],
                1 => &[2, 3],
                _ => &[],
            };
            return Some((pins, format!("I²C bus {bus}")));
        }
        if let Some(clamp) = &self.mcp3008 {
            let bus = clamp.bus.unwrap_or(0);
            let pins: &[u8] = match bus {
                0 => &[7, 8, 9, 10, 11],
                1 => &[16, 17, 18, 19, 20, 21],
                _ => &[],
            };
            return Some((pins, format!("SPI bus {bus}")));
        }
        let port = self.port()?;
        let is_header = HEADER_PORTS.iter().any(|name| port == Path::new(name));
        is_header.then(|| (&[14, 15][..], format!("the serial port {}", port.display())))
    }

    /// The serial port that it is at.
    pub(super) fn port(&self) -> Option<&Path> {
        let pzem = self.pzem.as_ref().map(|meter| meter.port.as_path());
        pzem.or(self.cse7766.as_ref().map(|chip| chip.port.as_path()))
    }
}

/// The places of the entries whose pin cannot be used, each with a sentence that says why.
pub fn misplaced(entries: &[Entry]) -> Vec<(usize, String)> {
    let why = |pin: u8| {
        if !HEADER.contains(&pin) {
            return Some(format!("there is no GPIO {pin} here; pins go by their BCM numbers, 0 to 27"));
        }
        entries.iter().find_map(|other| {
            let (pins, bus) = other.lines()?;
            let socket = other.socket.map_or_else(String::new, |socket| format!(" of socket {socket}"));
            pins.contains(&pin).then(|| {
                format!(
                    "GPIO {pin} is a line of {bus}, where the {}{socket} is; take another pin",
                    other.kind()
                )
            })
        })
    };
    let of = |(place, entry): (usize, &Entry)| Some((place, why(entry.pin()?)?));
    entries.iter().enumerate().filter_map(of).collect()
}
