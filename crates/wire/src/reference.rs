//! The decoder once more, the slow and obvious way: prost's own, then every check. Tests and the fuzz target hold the
//! fast one against it.

#[cfg(test)]
mod tests;

use domain::{Container, HubId, SocketJoules, TickEnergy, TickLength, UtcMillis};
use prost::Message;

use crate::unpack::unpacked;
use crate::{MAX_BYTES, proto};

/// The first instant that is too late: the year 10000.
const END: u128 = 253_402_300_800_000;

/// The container in these bytes; `None` when [`decode`](crate::decode) has to refuse them.
pub fn decode(body: &[u8]) -> Option<Container> {
    if body.len() > MAX_BYTES {
        return None;
    }
    let message = proto::Container::decode(&*unpacked(body).ok()?).ok()?;
    let hub = HubId::from_bytes(message.hub.as_ref().try_into().ok()?);
    let tick_length = TickLength::from_millis(message.tick_ms).ok()?;
    if message.ticks.is_empty() || message.ticks.len() > Container::MAX_TICKS {
        return None;
    }
    // 100 kW are 100 J in a millisecond.
    let most = 100 * u64::from(message.tick_ms);
    let mut ticks: Vec<TickEnergy> = Vec::new();
    let mut mask = 0;
    for tick in message.ticks {
        if tick.sockets != 0 {
            mask = tick.sockets;
        }
        let energy = SocketJoules::from_parts(mask, tick.joules)?;
        let number = u128::from(message.first_tick) + u128::from(tick.offset);
        let start = Some(number * u128::from(message.tick_ms)).filter(|start| *start < END)?;
        let start = UtcMillis(i64::try_from(start).ok()?);
        let plausible = energy.values().iter().all(|joules| joules.unsigned_abs() <= most);
        if energy.is_empty() || !plausible || ticks.last().is_some_and(|last| start <= last.start) {
            return None;
        }
        ticks.push(TickEnergy { start, energy });
    }
    Some(Container { hub, sequence: message.sequence, tick_length, ticks })
}
