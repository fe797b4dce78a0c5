//! The body of a real container, for programs that publish the same message over and over, such as RabbitMQ's
//! `PerfTest`.

use domain::{Container, HubId, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, UtcMillis};

/// Joules of 10 s as homes have them: much standby, some tens of watts, now and then a kettle.
pub(crate) const TYPICAL: [i64; 15] =
    [0, 13, 118, 905, 20_150, 31, 4, 1_712, 96, 0, 441, 2_290, 57, 1_010, 8];

/// A container of one hub: `values` measurements, spread over as few ticks as 64 sockets allow.
pub fn container(hub: HubId, start: UtcMillis, values: usize) -> Container {
    let length = TickLength::DEFAULT;
    let sockets = values.clamp(1, domain::ids::MAX_SOCKETS);
    let ticks = (0..values.max(1))
        .step_by(sockets)
        .zip(0i64..)
        .map(|(first, number)| {
            let joules = TYPICAL.into_iter().cycle().skip(first % TYPICAL.len()).map(Joules);
            let energy: SocketJoules = SocketNumber::in_mask(u64::MAX)
                .take(sockets.min(values.max(1) - first))
                .zip(joules)
                .collect();
            TickEnergy { start: length.tick_of(start).plus_millis(number * length.millis_i64()), energy }
        })
        .collect();
    Container { hub, sequence: 1, tick_length: length, ticks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_has_as_many_values_as_asked_and_can_be_decoded() {
        for values in [1, 11, 30, 64, 65, 300] {
            let container = container(HubId::from_bytes([1; 16]), UtcMillis(1_795_219_200_000), values);
            assert_eq!(container.value_count(), values);
            assert_eq!(wire::decode(&wire::encode(&container)).unwrap(), container);
        }
    }
}
