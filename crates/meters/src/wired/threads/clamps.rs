use std::collections::BTreeMap;
use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

use domain::metering::Reading;
use embedded_hal::i2c::I2c;
use embedded_hal::spi::SpiDevice;
use rppal::spi::{Bus, Mode, SimpleHalSpiDevice, SlaveSelect, Spi};

use super::{PERIOD, Patience, Stop, keep_at};
use crate::config::{self, Entry};
use crate::outbox::{News, Outbox};
use crate::quantity;
use crate::wired::ads1115::Ads1115;
use crate::wired::mcp3008::Mcp3008;
use crate::wired::waves;

/// Ten cycles at 50 Hz, twelve at 60 Hz.
const WINDOW: Duration = Duration::from_millis(200);
/// A little more than a conversion takes.
const CONVERSION: Duration = Duration::from_micros(1_200);
/// Between samples of an MCP3008, so that a core is left to others.
const PACE: Duration = Duration::from_micros(100);
const SPI_HERTZ: u32 = 1_000_000;

pub(super) fn start(entries: &[Entry], outbox: &Outbox) {
    let mut by_bus: BTreeMap<u8, Vec<(usize, config::Ads1115)>> = BTreeMap::new();
    let mut by_select: BTreeMap<(u8, u8), Vec<(usize, config::Mcp3008)>> = BTreeMap::new();
    for (meter, entry) in entries.iter().enumerate() {
        if let Some(clamp) = entry.ads1115.clone() {
            by_bus.entry(clamp.bus.unwrap_or(1)).or_default().push((meter, clamp));
        }
        if let Some(clamp) = entry.mcp3008.clone() {
            let place = (clamp.bus.unwrap_or(0), clamp.select.unwrap_or(0));
            by_select.entry(place).or_default().push((meter, clamp));
        }
    }
    for (bus, clamps) in by_bus {
        let all = clamps.iter().map(|(meter, _)| *meter).collect();
        let work = move |outbox: &Outbox| {
            let open = || rppal::i2c::I2c::with_bus(bus);
            let mut i2c =
                open().map_err(|error| trouble(&format!("I²C bus {bus}"), &error, "is I²C enabled?"))?;
            read_forever(&clamps, outbox, |clamp| ads1115(&mut i2c, clamp, window(CONVERSION)))
        };
        keep_at(format!("i2c-{bus}"), all, outbox, work);
    }
    for (place, clamps) in by_select {
        let all = clamps.iter().map(|(meter, _)| *meter).collect();
        let work = move |outbox: &Outbox| {
            let name = format!("SPI {}.{}", place.0, place.1);
            let mut spi = open_spi(place).map_err(|error| trouble(&name, &error, "is SPI enabled?"))?;
            read_forever(&clamps, outbox, |clamp| mcp3008(&mut spi, clamp, window(PACE)))
        };
        keep_at(format!("spi-{}-{}", place.0, place.1), all, outbox, work);
    }
}

fn trouble(place: &str, error: &impl Display, advice: &str) -> Stop {
    Stop::Trouble(format!("{place} does not work ({error}); {advice}"))
}

fn open_spi((bus, select): (u8, u8)) -> Result<SimpleHalSpiDevice, rppal::spi::Error> {
    let bus = match bus {
        0 => Bus::Spi0,
        1 => Bus::Spi1,
        2 => Bus::Spi2,
        3 => Bus::Spi3,
        4 => Bus::Spi4,
        5 => Bus::Spi5,
        _ => Bus::Spi6,
    };
    let select = match select {
        0 => SlaveSelect::Ss0,
        1 => SlaveSelect::Ss1,
        _ => SlaveSelect::Ss2,
    };
    Ok(SimpleHalSpiDevice::new(Spi::new(bus, select, SPI_HERTZ, Mode::Mode0)?))
}

fn read_forever<C>(
    clamps: &[(usize, C)],
    outbox: &Outbox,
    mut read: impl FnMut(&C) -> Result<f64, String>,
) -> Result<(), Stop> {
    let mut patience: Vec<Patience> = clamps.iter().map(|_| Patience::default()).collect();
    loop {
        let begin = Instant::now();
        read_each(clamps, &mut patience, outbox, &mut read)?;
        thread::sleep(PERIOD.saturating_sub(begin.elapsed()));
    }
}

/// A clamp that fails keeps no other from being read.
fn read_each<C>(
    clamps: &[(usize, C)],
    patience: &mut [Patience],
    outbox: &Outbox,
    mut read: impl FnMut(&C) -> Result<f64, String>,
) -> Result<(), Stop> {
    for ((meter, clamp), patience) in clamps.iter().zip(patience) {
        match read(clamp) {
            Ok(watts) => {
                patience.good();
                let reading = Reading { power: quantity::watts(watts), count: None };
                outbox.put_waiting(*meter, News::Reading(reading))?;
            }
            Err(sentence) if patience.is_over() => {
                outbox.put_waiting(*meter, News::Trouble(sentence))?;
            }
            Err(sentence) => tracing::debug!(meter, "{sentence}; read again"),
        }
    }
    Ok(())
}

/// Waits for the next sample; `false` when the window is over.
fn window(pace: Duration) -> impl FnMut() -> bool {
    let begin = Instant::now();
    move || {
        thread::sleep(pace);
        begin.elapsed() < WINDOW
    }
}

/// Apparent power, in VA: what the current would be worth if it were in step with the voltage.
fn ads1115<I: I2c>(bus: I, clamp: &config::Ads1115, mut next: impl FnMut() -> bool) -> Result<f64, String> {
    let address = clamp.address.unwrap_or(0x48);
    let failed =
        |error: I::Error| format!("the ADS1115 at {address:#04x} does not answer ({error:?}); is it wired?");
    let mut chip = Ads1115::new(bus, address);
    chip.select(clamp.channel).map_err(failed)?;
    // The conversion under way is of the channel before; the next is the first of this one.
    let mut samples = Vec::new();
    next();
    while next() {
        samples.push(chip.read().map_err(failed)?);
    }
    let volts = waves::rms(&samples).unwrap_or_default();
    Ok(volts * clamp.amps_per_volt * clamp.volts.unwrap_or(230.0))
}

/// Power where the voltage is measured too, else apparent power.
fn mcp3008<S: SpiDevice>(
    device: S,
    clamp: &config::Mcp3008,
    mut next: impl FnMut() -> bool,
) -> Result<f64, String> {
    let failed = |error: S::Error| format!("the MCP3008 does not answer ({error:?}); is it wired?");
    let reference = clamp.reference_volts.unwrap_or(3.3);
    let mut chip = Mcp3008::new(device, reference);
    let (mut voltages, mut currents) = (Vec::new(), Vec::new());
    while next() {
        let Some(channel) = clamp.voltage_channel else {
            currents.push(chip.read(clamp.channel).map_err(failed)?);
            continue;
        };
        // Before and after the current, so that both are of the same instant.
        let before = chip.read(channel).map_err(failed)?;
        currents.push(chip.read(clamp.channel).map_err(failed)?);
        voltages.push(f64::midpoint(before, chip.read(channel).map_err(failed)?));
    }
    if currents.iter().all(|volts| *volts <= 0.0) || currents.iter().all(|volts| *volts >= reference * 0.999)
    {
        let end = if currents.first().is_some_and(|volts| *volts > 0.0) { "full scale" } else { "zero" };
        return Err(format!(
            "channel {} of the MCP3008 stays at {end}; is it wired, with half of the supply as its middle?",
            clamp.channel
        ));
    }
    let per_amp = if let Some(ratio) = clamp.volts_per_volt {
        waves::mean_product(&voltages, &currents).map(|product| product * ratio)
    } else {
        waves::rms(&currents).map(|amplitude| amplitude * clamp.volts.unwrap_or(230.0))
    };
    Ok(per_amp.unwrap_or_default() * clamp.amps_per_volt)
}

#[cfg(test)]
mod tests;
