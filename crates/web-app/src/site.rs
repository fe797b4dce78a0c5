//! Where a request comes from: from the page itself, from a program, or from a page of another site.

use http::uri::{Authority, Scheme};
use http::{HeaderMap, Uri, header};

const SITE: &str = "sec-fetch-site";
const FORWARDED_HOST: &str = "x-forwarded-host";

/// Whether another site has made it, so that it is refused, cookie or not. Browsers say where a request comes from in
/// `Sec-Fetch-Site`, but not to an address without HTTPS that is not this machine's; there they say it in `Origin`, which
/// then has to be the address that they asked. Programs say neither.
///
/// `hops` of our own proxies stand before us: what the outermost of them says it was asked as counts too.
pub(crate) fn is_another(headers: &HeaderMap, hops: u8) -> bool {
    if let Some(site) = headers.get(SITE) {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return false };
    let Some(origin) = origin.to_str().ok().and_then(Address::of_origin) else { return true };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let mut asked = host.into_iter().chain(forwarded_host(headers, hops));
    let is_ours = asked.any(|text| Address::of_host(text, &origin.scheme).is_some_and(|one| one == origin));
    !is_ours || origins.next().is_some()
}

/// Each of the proxies adds an entry, or leaves that of the outermost alone.
fn forwarded_host(headers: &HeaderMap, hops: u8) -> Option<&str> {
    let lines = headers.get_all(FORWARDED_HOST).iter();
    let entries: Vec<&str> =
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim).collect();
    let hops = usize::from(hops).min(entries.len());
    entries[entries.len() - hops..].first().copied()
}

/// A scheme, a host in lower-case letters, and a port.
#[derive(PartialEq, Eq)]
struct Address {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Address {
    /// `null`, which a page in a sandbox says, is none.
    fn of_origin(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        Self::new(uri.scheme()?, uri.authority()?)
    }

    /// Of a host that was asked by `scheme`, which it does not say itself.
    fn of_host(text: &str, scheme: &Scheme) -> Option<Self> {
        Self::new(scheme, &text.parse().ok()?)
    }

    fn new(scheme: &Scheme, authority: &Authority) -> Option<Self> {
        let port = match authority.port_u16() {
            Some(port) => port,
            None if *scheme == Scheme::HTTP => 80,
            None if *scheme == Scheme::HTTPS => 443,
            None => return None,
        };
        Some(Self { scheme: scheme.clone(), host: authority.host().to_ascii_lowercase(), port })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn is_another_with(headers: &[(&'static str, &'static str)], hops: u8) -> bool {
        let mut map = HeaderMap::new();
        for &(name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        is_another(&map, hops)
    }

    #[test]
    fn what_a_browser_says_of_the_site_counts() {
        let site =
            |text| is_another_with(&[(SITE, text), ("origin", "http://a.example"), ("host", "b.example")], 0);
        assert!(site("cross-site") && site("same-site") && site(""));
        assert!(!site("same-origin") && !site("none"));
    }

    #[test]
    fn without_that_the_origin_has_to_be_the_host() {
        for (origin, host) in [
            ("http://192.168.1.10:8080", "192.168.1.10:8080"),
            ("http://home.example", "home.example"),
            ("http://home.example", "home.example:80"),
            ("http://home.example", "Home.Example"),
            ("https://home.example", "home.example:443"),
            ("http://[fd00::1]:8080", "[fd00::1]:8080"),
        ] {
            assert!(!is_another_with(&[("origin", origin), ("host", host)], 0), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "home.example"),
            ("", "home.example"),
            ("http://evil.example", "home.example"),
            ("http://home.example.evil.example", "home.example"),
            ("http://home.example", "home.example:8080"),
            ("http://home.example:8080", "home.example"),
            ("https://home.example", "home.example:80"),
            ("file://home.example", "home.example"),
            ("home.example", "home.example"),
            ("http://home.example", ""),
        ] {
            assert!(is_another_with(&[("origin", origin), ("host", host)], 0), "{origin} {host}");
        }
        assert!(is_another_with(&[("origin", "http://home.example")], 0));
        let two =
            [("origin", "http://home.example"), ("origin", "http://evil.example"), ("host", "home.example")];
        assert!(is_another_with(&two, 0));
        assert!(!is_another_with(&[("host", "home.example")], 0), "a program");
    }

    #[test]
    fn a_proxy_of_ours_may_say_what_it_was_asked_as() {
        let behind = |forwarded, hops| {
            let headers =
                [("origin", "https://home.example"), ("host", "web-app:8080"), (FORWARDED_HOST, forwarded)];
            is_another_with(&headers, hops)
        };
        assert!(!behind("home.example", 1));
        assert!(!behind("evil.example, home.example", 1));
        assert!(!behind("home.example, inner.example", 2));
        assert!(behind("home.example", 0), "anybody can say so");
        assert!(behind("home.example, evil.example", 1) && behind("", 1));
    }
}
