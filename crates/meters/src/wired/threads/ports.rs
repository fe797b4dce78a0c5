use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use embedded_io::{Error, ErrorKind, Read};
use rppal::uart::Parity;

use super::{PERIOD, Patience, Stop, keep_at};
use crate::config::Entry;
use crate::outbox::{News, Outbox};
use crate::wired::cse7766::{Counter, Frames};
use crate::wired::pzem::{ANY_ADDRESS, Pzem, PzemError};
use crate::wired::serial::Port;

/// A PZEM-004T answers within this.
const ANSWER: Duration = Duration::from_millis(300);
/// A CSE7766 sends within this.
const FRAME: Duration = Duration::from_millis(500);

pub(super) fn start(entries: &[Entry], outbox: &Outbox) {
    let mut pzems: BTreeMap<PathBuf, Vec<(usize, u8)>> = BTreeMap::new();
    for (meter, entry) in entries.iter().enumerate() {
        if let Some(pzem) = &entry.pzem {
            let address = pzem.address.unwrap_or(ANY_ADDRESS);
            pzems.entry(pzem.port.clone()).or_default().push((meter, address));
        }
        if let Some(chip) = entry.cse7766.clone() {
            let work = move |outbox: &Outbox| cse7766(&chip.port, meter, outbox);
            keep_at("cse7766".to_owned(), vec![meter], outbox, work);
        }
    }
    for (path, meters) in pzems {
        let all = meters.iter().map(|(meter, _)| *meter).collect();
        keep_at("pzem".to_owned(), all, outbox, move |outbox| pzem(&path, &meters, outbox));
    }
}

fn open(path: &Path, baud: u32, parity: Parity, patience: Duration) -> Result<Port, Stop> {
    let trouble = |error: &io::Error| {
        let advice = match error.kind() {
            io::ErrorKind::NotFound => "is it plugged in?",
            io::ErrorKind::PermissionDenied => "may the agent's user open it (group dialout)?",
            _ => "is it a serial port, and in use by nothing else?",
        };
        Stop::Trouble(format!("{} cannot be opened ({error}); {advice}", path.display()))
    };
    Port::open(path, baud, parity, patience).map_err(|error| trouble(&error))
}

fn gone(path: &Path, kind: ErrorKind) -> Stop {
    Stop::Trouble(format!("{} does not work any more ({kind:?}); was it unplugged?", path.display()))
}

fn pzem(path: &Path, meters: &[(usize, u8)], outbox: &Outbox) -> Result<(), Stop> {
    let mut port = Pzem::new(open(path, 9_600, Parity::None, ANSWER)?);
    let mut patience: Vec<Patience> = meters.iter().map(|_| Patience::default()).collect();
    loop {
        let begin = Instant::now();
        for ((meter, address), patience) in meters.iter().zip(&mut patience) {
            match port.read(*address) {
                Ok(measured) => {
                    patience.good();
                    outbox.put_waiting(*meter, News::Reading(measured.reading()))?;
                }
                Err(PzemError::Port(kind)) => return Err(gone(path, kind)),
                Err(error) if patience.is_over() => {
                    let sentence = format!("the PZEM-004T at {}: {error}", path.display());
                    outbox.put_waiting(*meter, News::Trouble(sentence))?;
                }
                Err(error) => tracing::debug!(port = %path.display(), address, %error, "read again"),
            }
        }
        thread::sleep(PERIOD.saturating_sub(begin.elapsed()));
    }
}

fn cse7766(path: &Path, meter: usize, outbox: &Outbox) -> Result<(), Stop> {
    hear(open(path, 4_800, Parity::Even, FRAME)?, path, PERIOD, meter, outbox)
}

/// Listens to a CSE7766, and tells once in a period what it sent last.
fn hear<P: Read>(
    mut port: P,
    path: &Path,
    period: Duration,
    meter: usize,
    outbox: &Outbox,
) -> Result<(), Stop> {
    let (mut frames, mut counter) = (Frames::default(), Counter::default());
    let mut patience = Patience::default();
    let mut bytes = [0; 64];
    let (mut latest, mut told) = (None, Instant::now());
    loop {
        let length = match port.read(&mut bytes) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::TimedOut => 0,
            Err(error) => return Err(gone(path, error.kind())),
        };
        let mut fault =
            (length == 0).then(|| "nothing comes from it; is it wired, and is there mains?".to_owned());
        for byte in &bytes[..length] {
            match frames.push(*byte) {
                Some(Ok(frame)) => latest = Some(counter.read(&frame)),
                Some(Err(error)) => fault = Some(error.to_string()),
                None => {}
            }
        }
        if let Some(sentence) = fault
            && latest.is_none()
            && patience.is_over()
        {
            let sentence = format!("the CSE7766 at {}: {sentence}", path.display());
            outbox.put_waiting(meter, News::Trouble(sentence))?;
        }
        if told.elapsed() >= period
            && let Some(reading) = latest.take()
        {
            patience.good();
            told = Instant::now();
            outbox.put_waiting(meter, News::Reading(reading))?;
        } else if outbox.is_closed() {
            return Err(Stop::Closed);
        }
    }
}

#[cfg(test)]
mod tests;
