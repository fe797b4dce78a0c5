//! What is this machine.

use std::net::IpAddr;

/// Whether `host` of a URL is this machine. Names are not looked up: what they lead to is another's to say.
pub fn is_local(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn loopback_addresses_and_localhost_are_local_and_nothing_else_is() {
        for local in ["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1", "[::1]", "::ffff:127.0.0.1"]
        {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "",
            "localhost.",
            "my.localhost",
            "0.0.0.0",
            "::",
            "10.0.0.1",
            "[fe80::1]",
            "rabbitmq",
            "127.0.0.1.example",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }
}
