use bytes::Bytes;
use domain::Container;
use prost::Message;

use crate::proto;

/// The bytes of a container.
pub fn encode(container: &Container) -> Bytes {
    let length = container.tick_length.millis_i64();
    let first = container.ticks.first().map_or(0, |tick| tick.start.0 / length);
    let mut last_mask = 0;
    let ticks = container
        .ticks
        .iter()
        .map(|tick| {
            let mask = tick.energy.mask();
            // The usual case, the same sockets as in the tick before, costs nothing.
            let sockets = if mask == last_mask { 0 } else { mask };
            last_mask = mask;
            proto::Tick {
                offset: u32::try_from(tick.start.0 / length - first).unwrap_or(u32::MAX),
                sockets,
                joules: tick.energy.values().to_vec(),
            }
        })
        .collect();
    let message = proto::Container {
        hub: Bytes::copy_from_slice(container.hub.as_bytes()),
        sequence: container.sequence,
        tick_ms: container.tick_length.millis(),
        first_tick: u64::try_from(first).unwrap_or(0),
        ticks,
    };
    message.encode_to_vec().into()
}
