//! A rollup as bytes, which is how stores keep it: a year of 30 sockets is some 2 MB and unpacked in milliseconds.
//!
//! Two parts, so that a question about energy alone reads half. In both, numbers are varints of seven bits, lowest
//! group first; signed ones are zigzag-coded.
//!
//! - energy: the mask of the sockets; for each of them, lowest first, its measured seconds in runs (length, seconds)
//!   that add up to the quarter hours of the day; then for each socket the joules of its measured quarter hours.
//! - power: for each socket and measured quarter hour the peak in milliwatts, and how much lower the trough is, plus
//!   one; 0 for no trough.

use super::day::{DayRollup, Detail, QUARTERS, SocketDay, UtcDay};
use crate::calendar::QUARTER_HOUR_MILLIS;
use crate::energy::Milliwatts;
use crate::ids::{HubId, SocketNumber};
use crate::time::UtcMillis;

/// A [`DayRollup`] as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedDay {
    pub hub: HubId,
    pub day: UtcDay,
    pub quarters: u8,
    pub energy: Vec<u8>,
    /// Not there when only energy was asked for.
    pub power: Option<Vec<u8>>,
}

/// What is kept is not a rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rollup of {day} of hub {hub} is damaged")]
pub struct BadRollup {
    pub hub: HubId,
    pub day: UtcDay,
}

impl PackedDay {
    pub fn pack(day: &DayRollup) -> Self {
        let (mut energy, mut power) = (Vec::new(), Vec::new());
        let mask = day.sockets.iter().fold(0u64, |mask, socket| mask | 1 << socket.socket.get());
        put(&mut energy, mask);
        for socket in &day.sockets {
            for run in socket.measured_secs.chunk_by(|a, b| a == b) {
                put(&mut energy, run.len() as u64);
                put(&mut energy, u64::from(run[0]));
            }
        }
        for socket in &day.sockets {
            for place in socket.measured_quarters() {
                put(&mut energy, zigzag(socket.energy[place]));
                let peak = socket.peak[place].0;
                put(&mut power, zigzag(peak));
                put(&mut power, socket.trough[place].map_or(0, |trough| peak.abs_diff(trough.0) + 1));
            }
        }
        Self { hub: day.hub, day: day.day, quarters: day.quarters, energy, power: Some(power) }
    }

    /// Where it ends.
    pub fn until(&self) -> UtcMillis {
        self.day.start().plus_millis(i64::from(self.quarters) * QUARTER_HOUR_MILLIS)
    }

    pub fn unpack(&self, detail: Detail) -> Result<DayRollup, BadRollup> {
        self.read(detail).ok_or(BadRollup { hub: self.hub, day: self.day })
    }

    fn read(&self, detail: Detail) -> Option<DayRollup> {
        let quarters = usize::from(self.quarters);
        if quarters > QUARTERS {
            return None;
        }
        let mut bytes = self.energy.as_slice();
        let mut sockets = Vec::new();
        for socket in SocketNumber::in_mask(take(&mut bytes)?) {
            let mut measured_secs = Vec::with_capacity(quarters);
            while measured_secs.len() < quarters {
                let run = usize::try_from(take(&mut bytes)?).ok()?;
                let secs = u16::try_from(take(&mut bytes)?).ok()?;
                if run == 0 || run > quarters - measured_secs.len() {
                    return None;
                }
                measured_secs.resize(measured_secs.len() + run, secs);
            }
            let (energy, peak, trough) = (vec![0; quarters], Vec::new(), Vec::new());
            sockets.push(SocketDay { socket, measured_secs, energy, peak, trough });
        }
        for socket in &mut sockets {
            for place in 0..quarters {
                if socket.measured_secs[place] > 0 {
                    socket.energy[place] = unzigzag(take(&mut bytes)?);
                }
            }
        }
        if !bytes.is_empty() {
            return None;
        }
        if detail == Detail::Power {
            read_power(self.power.as_deref()?, &mut sockets)?;
        }
        Some(DayRollup { hub: self.hub, day: self.day, quarters: self.quarters, sockets })
    }
}

fn read_power(mut bytes: &[u8], sockets: &mut [SocketDay]) -> Option<()> {
    for socket in sockets {
        let quarters = socket.measured_secs.len();
        socket.resize(quarters);
        for place in 0..quarters {
            if socket.measured_secs[place] > 0 {
                let peak = unzigzag(take(&mut bytes)?);
                socket.peak[place] = Milliwatts(peak);
                let lower = take(&mut bytes)?;
                socket.trough[place] = match lower.checked_sub(1) {
                    Some(lower) => Some(Milliwatts(peak.checked_sub_unsigned(lower)?)),
                    None => None,
                };
            }
        }
    }
    bytes.is_empty().then_some(())
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push((value & 0x7f) as u8);
}

/// `None` when the bytes end before the number does, or when it has more than 64 bits.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    // Nearly all numbers have at most three bytes: 1,165 W for a quarter hour.
    match **bytes {
        [a, ref rest @ ..] if a < 0x80 => {
            *bytes = rest;
            return Some(a.into());
        }
        [a, b, ref rest @ ..] if b < 0x80 => {
            *bytes = rest;
            return Some(u64::from(a & 0x7f) | u64::from(b) << 7);
        }
        [a, b, c, ref rest @ ..] if c < 0x80 => {
            *bytes = rest;
            return Some(u64::from(a & 0x7f) | u64::from(b & 0x7f) << 7 | u64::from(c) << 14);
        }
        _ => {}
    }
    let mut value = 0u64;
    for place in 0..10 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if place == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HUB: HubId = HubId::from_bytes([9; 16]);

    prop_compose! {
        fn quarter()(secs in prop_oneof![Just(0u16), Just(900), 1..=900u16], energy in -90_000_000i64..90_000_000,
                     peak in -100_000_000i64..100_000_000, lower in prop::option::of(0i64..1_000_000))
            -> (u16, i64, Milliwatts, Option<Milliwatts>) {
            let trough = lower.map(|lower| Milliwatts(peak - lower));
            if secs == 0 { (0, 0, Milliwatts(0), None) } else { (secs, energy, Milliwatts(peak), trough) }
        }
    }

    fn day() -> impl Strategy<Value = DayRollup> {
        (0..=96u8).prop_flat_map(|quarters| {
            let columns = prop::collection::vec(quarter(), usize::from(quarters));
            prop::collection::btree_map(0..64u8, columns, 0..6).prop_map(move |sockets| DayRollup {
                hub: HUB,
                day: UtcDay(20_000),
                quarters,
                sockets: sockets
                    .into_iter()
                    .map(|(number, columns)| SocketDay {
                        socket: SocketNumber::new(number).unwrap(),
                        measured_secs: columns.iter().map(|quarter| quarter.0).collect(),
                        energy: columns.iter().map(|quarter| quarter.1).collect(),
                        peak: columns.iter().map(|quarter| quarter.2).collect(),
                        trough: columns.iter().map(|quarter| quarter.3).collect(),
                    })
                    .collect(),
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(day in day()) {
            let packed = PackedDay::pack(&day);
            prop_assert_eq!(packed.unpack(Detail::Power), Ok(day.clone()));
            let energy_only = PackedDay { power: None, ..packed }.unpack(Detail::Energy).unwrap();
            let agrees = |(a, b): (&SocketDay, &SocketDay)| {
                a.energy == b.energy && a.measured_secs == b.measured_secs && a.peak.is_empty()
            };
            prop_assert!(energy_only.sockets.iter().zip(&day.sockets).all(agrees));
        }

        #[test]
        fn any_bytes_are_refused_or_a_rollup(quarters in 0..=255u8, energy: Vec<u8>, power: Vec<u8>) {
            let packed = PackedDay { hub: HUB, day: UtcDay(1), quarters, energy, power: Some(power) };
            if let Ok(day) = packed.unpack(Detail::Power) {
                let columns = usize::from(quarters);
                prop_assert!(day.sockets.iter().all(|socket| socket.peak.len() == columns));
            }
        }
    }

    #[test]
    fn a_day_of_an_idle_socket_takes_about_a_hundred_bytes() {
        let socket = SocketDay {
            socket: SocketNumber::new(0).unwrap(),
            measured_secs: vec![900; 96],
            energy: vec![40; 96],
            peak: vec![Milliwatts(44); 96],
            trough: vec![Some(Milliwatts(44)); 96],
        };
        let day = DayRollup { hub: HUB, day: UtcDay(0), quarters: 96, sockets: vec![socket] };
        let packed = PackedDay::pack(&day);
        assert_eq!(packed.energy.len(), 1 + 3 + 96);
    }
}
