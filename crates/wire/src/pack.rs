//! Compressing containers, for those who pay for bytes. What receives them knows them by their first bytes.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The container in fewer bytes, or as it is where it would not have fewer.
pub fn compress(body: Bytes) -> Bytes {
    let mut gzip = GzEncoder::new(Vec::with_capacity(body.len()), Compression::fast());
    // Into memory: that cannot fail.
    match gzip.write_all(&body).and_then(|()| gzip.finish()) {
        Ok(packed) if packed.len() < body.len() => packed.into(),
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use domain::{Container, HubId, SocketJoules, TickEnergy, TickLength, UtcMillis};

    use super::*;
    use crate::{decode, encode};

    fn container(ticks: i64) -> Container {
        let tick = |number: i64| TickEnergy {
            start: UtcMillis(number * 10_000),
            energy: SocketJoules::from_parts(0b111, vec![100, number % 3, 0]).unwrap(),
        };
        let ticks = (0..ticks).map(tick).collect();
        Container { hub: HubId::from_bytes([7; 16]), sequence: 1, tick_length: TickLength::DEFAULT, ticks }
    }

    #[test]
    fn what_is_compressed_is_the_same_container_in_fewer_bytes() {
        let container = container(60);
        let body = encode(&container);
        let packed = compress(body.clone());
        assert!(packed.len() < body.len() / 2, "{} of {}", packed.len(), body.len());
        assert_eq!(decode(&packed).unwrap(), container);
    }

    #[test]
    fn what_would_not_get_smaller_stays_as_it_is() {
        let body = encode(&container(1));
        assert_eq!(compress(body.clone()), body);
        assert_eq!(compress(Bytes::new()), Bytes::new());
    }
}
