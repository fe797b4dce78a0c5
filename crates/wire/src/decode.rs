use bytes::Bytes;
use domain::time::BadTickLength;
use domain::{Container, HubId, SocketJoules, TickEnergy, TickLength, UtcMillis};
use prost::Message;

use crate::{MAX_BYTES, MAX_JOULES_PER_TICK, proto};

/// The last second of the year 9999: what calendars can still show.
const MAX_SECS: u64 = 253_402_300_799;

/// Why bytes are not a container. Each reads as one sentence for an operator.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("{0} bytes are too many for a container (at most {MAX_BYTES})")]
    TooLarge(usize),
    #[error("not a protobuf container: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error("the hub id has {0} bytes instead of 16")]
    HubId(usize),
    #[error(transparent)]
    TickLength(#[from] BadTickLength),
    #[error("no ticks in it")]
    Empty,
    #[error("{0} ticks are too many (at most {max})", max = Container::MAX_TICKS)]
    TooManyTicks(usize),
    #[error("tick {tick} is not later than the one before")]
    OutOfOrder { tick: usize },
    #[error("tick {tick} lies beyond the year 9999")]
    FarFuture { tick: usize },
    #[error("tick {tick} has {values} values for {sockets} sockets")]
    Mismatch { tick: usize, values: usize, sockets: u32 },
    #[error("tick {tick} has {joules} J, which no socket can use in a tick")]
    Implausible { tick: usize, joules: i64 },
}

/// The container in these bytes.
pub fn decode(body: &Bytes) -> Result<Container, DecodeError> {
    if body.len() > MAX_BYTES {
        return Err(DecodeError::TooLarge(body.len()));
    }
    let message = proto::Container::decode(body.clone())?;
    let hub =
        <[u8; 16]>::try_from(message.hub.as_ref()).map_err(|_| DecodeError::HubId(message.hub.len()))?;
    let tick_length = TickLength::from_millis(message.tick_ms)?;
    if message.ticks.is_empty() {
        return Err(DecodeError::Empty);
    }
    if message.ticks.len() > Container::MAX_TICKS {
        return Err(DecodeError::TooManyTicks(message.ticks.len()));
    }

    let mut ticks = Vec::with_capacity(message.ticks.len());
    let mut mask = 0;
    let mut last = None;
    for (index, tick) in message.ticks.into_iter().enumerate() {
        if last.is_some_and(|last| tick.offset <= last) {
            return Err(DecodeError::OutOfOrder { tick: index });
        }
        last = Some(tick.offset);
        if tick.sockets != 0 {
            mask = tick.sockets;
        }
        if let Some(&joules) =
            tick.joules.iter().find(|joules| joules.unsigned_abs() > MAX_JOULES_PER_TICK.unsigned_abs())
        {
            return Err(DecodeError::Implausible { tick: index, joules });
        }
        let start = start_of(message.first_tick, tick.offset, tick_length)
            .ok_or(DecodeError::FarFuture { tick: index })?;
        let values = tick.joules.len();
        let energy = SocketJoules::from_parts(mask, tick.joules)
            .filter(|energy| !energy.is_empty())
            .ok_or(DecodeError::Mismatch { tick: index, values, sockets: mask.count_ones() })?;
        ticks.push(TickEnergy { start, energy });
    }
    Ok(Container { hub: HubId::from_bytes(hub), sequence: message.sequence, tick_length, ticks })
}

fn start_of(first: u64, offset: u32, length: TickLength) -> Option<UtcMillis> {
    let number = first.checked_add(u64::from(offset))?;
    let millis = number.checked_mul(u64::from(length.millis()))?;
    (millis / 1_000 <= MAX_SECS).then_some(())?;
    Some(UtcMillis(i64::try_from(millis).ok()?))
}
