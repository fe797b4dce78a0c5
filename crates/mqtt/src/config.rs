use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::{Host, Url};

/// How to reach the broker. RabbitMQ needs its MQTT plugin, from 3.13 on, with `mqtt.exchange = telemetry`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `mqtts://host`, with `:port` unless that is 8883; or `mqtt://host`, in plain text, whose port is 1883.
    pub url: String,
    /// The hub's id, unless this says otherwise.
    pub user: Option<String>,
    /// The hub's secret, unless this says otherwise.
    pub password: Option<SecretString>,
    /// Containers published and not yet acknowledged. The broker may take fewer at a time.
    pub window: u16,
    pub acknowledge_timeout_millis: u64,
    pub connect_timeout_millis: u64,
    /// A peer that is gone is noticed within so long.
    pub keep_alive_secs: u16,
    /// Authorities that are believed besides the system's, in PEM. The binary takes them from the setting that holds for
    /// every connection.
    #[serde(skip)]
    pub ca: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: String::new(),
            user: None,
            password: None,
            window: 64,
            acknowledge_timeout_millis: 30_000,
            connect_timeout_millis: 10_000,
            keep_alive_secs: 30,
            ca: None,
        }
    }
}

const MAX_WINDOW: u16 = 4_000;
const MAX_TIMEOUT_MILLIS: u64 = 600_000;
const KEEP_ALIVE_SECS: std::ops::RangeInclusive<u16> = 4..=3_600;

/// Where the broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// As a certificate names it: an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

impl Config {
    /// Says what does not make sense, one sentence each, beginning with the key.
    pub fn validate(&self, faults: &mut Vec<String>) {
        if let Err(reason) = self.address() {
            faults.push(format!("mqtt.url: {reason}"));
        }
        if self.user.is_some() != self.password.is_some() {
            faults.push("mqtt.user: it and mqtt.password go together".to_owned());
        }
        if !(1..=MAX_WINDOW).contains(&self.window) {
            faults.push(format!("mqtt.window: 1 to {MAX_WINDOW}"));
        }
        for (key, millis) in [
            ("acknowledge_timeout_millis", self.acknowledge_timeout_millis),
            ("connect_timeout_millis", self.connect_timeout_millis),
        ] {
            if !(1..=MAX_TIMEOUT_MILLIS).contains(&millis) {
                faults.push(format!("mqtt.{key}: 1 to {MAX_TIMEOUT_MILLIS}"));
            }
        }
        if !KEEP_ALIVE_SECS.contains(&self.keep_alive_secs) {
            let (least, most) = (KEEP_ALIVE_SECS.start(), KEEP_ALIVE_SECS.end());
            faults.push(format!("mqtt.keep_alive_secs: {least} to {most}"));
        }
    }

    /// Logs in so, unless the configuration says how.
    pub fn log_in_as(&mut self, user: &str, password: &SecretString) {
        if self.user.is_none() && self.password.is_none() {
            self.user = Some(user.to_owned());
            self.password = Some(password.clone());
        }
    }

    /// Who is spoken to in plain text; `None` with `mqtts`, and without a sound URL.
    pub fn plain_text_host(&self) -> Option<String> {
        self.address().ok().filter(|address| !address.tls).map(|address| address.host)
    }

    /// Where it leads.
    pub fn place(&self) -> String {
        self.address().map_or_else(
            |_| "nowhere".to_owned(),
            |Address { host, port, tls }| format!("{}://{host}:{port}", if tls { "mqtts" } else { "mqtt" }),
        )
    }

    /// The reason names nothing of the URL, in which a password may stand that should not.
    pub(crate) fn address(&self) -> Result<Address, &'static str> {
        if self.url.is_empty() {
            return Err("must be set");
        }
        let url = Url::parse(&self.url).map_err(|_| "not like mqtts://host:8883")?;
        let (tls, usual_port) = match url.scheme() {
            "mqtts" => (true, 8_883),
            "mqtt" => (false, 1_883),
            _ => return Err("must begin with mqtts:// or mqtt://"),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("user and password have keys of their own, mqtt.user and mqtt.password");
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("nothing may follow the port");
        }
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err("there is no host in it"),
        };
        Ok(Address { host, port: url.port().unwrap_or(usual_port), tls })
    }

    pub(crate) fn login(&self) -> Option<(&str, &str)> {
        Some((self.user.as_deref()?, self.password.as_ref()?.expose_secret()))
    }

    pub(crate) const fn acknowledge_timeout(&self) -> Duration {
        Duration::from_millis(self.acknowledge_timeout_millis)
    }

    pub(crate) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Config {
        Config { url: url.to_owned(), ..Config::default() }
    }

    fn faults(config: &Config) -> Vec<String> {
        let mut faults = Vec::new();
        config.validate(&mut faults);
        faults
    }

    #[test]
    fn the_defaults_lack_only_the_url() {
        assert_eq!(faults(&Config::default()), ["mqtt.url: must be set"]);
        assert!(faults(&of("mqtts://broker.example")).is_empty());
    }

    #[test]
    fn an_address_has_its_usual_port_unless_it_says_another() {
        for (url, host, port, tls) in [
            ("mqtts://broker.example", "broker.example", 8_883, true),
            ("mqtts://broker.example:443/", "broker.example", 443, true),
            ("mqtt://127.0.0.1", "127.0.0.1", 1_883, false),
            ("mqtts://[2001:db8::1]:8884", "2001:db8::1", 8_884, true),
        ] {
            assert_eq!(of(url).address(), Ok(Address { host: host.to_owned(), port, tls }), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_nothing_of_it_repeated() {
        for url in [
            "broker.example",
            "amqps://hunter2.example",
            "mqtts://",
            "mqtts://me:hunter2@broker.example",
            "mqtts://broker.example/hunter2",
            "mqtts://broker.example?hunter2",
        ] {
            let faults = faults(&of(url));
            let said = faults.len() == 1 && faults[0].starts_with("mqtt.url: ");
            assert!(said && !faults[0].contains("hunter2"), "{url}: {faults:?}");
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let config = Config {
            user: Some("me".to_owned()),
            window: 0,
            acknowledge_timeout_millis: 0,
            connect_timeout_millis: 600_001,
            keep_alive_secs: 3,
            ..Config::default()
        };
        let faults = faults(&config);
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.starts_with("mqtt.")), "{faults:?}");
    }

    #[test]
    fn the_hub_logs_in_as_itself_unless_told_otherwise() {
        let mut own = of("mqtts://broker.example");
        own.log_in_as("hub", &"word".into());
        assert_eq!(own.login(), Some(("hub", "word")));
        own.log_in_as("another", &"another".into());
        assert_eq!(own.login(), Some(("hub", "word")));
    }

    #[test]
    fn only_mqtts_is_no_plain_text() {
        assert_eq!(of("mqtt://broker.example").plain_text_host().as_deref(), Some("broker.example"));
        assert_eq!(of("mqtts://broker.example").plain_text_host(), None);
        assert_eq!(of("").plain_text_host(), None);
    }
}
