//! Checkpoints of a measurement ↔ bytes. In columns: a hub writes one to its disk with every tick, and each entry of a
//! column takes as few bytes as its value.

use domain::energy::Microjoules;
use domain::ids::MAX_SOCKETS;
use domain::ticker::{Checkpoint, Counted, MeterMark};
use domain::{Joules, SocketNumber, UtcMillis};
use prost::Message;

use crate::proto;

/// Why bytes are not a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("not a checkpoint: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error("a column has {has} entries and not {wants}")]
    Column { has: usize, wants: usize },
    #[error("{0} is no socket with a counter")]
    Socket(u32),
    #[error("{0} counters, at most one for each socket")]
    TooMany(usize),
}

/// The bytes of a checkpoint.
pub fn encode_checkpoint(checkpoint: &Checkpoint) -> Vec<u8> {
    let counted = &checkpoint.counted;
    let before = |at: UtcMillis| checkpoint.booked_until.0.wrapping_sub(at.0);
    let ticks = || counted.iter().filter_map(|counted| counted.tick);
    let has_tick = counted.iter().enumerate().filter(|(_, counted)| counted.tick.is_some());
    proto::Checkpoint {
        booked_until: checkpoint.booked_until.0,
        carry: checkpoint.carry.iter().map(|carry| carry.0).collect(),
        socket: counted.iter().map(|counted| counted.socket.get().into()).collect(),
        read_before: counted.iter().map(|counted| before(counted.at)).collect(),
        count: counted.iter().map(|counted| counted.count.0).collect(),
        has_tick: has_tick.fold(0, |mask, (place, _)| mask | 1 << place),
        tick_before: ticks().map(|(start, _)| before(start)).collect(),
        tick_joules: ticks().map(|(_, joules)| joules.0).collect(),
        meter: counted.iter().flat_map(mark).collect(),
    }
    .encode_to_vec()
}

fn mark(counted: &Counted) -> [u8; 2] {
    counted.meter.map_or(0, MeterMark::get).to_le_bytes()
}

/// The checkpoint in these bytes.
pub fn decode_checkpoint(body: &[u8]) -> Result<Checkpoint, CheckpointError> {
    let message = proto::Checkpoint::decode(body)?;
    let counters = message.socket.len();
    if counters > MAX_SOCKETS {
        return Err(CheckpointError::TooMany(counters));
    }
    let has_tick = |place: usize| message.has_tick >> place & 1 == 1;
    let ticks = (0..counters).filter(|&place| has_tick(place)).count();
    for (column, wants) in [
        (&message.read_before, counters),
        (&message.count, counters),
        (&message.tick_before, ticks),
        (&message.tick_joules, ticks),
    ] {
        if column.len() != wants {
            return Err(CheckpointError::Column { has: column.len(), wants });
        }
    }
    if !message.meter.is_empty() && message.meter.len() != 2 * counters {
        return Err(CheckpointError::Column { has: message.meter.len(), wants: 2 * counters });
    }
    let (marks, _) = message.meter.as_chunks::<2>();
    let at = |before: i64| UtcMillis(message.booked_until.wrapping_sub(before));
    let mut ticks = message.tick_before.iter().zip(&message.tick_joules);
    let counted = message.socket.iter().enumerate().map(|(place, &socket)| {
        let number = u8::try_from(socket).ok().and_then(|number| SocketNumber::new(number).ok());
        Ok(Counted {
            socket: number.ok_or(CheckpointError::Socket(socket))?,
            at: at(message.read_before[place]),
            count: Microjoules(message.count[place]),
            tick: if has_tick(place) {
                ticks.next().map(|(&before, &joules)| (at(before), Joules(joules)))
            } else {
                None
            },
            meter: marks.get(place).and_then(|&mark| MeterMark::new(u16::from_le_bytes(mark))),
        })
    });
    let counted = counted.collect::<Result<_, CheckpointError>>()?;
    Ok(Checkpoint {
        booked_until: UtcMillis(message.booked_until),
        carry: message.carry.iter().copied().map(Microjoules).collect(),
        counted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn counter(number: u8, tick: Option<(i64, i64)>) -> Counted {
        Counted {
            socket: SocketNumber::new(number).unwrap(),
            at: UtcMillis(NOW - 37 * i64::from(number)),
            // Ten megawatt-hours: an old meter.
            count: Microjoules(36_000_000_000_000_000 - i64::from(number)),
            tick: tick.map(|(start, joules)| (UtcMillis(start), Joules(joules))),
            meter: MeterMark::new(u16::from(number) << 8),
        }
    }

    fn home(counted: Vec<Counted>) -> Checkpoint {
        let carry = (0..30).map(|socket| Microjoules(999_999 - socket)).collect();
        Checkpoint { booked_until: UtcMillis(NOW), carry, counted }
    }

    #[test]
    fn what_is_encoded_comes_back() {
        let far = Counted {
            at: UtcMillis(i64::MIN),
            tick: Some((UtcMillis(i64::MAX), Joules(i64::MIN))),
            ..counter(63, None)
        };
        let some = vec![counter(0, None), counter(1, Some((NOW - 10_000, -5))), counter(9, None), far];
        let all = (0..64).map(|number| counter(number, Some((NOW - 10_000, 57)))).collect();
        let empty = Checkpoint { booked_until: UtcMillis(0), carry: Vec::new(), counted: Vec::new() };
        for checkpoint in [empty, home(Vec::new()), home(some), home(all)] {
            assert_eq!(decode_checkpoint(&encode_checkpoint(&checkpoint)).unwrap(), checkpoint);
        }
    }

    #[test]
    fn a_counter_takes_eighteen_bytes_and_a_socket_without_one_three() {
        let without = encode_checkpoint(&home(Vec::new())).len();
        assert!(without <= 10 + 30 * 3, "{without}");
        let counters = (0..30).map(|number| counter(number, Some((NOW - 10_000, 57))));
        let with = encode_checkpoint(&home(counters.collect())).len();
        assert!(with <= without + 30 * 18, "{with}");
    }

    #[test]
    fn every_bound_is_held() {
        let good = proto::Checkpoint {
            booked_until: NOW,
            socket: vec![1, 2],
            read_before: vec![0, 0],
            count: vec![5, 6],
            has_tick: 0b10,
            tick_before: vec![10_000],
            tick_joules: vec![1],
            ..Default::default()
        };
        let refused = |change: fn(&mut proto::Checkpoint)| {
            let mut bad = good.clone();
            change(&mut bad);
            decode_checkpoint(&bad.encode_to_vec()).unwrap_err().to_string()
        };
        assert_eq!(decode_checkpoint(&good.encode_to_vec()).unwrap().counted.len(), 2);
        assert_eq!(refused(|bad| bad.count.truncate(1)), "a column has 1 entries and not 2");
        assert_eq!(refused(|bad| bad.has_tick = 0b11), "a column has 1 entries and not 2");
        assert_eq!(refused(|bad| bad.tick_joules.push(1)), "a column has 2 entries and not 1");
        assert_eq!(refused(|bad| bad.meter = vec![1, 2, 3].into()), "a column has 3 entries and not 4");
        assert_eq!(refused(|bad| bad.socket[0] = 64), "64 is no socket with a counter");
        assert_eq!(refused(|bad| bad.socket = vec![0; 65]), "65 counters, at most one for each socket");
        assert!(decode_checkpoint(&[0x93]).is_err());
    }
}
