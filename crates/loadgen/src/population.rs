//! Who the hubs are and what they measure, all from the seed: nothing is kept, and everything can be told again.

use bytes::Bytes;
use domain::{Container, HubId, Joules, SocketJoules, TickEnergy, TickLength, UtcMillis};

use crate::chance::mixed;

/// What a number is drawn for, so that the same seed gives others for each.
const FOR_ID: u64 = 1;
const FOR_SOCKET: u64 = 2;
const FOR_TICK: u64 = 3;

/// The hubs of one swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    pub seed: u64,
    pub hubs: u32,
    /// Sockets of each hub, 1 to 64.
    pub sockets: u8,
    pub tick_length: TickLength,
    /// Where tick 0 starts; a whole tick.
    pub start: UtcMillis,
}

impl Population {
    /// The id of the hub with this index; ends with the index, so that no two are the same.
    pub fn hub(&self, index: u32) -> HubId {
        let high = mixed([self.seed, FOR_ID, index.into()]);
        let low = mixed([high, FOR_ID]);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..12].copy_from_slice(&low.to_be_bytes()[..4]);
        bytes[12..].copy_from_slice(&index.to_be_bytes());
        // Version 8, its own meaning, in the variant that all UUIDs have.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        HubId::from_bytes(bytes)
    }

    /// Which hub of this swarm has this id, if any.
    pub fn index_of(&self, hub: HubId) -> Option<u32> {
        let bytes = hub.as_bytes();
        let index = u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
        (index < self.hubs && self.hub(index) == hub).then_some(index)
    }

    pub const fn tick_start(&self, tick: i64) -> UtcMillis {
        self.start.plus_millis(tick * self.tick_length.millis_i64())
    }

    /// The number of the tick that starts here, if one does.
    pub const fn tick_at(&self, start: UtcMillis) -> Option<i64> {
        let millis = start.millis_since(self.start);
        let length = self.tick_length.millis_i64();
        if millis.rem_euclid(length) == 0 { Some(millis.div_euclid(length)) } else { None }
    }

    /// What all sockets of a hub used in one tick.
    pub fn energy(&self, index: u32, tick: i64) -> SocketJoules {
        let mask = u64::MAX >> (64 - u32::from(self.sockets));
        let joules = (0..self.sockets).map(|socket| self.joules(index, socket, tick).0).collect();
        SocketJoules::from_parts(mask, joules).unwrap_or_default()
    }

    /// Two thirds of the sockets are on standby or off, the others draw some tens or hundreds of watts, and one in
    /// 200 ticks of those is a kettle's.
    pub fn joules(&self, index: u32, socket: u8, tick: i64) -> Joules {
        let device = mixed([self.seed, FOR_SOCKET, u64::from(index) << 8 | u64::from(socket)]);
        let moment = mixed([device, FOR_TICK, tick.cast_unsigned()]);
        let seconds = u64::from(self.tick_length.secs());
        let joules = match device % 6 {
            0 => 0,
            1..=3 => moment % (3 * seconds),
            _ if moment.is_multiple_of(200) => (1_900 + device % 300) * seconds,
            _ => (10 + device / 6 % 240) * seconds + moment % (2 * seconds),
        };
        Joules(joules.cast_signed())
    }

    /// The container with which the hub reports this tick. Its sequence number is the tick's, from 1.
    pub fn container(&self, index: u32, tick: i64) -> Container {
        self.container_as(self.hub(index), index, tick)
    }

    /// The same, in the name of any hub.
    pub(crate) fn container_as(&self, hub: HubId, index: u32, tick: i64) -> Container {
        Container {
            hub,
            sequence: tick.unsigned_abs() + 1,
            tick_length: self.tick_length,
            ticks: vec![TickEnergy { start: self.tick_start(tick), energy: self.energy(index, tick) }],
        }
    }

    pub fn body(&self, index: u32, tick: i64) -> Bytes {
        wire::encode(&self.container(index, tick))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn population() -> Population {
        Population {
            seed: 7,
            hubs: 1_000,
            sockets: 30,
            tick_length: TickLength::DEFAULT,
            start: UtcMillis(1_795_219_200_000),
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let population = population();
        assert_eq!(population.body(3, 5), population.body(3, 5));
        assert_ne!(population.body(3, 5), population.body(3, 6));
        assert_ne!(population.hub(3), Population { seed: 8, ..population }.hub(3));
    }

    #[test]
    fn a_container_decodes_to_what_the_population_tells() {
        let population = population();
        for sockets in [1, 11, 64] {
            let population = Population { sockets, ..population };
            let container = wire::decode(&population.body(999, 8_640)).unwrap();
            assert_eq!(container, population.container(999, 8_640));
            assert_eq!(container.value_count(), usize::from(sockets));
        }
    }

    #[test]
    fn a_hub_is_found_by_its_id() {
        let population = population();
        assert_eq!(population.index_of(population.hub(999)), Some(999));
        assert_eq!(population.index_of(HubId::from_bytes([0; 16])), None);
        assert_eq!(Population { hubs: 999, ..population }.index_of(population.hub(999)), None);
    }

    #[test]
    fn ticks_are_numbered_from_the_start() {
        let population = population();
        assert_eq!(population.tick_at(population.tick_start(-3)), Some(-3));
        assert_eq!(population.tick_at(population.start.plus_millis(1)), None);
    }

    #[test]
    fn energy_is_that_of_a_home() {
        let population = population();
        let all: Vec<i64> =
            (0..200).flat_map(|index| population.energy(index, 17).values().to_vec()).collect();
        let small = all.iter().filter(|&&joules| joules < 30).count();
        assert!(small * 10 > all.len() * 5, "{small} of {} are standby", all.len());
        assert!(all.iter().any(|&joules| joules >= 19_000), "somebody's kettle is on");
        assert!(all.iter().all(|&joules| (0..1_000_000).contains(&joules)));
    }

    #[test]
    fn containers_have_the_size_of_real_ones() {
        let size = population().body(1, 3).len();
        assert!((70..=110).contains(&size), "{size} bytes");
    }
}
