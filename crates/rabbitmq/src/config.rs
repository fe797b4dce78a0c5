use std::net::IpAddr;
use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Measures;

/// How to reach RabbitMQ, and what its queues hold. All who declare the topology must agree on `queues`,
/// `max_queue_length`, `max_queue_bytes`, `max_dead_letters`, `max_dead_letter_bytes` and `delivery_limit`: a queue
/// cannot change them later.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `amqp://user:password@host:5672/vhost`, or `amqps://`. Of a cluster that has no address of its own, its nodes:
    /// `amqp://user:password@host-1:5672,host-2:5672,host-3:5672/vhost`. Each connection begins with any of them and tries
    /// the others in turn.
    pub url: SecretString,
    /// Over how many queues the hubs are spread.
    pub queues: u16,
    /// Containers that may be delivered and not settled, per queue. Quorum queues allow 2,000.
    pub prefetch: u16,
    /// Bytes of containers that a consumer may hold unsettled over all queues. The broker only counts containers,
    /// and a large one is ten thousand times a small one: a consumer that gets more than this starts anew with as
    /// small a prefetch as it takes.
    pub max_unsettled_bytes: u64,
    /// Containers that wait in one queue before publishers are refused.
    pub max_queue_length: u32,
    /// Their bytes. Whichever of the two limits is reached first counts; the disk must have room for all queues.
    pub max_queue_bytes: u64,
    pub max_dead_letters: u32,
    pub max_dead_letter_bytes: u64,
    /// How often a container comes back unsettled before it is put among the dead letters.
    pub delivery_limit: u32,
    /// Containers published and not yet confirmed.
    pub confirm_window: u16,
    pub confirm_timeout_millis: u64,
    pub connect_timeout_millis: u64,
    /// Authorities that are believed besides the system's, in PEM. The binary takes them from the setting that holds for
    /// every connection.
    #[serde(skip)]
    pub ca: Option<String>,
    /// What is counted of connections; the binary registers them.
    #[serde(skip)]
    pub measures: Measures,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: SecretString::default(),
            queues: 4,
            prefetch: 2_000,
            max_unsettled_bytes: 64 << 20,
            max_queue_length: 1_000_000,
            max_queue_bytes: 8 << 30,
            max_dead_letters: 100_000,
            max_dead_letter_bytes: 1 << 30,
            // Only against bodies that crash their consumer, which takes out by itself what it cannot decode.
            // Every restart and lost connection counts as well, and an outage of the store may bring many: that
            // must not make dead letters of good containers.
            delivery_limit: 1_000,
            confirm_window: 1_000,
            confirm_timeout_millis: 30_000,
            connect_timeout_millis: 10_000,
            ca: None,
            measures: Measures::default(),
        }
    }
}

const MAX_QUEUES: u16 = 128;
const MAX_PREFETCH: u16 = 2_000;
const MAX_CONFIRM_WINDOW: u16 = 4_000;
const MAX_TIMEOUT_MILLIS: u64 = 600_000;
/// The broker's numbers have a sign.
const MAX_LIMIT: u64 = i64::MAX.cast_unsigned();
/// A peer that is gone is noticed within two of them.
const HEARTBEAT_SECS: u16 = 10;
const FORM: &str = "not like amqp://user:password@host:5672/vhost, or with more hosts after a comma";

impl Config {
    /// Says what does not make sense, one sentence each, beginning with the key.
    pub fn validate(&self, faults: &mut Vec<String>) {
        if let Err(reason) = self.uris() {
            faults.push(format!("rabbitmq.url: {reason}"));
        }
        for (key, value, max) in [
            ("queues", self.queues, MAX_QUEUES),
            ("prefetch", self.prefetch, MAX_PREFETCH),
            ("confirm_window", self.confirm_window, MAX_CONFIRM_WINDOW),
        ] {
            if !(1..=max).contains(&value) {
                faults.push(format!("rabbitmq.{key}: 1 to {max}"));
            }
        }
        for (key, value) in [
            ("max_queue_length", self.max_queue_length.into()),
            ("max_queue_bytes", self.max_queue_bytes),
            ("max_unsettled_bytes", self.max_unsettled_bytes),
            ("max_dead_letters", self.max_dead_letters.into()),
            ("max_dead_letter_bytes", self.max_dead_letter_bytes),
            ("delivery_limit", self.delivery_limit.into()),
        ] {
            if !(1..=MAX_LIMIT).contains(&value) {
                faults.push(format!("rabbitmq.{key}: 1 to {MAX_LIMIT}"));
            }
        }
        for (key, millis) in [
            ("confirm_timeout_millis", self.confirm_timeout_millis),
            ("connect_timeout_millis", self.connect_timeout_millis),
        ] {
            if !(1..=MAX_TIMEOUT_MILLIS).contains(&millis) {
                faults.push(format!("rabbitmq.{key}: 1 to {MAX_TIMEOUT_MILLIS}"));
            }
        }
    }

    /// Logs in so, unless the URL says how. Neither needs to be escaped.
    pub fn log_in_as(&mut self, user: &str, password: &SecretString) {
        let url = self.url.expose_secret();
        if let Some((scheme, rest)) = url.split_once("://")
            && !rest.split(['/', '?']).next().is_some_and(|authority| authority.contains('@'))
        {
            self.url = format!("{scheme}://{user}:{}@{rest}", password.expose_secret()).into();
        }
    }

    /// Who is spoken to in plain text; `None` with `amqps`, and without a sound URL. Of several hosts one on another
    /// machine, if there is one.
    pub fn plain_text_host(&self) -> Option<String> {
        let plain = self.uris().ok()?.into_iter().filter(|uri| matches!(uri.scheme, AMQPScheme::AMQP));
        plain.map(|uri| uri.authority.host).max_by_key(|host| !is_local(host))
    }

    /// Where it leads, without who logs in.
    pub fn place(&self) -> String {
        let Ok(uris) = self.uris() else { return "nowhere".to_owned() };
        let scheme = uris.first().map(|uri| uri.scheme.clone()).unwrap_or_default();
        let hosts = uris.into_iter().map(|uri| format!("{}:{}", uri.authority.host, uri.authority.port));
        format!("{scheme}://{}", hosts.collect::<Vec<_>>().join(","))
    }

    /// One for each host, at least one. The reason names nothing of the URL, which holds a password.
    pub(crate) fn uris(&self) -> Result<Vec<AMQPUri>, &'static str> {
        let url = self.url.expose_secret();
        if url.is_empty() {
            return Err("must be set");
        }
        let (scheme, rest) = url.split_once("://").ok_or(FORM)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // A password may hold commas.
        let hosts_begin = authority.rfind('@').map_or(0, |at| at + 1);
        let (login, hosts) = authority.split_at(hosts_begin);
        hosts
            .split(',')
            .map(|host| {
                if host.is_empty() && host != hosts {
                    return Err(FORM);
                }
                // lapin would take it for localhost.
                if host.starts_with('[') {
                    return Err("an IPv6 address is not understood here; a name that leads to one is");
                }
                let mut uri: AMQPUri = format!("{scheme}://{login}{host}{path}").parse().map_err(|_| FORM)?;
                uri.query.heartbeat.get_or_insert(HEARTBEAT_SECS);
                Ok(uri)
            })
            .collect()
    }

    pub(crate) const fn confirm_timeout(&self) -> Duration {
        Duration::from_millis(self.confirm_timeout_millis)
    }

    pub(crate) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_millis)
    }
}

fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(config: &Config) -> Vec<String> {
        let mut faults = Vec::new();
        config.validate(&mut faults);
        faults
    }

    #[test]
    fn the_defaults_lack_only_the_url() {
        assert_eq!(faults(&Config::default()), ["rabbitmq.url: must be set"]);
        for url in ["amqp://guest:guest@127.0.0.1:5672/%2f", "amqps://broker.example/wattline"] {
            assert!(faults(&Config { url: url.into(), ..Config::default() }).is_empty());
        }
    }

    #[test]
    fn a_log_in_is_put_into_a_url_that_has_none() {
        for (url, expected) in [
            ("amqps://broker.example", "amqps://hub:word@broker.example"),
            ("amqp://broker:5672/%2f?heartbeat=5", "amqp://hub:word@broker:5672/%2f?heartbeat=5"),
            ("amqp://broker/a@b", "amqp://hub:word@broker/a@b"),
            ("amqp://me:mine@broker", "amqp://me:mine@broker"),
            ("amqps://one,two:5673/home", "amqps://hub:word@one,two:5673/home"),
            ("", ""),
        ] {
            let mut config = Config { url: url.into(), ..Config::default() };
            config.log_in_as("hub", &"word".into());
            assert_eq!(config.url.expose_secret(), expected);
        }
    }

    #[test]
    fn only_amqps_is_no_plain_text() {
        let host = |url: &str| Config { url: url.into(), ..Config::default() }.plain_text_host();
        assert_eq!(host("amqp://me:mine@broker.example:5672/%2f").as_deref(), Some("broker.example"));
        assert_eq!(host("amqp://127.0.0.1").as_deref(), Some("127.0.0.1"));
        assert_eq!(host("amqps://broker.example"), None);
        for mixed in
            ["amqp://broker.example,127.0.0.1,localhost", "amqp://localhost,127.0.0.1,broker.example"]
        {
            assert_eq!(host(mixed).as_deref(), Some("broker.example"));
        }
    }

    #[test]
    fn the_nodes_of_a_cluster_differ_in_their_hosts_only() {
        let config = |url: &str| Config { url: url.into(), ..Config::default() };
        let cluster = config("amqp://me:a,b@one,two:5673,127.0.0.1:5674/home?heartbeat=3");
        let uris = cluster.uris().unwrap();
        let hosts: Vec<_> =
            uris.iter().map(|uri| (uri.authority.host.as_str(), uri.authority.port)).collect();
        assert_eq!(hosts, [("one", 5672), ("two", 5673), ("127.0.0.1", 5674)]);
        for uri in &uris {
            assert_eq!(uri.authority.userinfo.password, "a,b");
            assert_eq!((uri.vhost.as_str(), uri.query.heartbeat), ("home", Some(3)));
        }
        assert_eq!(cluster.place(), "amqp://one:5672,two:5673,127.0.0.1:5674");
        assert_eq!(config("amqps://broker.example").place(), "amqps://broker.example:5671");
        for none in
            ["amqp://one,,two", "amqp://one,", "amqp://,one/home", "amqp://one,two:port", "amqp://[::1]"]
        {
            assert!(config(none).uris().is_err(), "{none}");
        }
    }

    #[test]
    fn every_fault_is_named_at_once_and_none_tells_the_password() {
        let config = Config {
            url: "http://user:hunter2@host/".into(),
            queues: 0,
            prefetch: 2_001,
            max_unsettled_bytes: 0,
            max_queue_length: 0,
            max_queue_bytes: 0,
            max_dead_letters: 0,
            max_dead_letter_bytes: u64::MAX,
            delivery_limit: 0,
            confirm_window: 0,
            confirm_timeout_millis: 0,
            connect_timeout_millis: 0,
            ca: None,
            measures: Measures::default(),
        };
        let faults = faults(&config);
        assert_eq!(faults.len(), 12, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.starts_with("rabbitmq.") && !fault.contains("hunter2")));
    }
}
