use std::path::PathBuf;

use serde::Deserialize;

use super::Entry;

/// PZEM-004T v3. Several may share a port, each with its address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pzem {
    /// Such as `/dev/serial0`, `/dev/ttyUSB0`.
    pub port: PathBuf,
    /// 1 to 247. Without it any answers, which must be the only one.
    pub address: Option<u8>,
}

/// CSE7766.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cse7766 {
    pub port: PathBuf,
}

/// A meter with an S0 output, between a pin and ground.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S0 {
    /// BCM number.
    pub pin: u8,
    /// As printed on the meter.
    pub impulses_per_kwh: f64,
}

/// The CF output of a HLW8012 or BL0937.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hlw8012 {
    /// BCM number of the pin at CF.
    pub pin: u8,
    #[serde(default)]
    pub chip: Chip,
    /// Of the resistor in the line.
    pub shunt_ohms: Option<f64>,
    /// By how much the voltage is divided before the chip.
    pub divider: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chip {
    #[default]
    Hlw8012,
    Bl0937,
}

/// A clamp at an ADS1115. Without the voltage it measures apparent power only.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ads1115 {
    /// 1 is the usual one.
    pub bus: Option<u8>,
    /// 72 (0x48) to 75.
    pub address: Option<u8>,
    /// 0 to 3.
    pub channel: u8,
    /// 30 for a SCT-013-030: 1 V at 30 A.
    pub amps_per_volt: f64,
    /// Of the mains; 230.
    pub volts: Option<f64>,
}

/// A clamp at an MCP3008, and perhaps the voltage at another of its channels.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mcp3008 {
    /// SPI bus and slave select: 0 and 0.
    pub bus: Option<u8>,
    pub select: Option<u8>,
    /// 0 to 7.
    pub channel: u8,
    pub amps_per_volt: f64,
    /// Where the divided voltage of the mains is.
    pub voltage_channel: Option<u8>,
    /// By how much it is divided.
    pub volts_per_volt: Option<f64>,
    /// Of the mains, where it is not measured; 230.
    pub volts: Option<f64>,
    /// What the chip compares with; 3.3.
    pub reference_volts: Option<f64>,
}

impl Hlw8012 {
    /// µJ.
    pub(crate) fn energy_per_pulse(&self) -> f64 {
        use crate::wired::pulses::{of_bl0937, of_hlw8012};
        // As in the boards that most plugs have.
        let (divider, shunt) = (self.divider.unwrap_or(2_351.0), self.shunt_ohms.unwrap_or(0.001));
        match self.chip {
            Chip::Hlw8012 => of_hlw8012(divider, shunt),
            Chip::Bl0937 => of_bl0937(divider, shunt),
        }
    }
}

pub(super) fn validate(entry: &Entry, key: &str, faults: &mut Vec<String>) {
    let mut within = |field: &str, value: f64, range: std::ops::RangeInclusive<f64>| {
        if !range.contains(&value) {
            faults.push(format!("{key}.{field}: {value} is not within {} to {}", range.start(), range.end()));
        }
    };
    if let Some(address) = entry.pzem.as_ref().and_then(|pzem| pzem.address) {
        within("pzem.address", address.into(), 1.0..=247.0);
    }
    if let Some(s0) = &entry.s0 {
        within("s0.impulses_per_kwh", s0.impulses_per_kwh, 1.0..=100_000.0);
    }
    if let Some(chip) = &entry.hlw8012 {
        within("hlw8012.shunt_ohms", chip.shunt_ohms.unwrap_or(0.001), 0.000_01..=1.0);
        within("hlw8012.divider", chip.divider.unwrap_or(1.0), 1.0..=100_000.0);
    }
    if let Some(clamp) = &entry.ads1115 {
        within("ads1115.address", clamp.address.unwrap_or(72).into(), 72.0..=75.0);
        within("ads1115.channel", clamp.channel.into(), 0.0..=3.0);
        within("ads1115.amps_per_volt", clamp.amps_per_volt, 0.1..=10_000.0);
        within("ads1115.volts", clamp.volts.unwrap_or(230.0), 50.0..=500.0);
    }
    if let Some(clamp) = &entry.mcp3008 {
        within("mcp3008.bus", clamp.bus.unwrap_or(0).into(), 0.0..=6.0);
        within("mcp3008.select", clamp.select.unwrap_or(0).into(), 0.0..=2.0);
        within("mcp3008.channel", clamp.channel.into(), 0.0..=7.0);
        within("mcp3008.voltage_channel", clamp.voltage_channel.unwrap_or(0).into(), 0.0..=7.0);
        within("mcp3008.amps_per_volt", clamp.amps_per_volt, 0.1..=10_000.0);
        within("mcp3008.volts_per_volt", clamp.volts_per_volt.unwrap_or(1.0), 1.0..=10_000.0);
        within("mcp3008.volts", clamp.volts.unwrap_or(230.0), 50.0..=500.0);
        within("mcp3008.reference_volts", clamp.reference_volts.unwrap_or(3.3), 1.0..=5.5);
        if clamp.voltage_channel.is_some() != clamp.volts_per_volt.is_some() {
            faults.push(format!("{key}.mcp3008: voltage_channel and volts_per_volt go together"));
        }
    }
}

/// Two meters cannot have the same pin, nor the same address on a port, and a CSE7766 shares its port with none.
pub(super) fn conflicts(entries: &[Entry], faults: &mut Vec<String>) {
    for (place, entry) in entries.iter().enumerate() {
        let clash =
            entries[..place].iter().enumerate().find_map(|(other, own)| Some((other, shared(entry, own)?)));
        if let Some((other, what)) = clash {
            faults.push(format!("sensors.{place}: {what} is that of sensors.{other} already"));
        }
    }
}

/// What both would need for themselves.
fn shared(one: &Entry, other: &Entry) -> Option<String> {
    if let Some(pin) = one.pin().filter(|pin| other.pin() == Some(*pin)) {
        return Some(format!("pin {pin}"));
    }
    let port = one.port().filter(|port| other.port() == Some(*port))?;
    match (&one.pzem, &other.pzem) {
        (Some(one), Some(other)) if one.address == other.address => {
            let address =
                one.address.map_or("any address".to_owned(), |address| format!("address {address}"));
            Some(format!("{address} of {}", port.display()))
        }
        (Some(_), Some(_)) => None,
        _ => Some(port.display().to_string()),
    }
}
