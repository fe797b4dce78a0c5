use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Mutex;

/// Below the range from which the kernel takes the ports of outgoing connections. A port from that range can be
/// taken while a server restarts, or a client that retries can even connect to itself.
const RANGE: std::ops::Range<u16> = 15_000..32_000;

static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port of 127.0.0.1 on which nothing listens. No two calls in one process give the same one.
pub fn free_port() -> u16 {
    loop {
        let port = rand::random_range(RANGE);
        let mut given = GIVEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.insert(port);
            return port;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let ports: BTreeSet<u16> = (0..200).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 200);
    }
}
