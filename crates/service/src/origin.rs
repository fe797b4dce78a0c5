//! Where a request comes from, past our own proxies.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::request::Parts;

/// In which those who pass a request on say who asked them.
pub const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who is at the other end of the connection: an extension of every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The address of whoever asks, when `hops` of our own services and proxies stand before this one and add who asked them
/// to `X-Forwarded-For`: the entry of the outermost of them counts. What stands before it anybody can make up.
pub fn of(parts: &Parts, hops: u8) -> IpAddr {
    let peer = parts.extensions.get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip());
    let lines = parts.headers.get_all(FORWARDED_FOR).iter();
    let entries = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    outermost(entries, hops).unwrap_or(peer)
}

fn outermost<'a>(entries: impl Iterator<Item = &'a str>, hops: u8) -> Option<IpAddr> {
    let entries: Vec<&str> = entries.map(str::trim).collect();
    let hops = usize::from(hops).min(entries.len());
    entries[entries.len() - hops..].first()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_our_own_outermost_hop_counts() {
        let of = |header: &str, hops| outermost(header.split(','), hops).map(|address| address.to_string());
        assert_eq!(of("203.0.113.9, 192.0.2.1", 1).as_deref(), Some("192.0.2.1"));
        assert_eq!(of("198.51.100.7, 203.0.113.9, 192.0.2.1", 2).as_deref(), Some("203.0.113.9"));
        // Somebody asked from further inside: there is no more to go by.
        assert_eq!(of("192.0.2.1", 2).as_deref(), Some("192.0.2.1"));
        assert_eq!(of("192.0.2.1", 0), None);
        assert_eq!(of("nonsense", 1), None);
        assert_eq!(outermost(std::iter::empty(), 1), None);
    }
}
