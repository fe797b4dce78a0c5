//! TLS, and where a service does without: one section `[tls]`, the same for every binary.
//!
//! Servers show the certificate of `certificate` and `key`. Clients believe the system's authorities and those of `ca`,
//! and nothing turns that off. Plain text is for this machine, unless `plain_text` says otherwise.

mod certificate;
mod listener;
mod local;
mod renewal;
mod trusted;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

pub use certificate::CertificateError;
pub use listener::Listener;
pub use local::is_local;
pub use trusted::{Trusted, TrustedError};

use crate::clock::SystemClock;
use domain::Clock as _;

/// How connections are protected, those from others and those to others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// In PEM: the certificate of this server, then those between it and the authority. Read again when it changes.
    pub certificate: Option<PathBuf>,
    /// In PEM: the private key of the certificate.
    pub key: Option<PathBuf>,
    /// In PEM: authorities that are believed besides the system's.
    pub ca: Option<PathBuf>,
    pub plain_text: PlainText,
}

/// Where nothing need be encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlainText {
    /// On this machine: loopback addresses, `localhost` and Unix sockets. Names are not looked up.
    #[default]
    Local,
    /// Everywhere: the network itself is safe, as one between containers of one machine or a VPN.
    Anywhere,
}

const SWITCH: &str = "tls.plain_text = \"anywhere\"";

impl TlsConfig {
    /// Says what does not make sense, one sentence each, beginning with the key. Reads the files.
    pub fn validate(&self, faults: &mut Vec<String>) {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                if let Err(fault) = certificate::Pair::read(certificate, key) {
                    faults.push(fault.to_string());
                }
            }
            (Some(_), None) => faults.push("tls.certificate: needs tls.key".to_owned()),
            (None, Some(_)) => faults.push("tls.key: needs tls.certificate".to_owned()),
            (None, None) => {}
        }
        if let Err(fault) = self.trusted() {
            faults.push(fault.to_string());
        }
    }

    /// Says, of a setting `key`, that others could listen to what is said on `address`.
    pub fn may_listen(&self, key: &str, address: SocketAddr, faults: &mut Vec<String>) {
        let is_local = address.ip().to_canonical().is_loopback();
        if self.serves_tls() || is_local || self.plain_text == PlainText::Anywhere {
            return;
        }
        faults.push(format!(
            "{key}: {address} can be reached from other machines, and in plain text: set tls.certificate and tls.key, or \
             {SWITCH} where the network is safe"
        ));
    }

    /// Says, of a setting `key`, that what is said to `host` could be listened to. `None` where TLS or a Unix socket
    /// is used.
    pub fn may_reach(&self, key: &str, host: Option<&str>, faults: &mut Vec<String>) {
        let Some(host) = host else { return };
        if is_local(host) || self.plain_text == PlainText::Anywhere {
            return;
        }
        faults.push(format!(
            "{key}: {host} is another machine, and would be spoken to in plain text: use TLS, or {SWITCH} where the network \
             is safe"
        ));
    }

    /// The same, of several settings and their hosts.
    pub fn may_reach_each(&self, hosts: &[(String, String)], faults: &mut Vec<String>) {
        for (key, host) in hosts {
            self.may_reach(key, Some(host), faults);
        }
    }

    /// The same, of an HTTP address. One that is none is somebody else's to name.
    pub fn may_ask(&self, key: &str, url: &str, faults: &mut Vec<String>) {
        if let Ok(url) = url::Url::parse(url)
            && url.scheme() == "http"
        {
            self.may_reach(key, url.host_str(), faults);
        }
    }

    /// What an operator should know of at every start.
    pub fn warnings(&self, warnings: &mut Vec<String>) {
        if self.plain_text == PlainText::Anywhere {
            warnings.push(format!("{SWITCH}: whoever is in the network may read and change what is sent"));
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key)
            && let Ok(pair) = certificate::Pair::read(certificate, key)
        {
            warnings.extend(pair.warning(SystemClock.now()));
        }
    }

    /// Whether this server shows a certificate.
    pub const fn serves_tls(&self) -> bool {
        self.certificate.is_some()
    }

    /// The authorities of `ca`; none when it is not set.
    pub fn trusted(&self) -> Result<Trusted, TrustedError> {
        self.ca.as_deref().map_or_else(|| Ok(Trusted::default()), Trusted::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(ask: impl FnOnce(&TlsConfig, &mut Vec<String>), config: &TlsConfig) -> Vec<String> {
        let mut faults = Vec::new();
        ask(config, &mut faults);
        faults
    }

    fn anywhere() -> TlsConfig {
        TlsConfig { plain_text: PlainText::Anywhere, ..TlsConfig::default() }
    }

    #[test]
    fn plain_text_stays_on_this_machine_unless_the_configuration_says_so() {
        let of =
            |url: &str, config: &TlsConfig| faults(|tls, faults| tls.may_ask("x.url", url, faults), config);
        for local in [
            "http://127.0.0.1:9403",
            "http://127.8.8.8/",
            "http://[::1]:80/",
            "http://localhost",
            "http://LOCALHOST:1",
        ] {
            assert!(of(local, &TlsConfig::default()).is_empty(), "{local}");
        }
        for plain in [
            "http://auth-service:9403",
            "http://10.0.0.2",
            "http://[fe80::1]/",
            "http://localhost.example",
            "http://0.0.0.0",
        ] {
            let said = of(plain, &TlsConfig::default());
            assert!(
                said.len() == 1 && said[0].starts_with("x.url: ") && said[0].contains(SWITCH),
                "{plain}: {said:?}"
            );
            assert!(of(plain, &anywhere()).is_empty());
        }
        assert!(of("https://auth.example", &TlsConfig::default()).is_empty());
    }

    #[test]
    fn a_port_for_others_wants_a_certificate() {
        let of = |address: &str, config: &TlsConfig| {
            faults(|tls, faults| tls.may_listen("listen", address.parse().unwrap(), faults), config).len()
        };
        let with_certificate = TlsConfig { certificate: Some("x.pem".into()), ..TlsConfig::default() };
        for (address, count) in [
            ("127.0.0.1:8080", 0),
            ("[::1]:8080", 0),
            ("[::ffff:127.0.0.1]:8080", 0),
            ("0.0.0.0:8080", 1),
            ("[::]:8080", 1),
            ("192.168.1.5:8080", 1),
        ] {
            assert_eq!(of(address, &TlsConfig::default()), count, "{address}");
            assert_eq!(of(address, &anywhere()) + of(address, &with_certificate), 0, "{address}");
        }
    }

    #[test]
    fn the_switch_is_told_of_at_every_start() {
        assert_eq!(faults(TlsConfig::warnings, &anywhere()).len(), 1);
        assert!(faults(TlsConfig::warnings, &TlsConfig::default()).is_empty());
    }

    #[test]
    fn a_certificate_and_its_key_go_together_and_are_there() {
        let config = |certificate: Option<&str>, key: Option<&str>| TlsConfig {
            certificate: certificate.map(Into::into),
            key: key.map(Into::into),
            ..TlsConfig::default()
        };
        for (wrong, begins) in [
            (config(Some("a.pem"), None), "tls.certificate: "),
            (config(None, Some("a.key")), "tls.key: "),
            (config(Some("/no/such.pem"), Some("/no/such.key")), "tls.certificate: /no/such.pem: "),
            (TlsConfig { ca: Some("/no/ca.pem".into()), ..TlsConfig::default() }, "tls.ca: /no/ca.pem: "),
        ] {
            let said = faults(TlsConfig::validate, &wrong);
            assert!(said.len() == 1 && said[0].starts_with(begins), "{said:?}");
        }
        assert!(faults(TlsConfig::validate, &TlsConfig::default()).is_empty());
    }
}
