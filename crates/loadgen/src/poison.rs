//! What a broken or hostile hub might publish. None of it may reach the store.
//!
//! Whatever could be taken for a container tells of ticks that the swarm never sends: those just before its start, or
//! far in the future. So `verify` finds each one that slipped through.

use std::io::Write;

use bytes::Bytes;
use domain::{Container, Joules};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::chance::mixed;
use crate::population::Population;

/// Ticks before the start that poison tells of.
const TICKS_BEFORE: u32 = 1_000;
const TEN_YEARS_MILLIS: i64 = 3_652 * 24 * 3_600_000;
/// Of every so many, one is a large one: they take the broker's time from everything else.
const ONE_LARGE_IN: u32 = 20;
/// A field that no version of a container has, length-delimited.
const UNKNOWN_FIELD: u8 = 15 << 3 | 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Poison {
    /// Bytes that are no protobuf.
    Garbage,
    /// A good container, published in the name of another hub than it is of.
    OtherHub,
    /// Ticks ten years after the start.
    FarFuture,
    /// More than 100 kW at one socket.
    TooMuchEnergy,
    /// A few kilobytes of gzip that unpack to two mebibytes.
    Bomb,
    /// A body of 1 MiB and 1 byte.
    TooLarge,
}

impl Poison {
    const CYCLE: [Self; 5] =
        [Self::Garbage, Self::OtherHub, Self::FarFuture, Self::TooMuchEnergy, Self::Bomb];
    /// As they are named in ledgers and reports.
    pub const NAMES: [&str; 6] =
        ["garbage", "other-hub", "far-future", "too-much-energy", "gzip-bomb", "too-large"];

    /// The kind of the poison with this number, from 0.
    pub fn of_number(number: u32) -> Self {
        if number % ONE_LARGE_IN == ONE_LARGE_IN - 1 {
            return Self::TooLarge;
        }
        Self::CYCLE[number as usize % Self::CYCLE.len()]
    }

    /// The body of the poison with this number, published with the routing key of the hub with this index.
    pub fn body(self, population: &Population, index: u32, number: u32) -> Bytes {
        let before = -1 - i64::from(number % TICKS_BEFORE);
        let container = || population.container(index, before);
        match self {
            Self::Garbage => garbage(population.seed, index, number),
            Self::OtherHub => {
                let other = (index + 1) % population.hubs.max(2);
                wire::encode(&population.container_as(population.hub(other), other, before))
            }
            Self::FarFuture => {
                let ticks = TEN_YEARS_MILLIS / population.tick_length.millis_i64();
                wire::encode(&population.container(index, ticks + i64::from(number)))
            }
            Self::TooMuchEnergy => wire::encode(&beyond_physics(container())),
            Self::Bomb => gzip(&padded(&container(), 2 * wire::MAX_BYTES)),
            Self::TooLarge => padded(&container(), wire::MAX_BYTES + 1).into(),
        }
    }
}

fn garbage(seed: u64, index: u32, number: u32) -> Bytes {
    // Begins with a wire type that protobuf does not have.
    let mut bytes = vec![0x07];
    let mut word = mixed([seed, index.into(), number.into()]);
    for _ in 0..10 {
        bytes.extend(word.to_le_bytes());
        word = mixed([word]);
    }
    bytes.into()
}

fn beyond_physics(mut container: Container) -> Container {
    for tick in &mut container.ticks {
        if let Some((socket, _)) = tick.energy.iter().last() {
            tick.energy.set(socket, Joules(wire::MAX_JOULES_PER_TICK + 1));
        }
    }
    container
}

/// A container of exactly `length` bytes, most of them in a field that readers pass over.
#[expect(clippy::cast_possible_truncation, reason = "seven bits")]
fn padded(container: &Container, length: usize) -> Vec<u8> {
    let mut bytes = wire::encode(container).to_vec();
    bytes.push(UNKNOWN_FIELD);
    // Four bytes of length hold up to 256 MiB, with the continuation bit in the first three.
    let mut padding = length - bytes.len() - 4;
    for place in 0..4 {
        let more = if place < 3 { 0x80 } else { 0 };
        bytes.push((padding & 0x7f) as u8 | more);
        padding >>= 7;
    }
    bytes.resize(length, 0);
    bytes
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail; were it to, the rest is garbage and poison all the same.
    packed.write_all(bytes).ok();
    packed.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::tests::population;

    fn refusal(poison: Poison) -> String {
        let body = poison.body(&population(), 5, 3);
        wire::decode(&body).map(|container| container.sequence).unwrap_err().to_string()
    }

    #[test]
    fn the_codec_refuses_what_is_no_container() {
        assert!(refusal(Poison::Garbage).contains("protobuf"), "{}", refusal(Poison::Garbage));
        assert!(refusal(Poison::TooMuchEnergy).contains("6000001 J"), "{}", refusal(Poison::TooMuchEnergy));
        assert!(refusal(Poison::Bomb).contains("unpacks to more"), "{}", refusal(Poison::Bomb));
        assert!(refusal(Poison::TooLarge).contains("too many"), "{}", refusal(Poison::TooLarge));
    }

    #[test]
    fn only_its_size_is_wrong_with_what_is_too_large() {
        let population = population();
        let body = Poison::TooLarge.body(&population, 5, 3);
        assert_eq!(body.len(), wire::MAX_BYTES + 1);
        let smaller = padded(&population.container(5, -4), wire::MAX_BYTES);
        assert_eq!(wire::decode(&smaller).unwrap(), population.container(5, -4));
    }

    #[test]
    fn a_bomb_is_small() {
        assert!(Poison::Bomb.body(&population(), 5, 3).len() < 16_384);
    }

    #[test]
    fn another_hub_is_another_of_the_swarm() {
        let population = population();
        for index in [5, population.hubs - 1] {
            let container = wire::decode(&Poison::OtherHub.body(&population, index, 3)).unwrap();
            assert_ne!(container.hub, population.hub(index));
            assert!(population.index_of(container.hub).is_some());
        }
    }

    #[test]
    fn the_future_is_ten_years_away() {
        let population = population();
        let container = wire::decode(&Poison::FarFuture.body(&population, 5, 3)).unwrap();
        assert_eq!(container.hub, population.hub(5));
        assert!(container.ticks[0].start.millis_since(population.start) >= TEN_YEARS_MILLIS);
    }

    #[test]
    fn all_kinds_take_turns_and_large_ones_are_rare() {
        let kinds: Vec<Poison> = (0..100).map(Poison::of_number).collect();
        for kind in Poison::CYCLE {
            assert!(kinds.iter().filter(|&&other| other == kind).count() >= 15);
        }
        assert_eq!(kinds.iter().filter(|&&kind| kind == Poison::TooLarge).count(), 5);
    }
}
