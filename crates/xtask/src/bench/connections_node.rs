//! The broker whose connections are counted, set up as it is deployed, and what it takes.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use testkit::certificates::Authority;
use testkit::servers::{NextDebian, RabbitMq, RabbitMqSetup, free_port};

use super::broker::PROGRAM;
use super::connections::Protocol;
use super::rig::{PATIENCE, pid_of, until};
use crate::{process, rabbitmq4};

/// Where the auth-service would be. RabbitMQ's own account logs in, so nobody is asked.
const NO_DESK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);
const CACHE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

pub(super) struct NodeSetup<'a> {
    pub(super) protocol: Protocol,
    pub(super) version_4: bool,
    /// Lines of rabbitmq.conf.
    pub(super) set: &'a [String],
    pub(super) without: &'a [String],
}

pub(super) struct Node {
    broker: RabbitMq,
    authority: Authority,
    url: String,
    version: String,
    pid: u32,
}

impl Node {
    pub(super) fn start(setup: &NodeSetup<'_>) -> anyhow::Result<Self> {
        let (mut rabbitmq, _) = RabbitMqSetup::with_hubs(NO_DESK, CACHE);
        let authority = Authority::new()?;
        let port = free_port();
        let url = |scheme| format!("{scheme}://guest:guest@127.0.0.1:{port}");
        if setup.version_4 {
            rabbitmq4::fetch()?;
            rabbitmq.version_4 = Some(NextDebian::found()?);
        }
        if setup.protocol.is_tls() {
            // MQTT has the same certificate, and a port for AMQP that nobody uses.
            let amqps = if setup.protocol.is_mqtt() { free_port() } else { port };
            rabbitmq.config.push(authority.issue("rabbitmq", &["127.0.0.1"])?.rabbitmq(amqps));
        }
        let url = match setup.protocol {
            Protocol::Amqp => None,
            Protocol::Amqps => Some(url("amqps") + "/%2f"),
            Protocol::Mqtt => {
                rabbitmq = rabbitmq.and_mqtt(port)?;
                Some(url("mqtt"))
            }
            Protocol::Mqtts => {
                rabbitmq = rabbitmq.and_mqtt(free_port())?.and_mqtts(port);
                Some(url("mqtts"))
            }
        };
        rabbitmq.config = rabbitmq.config.iter().map(|part| without(part, setup.without)).collect();
        rabbitmq.config.extend(setup.set.iter().cloned());
        let broker = RabbitMq::start_with(&rabbitmq)?;
        let pid = pid_of(PROGRAM)?;
        until("the broker listens for hubs", PATIENCE, POLL, || {
            let listens = url.is_none() || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
            Ok(listens.then_some(()))
        })?;
        let version = broker.ctl(&["eval", "io:format(\"~s\", [rabbit_misc:version()])."])?;
        let version = version.lines().next().unwrap_or_default().trim_end_matches("ok").to_owned();
        let url = url.unwrap_or_else(|| broker.url());
        Ok(Self { broker, authority, url, version, pid })
    }

    /// For hubs.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn ca(&self) -> PathBuf {
        self.authority.ca()
    }

    /// For whatever is not measured.
    pub(super) fn plain_url(&self) -> String {
        self.broker.url()
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Memory of the node that is resident now.
    pub(super) fn rss_bytes(&self) -> anyhow::Result<f64> {
        let kib =
            process::rss_kib(self.pid).context("the node is gone, or does not tell what is resident")?;
        Ok(f64::from(kib) * 1_024.0)
    }

    /// Erlang processes. Asking keeps a core busy for a second.
    pub(super) fn processes(&self) -> anyhow::Result<f64> {
        let answer = self.broker.ctl(&["eval", "erlang:system_info(process_count)."])?;
        answer.trim().parse().with_context(|| format!("RabbitMQ answered {answer:?}"))
    }

    /// How many files it may have open, which are connections more than anything else.
    pub(super) fn files(&self) -> anyhow::Result<u32> {
        let path = format!("/proc/{}/limits", self.pid);
        let limits = std::fs::read_to_string(Path::new(&path)).with_context(|| format!("reading {path}"))?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        match line.and_then(|line| line.split_whitespace().next()?.parse().ok()) {
            Some(files) => Ok(files),
            None => bail!("{path} does not tell how many files may be open"),
        }
    }
}

/// The lines that begin with none of these keys.
fn without(part: &str, keys: &[String]) -> String {
    let kept = part.lines().filter(|line| !keys.iter().any(|key| line.starts_with(key.as_str())));
    kept.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_left_out_by_its_key() {
        let keys = ["tcp_listen_options".to_owned()];
        assert_eq!(without("a = 1\ntcp_listen_options.recbuf = 2\nb = 3", &keys), "a = 1\nb = 3");
    }
}
