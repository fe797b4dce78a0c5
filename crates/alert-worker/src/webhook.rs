//! Webhooks: a POST of JSON to where a household wants it.
//!
//! The address is anybody's choice, so the request must not become a way to reach what only this machine can reach:
//! names are resolved by ourselves and addresses that are not public are left out, redirects are not followed, and of
//! the answer nothing but its status is looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::alerts::Letter;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, StatusCode, Url, redirect};
use service::tls::Trusted;

use crate::post::SendError;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Tells an attempt from another letter.
const ID_HEADER: &str = "x-wattline-id";

#[derive(Debug)]
pub(crate) struct Webhook {
    client: Client,
    allow_private: bool,
}

impl Webhook {
    pub(crate) fn new(allow_private: bool, trusted: &Trusted) -> Result<Self, reqwest::Error> {
        let mut builder = Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .user_agent("wattline");
        if !allow_private {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        Ok(Self { client: trusted.put_into(builder).build()?, allow_private })
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let never = |error: String| SendError::Never(error);
        let url = Url::parse(&letter.to).map_err(|error| never(error.to_string()))?;
        // An address in the URL is not resolved, so it is looked at here.
        if !self.allow_private && literal(&url).is_some_and(|address| !is_public(address)) {
            return Err(never("the address is not a public one".to_owned()));
        }
        let request = self
            .client
            .post(url)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .header(ID_HEADER, letter.id.to_string())
            .body(letter.body.clone());
        let answer = request.send().await.map_err(|error| SendError::Later(reason(&error)))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if is_final(status) => Err(never(format!("it answered {status}"))),
            status => Err(SendError::Later(format!("it answered {status}"))),
        }
    }
}

/// Whether the same request would be refused again.
fn is_final(status: StatusCode) -> bool {
    let patience = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    !status.is_server_error() && !patience.contains(&status)
}

/// Without the URL, which may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "no answer in time" } else { "not reachable" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Leaves out addresses that are not public.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("it has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// By the registries of special-purpose addresses (RFC 6890 and its successors).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a >= 240
        // Shared by the customers of a provider, protocol assignments, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // What is given out is in 2000::/3.
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000
        // Documentation, and protocol assignments such as Teredo.
        && !(first == 0x2001 && (second == 0x0db8 || second < 0x0200))
        && first != 0x3fff
}

/// The IPv4 address that one of IPv6 stands for: mapped, 6to4, or behind NAT64.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in ["1.1.1.1", "100.128.0.1", "198.20.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inside in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.5",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::7f00:1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn an_address_in_the_url_is_seen_however_it_is_written() {
        let seen = |url: &str| literal(&Url::parse(url).unwrap()).is_some_and(|address| !is_public(address));
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]:80/x",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert!(seen(url), "{url}");
        }
        assert!(!seen("https://example.org/"));
    }

    #[test]
    fn some_refusals_are_for_now_and_some_for_ever() {
        assert!(is_final(StatusCode::NOT_FOUND) && is_final(StatusCode::FOUND) && is_final(StatusCode::GONE));
        assert!(!is_final(StatusCode::TOO_MANY_REQUESTS) && !is_final(StatusCode::BAD_GATEWAY));
    }
}
