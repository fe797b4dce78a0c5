mod cluster;
mod neighbour;
mod node;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::certificates::Issued;

use super::process::{Folder, Process};
use super::{NextDebian, ServerError, free_port};

pub use cluster::{RabbitMqCluster, RabbitMqClusterSetup};
use node::Node;

/// Names are per epmd and every broker here has its own, so they need not differ, and a folder can move to
/// other ports.
const NODE: &str = "wattline@localhost";

/// What to start, beyond the defaults.
#[derive(Clone, Debug, Default)]
pub struct RabbitMqSetup {
    /// Keeps the data; a temporary folder when `None`.
    pub folder: Option<PathBuf>,
    /// AMQP; a free port when `None`.
    pub port: Option<u16>,
    /// RabbitMQ 4 instead of the system's.
    pub version_4: Option<NextDebian>,
    /// Besides `rabbitmq_consistent_hash_exchange`.
    pub plugins: Vec<String>,
    /// Lines of rabbitmq.conf, after ours.
    pub config: Vec<String>,
}

/// What is deployed, but for addresses and times.
const DEPLOYED: &str = include_str!("../../../../deploy/config/rabbitmq.conf");
const DEPLOYED_MQTT: &str = include_str!("../../../../deploy/config/rabbitmq-mqtt.conf");

impl RabbitMqSetup {
    /// With TLS as documented; gives the URL of the default vhost too. The name in it is the certificate's to fit.
    pub fn with_tls(issued: &Issued) -> (Self, String) {
        let port = free_port();
        let setup = Self { config: vec![issued.rabbitmq(port)], ..Self::default() };
        (setup, format!("amqps://guest:guest@127.0.0.1:{port}/%2f"))
    }

    /// RabbitMQ 4 with MQTT as it is deployed, on this port.
    pub fn and_mqtt(mut self, port: u16) -> Result<Self, ServerError> {
        let address = format!("mqtt.listeners.tcp.default = 127.0.0.1:{port}");
        self.version_4 = Some(NextDebian::found()?);
        self.plugins.push("rabbitmq_mqtt".to_owned());
        self.config.push(DEPLOYED_MQTT.replace("mqtt.listeners.tcp.default = 1883", &address));
        Ok(self)
    }

    /// The same over TLS too, with the certificate of [`with_tls`](Self::with_tls).
    #[must_use]
    pub fn and_mqtts(mut self, port: u16) -> Self {
        self.config.push(format!("mqtt.listeners.ssl.default = 127.0.0.1:{port}"));
        self
    }

    /// As it is deployed, asking for hubs at `desk`, with a cache of `cache_ttl`. Gives the URL of its management too.
    pub fn with_hubs(desk: SocketAddr, cache_ttl: Duration) -> (Self, String) {
        let port = free_port();
        let config = DEPLOYED
            .replace("auth-service:9406", &desk.to_string())
            .replace("cache_ttl = 30000", &format!("cache_ttl = {}", cache_ttl.as_millis()));
        let management = format!("management.tcp.port = {port}\nmanagement.tcp.ip = 127.0.0.1");
        let plugins = ["rabbitmq_auth_backend_http", "rabbitmq_auth_backend_cache", "rabbitmq_management"];
        let setup = Self {
            plugins: plugins.map(str::to_owned).to_vec(),
            config: vec![config, management],
            ..Self::default()
        };
        (setup, format!("http://127.0.0.1:{port}"))
    }

    /// What [`with_hubs`](Self::with_hubs) asks is asked over TLS, of whoever has a certificate of this authority: with
    /// RabbitMQ 4, as 3.10 cannot be told so in its configuration.
    pub fn asking_over_tls(mut self, ca: &Path) -> Result<Self, ServerError> {
        self.version_4 = Some(NextDebian::found()?);
        for lines in &mut self.config {
            *lines = lines.replace("_path = http://", "_path = https://");
        }
        let trusted = format!("auth_http.ssl_options.cacertfile = {}", ca.display());
        self.config.extend([trusted, "auth_http.ssl_options.verify = verify_peer".to_owned()]);
        Ok(self)
    }
}

/// A broker of one node with an epmd of its own. User and password are `guest`.
#[derive(Debug)]
pub struct RabbitMq {
    // Dropped in this order: the broker, its epmd, the data.
    broker: Process,
    epmd: Process,
    node: Node,
    _folder: Folder,
}

impl RabbitMq {
    /// On free ports, with data that is gone afterwards.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(&RabbitMqSetup::default())
    }

    /// With data that stays in `folder`.
    pub fn start_in(folder: &Path) -> Result<Self, ServerError> {
        Self::start_with(&RabbitMqSetup { folder: Some(folder.to_owned()), ..RabbitMqSetup::default() })
    }

    pub fn start_with(setup: &RabbitMqSetup) -> Result<Self, ServerError> {
        let folder = setup.folder.as_deref().map_or_else(Folder::temporary, Folder::given)?;
        let node = Node {
            name: NODE.to_owned(),
            folder: folder.path().to_owned(),
            home: folder.make("home")?,
            port: setup.port.unwrap_or_else(free_port),
            dist_port: free_port(),
            epmd_port: free_port(),
            version_4: setup.version_4.clone(),
        };
        node.prepare(&setup.plugins, &setup.config)?;
        let (epmd, broker) = (node.launch_epmd()?, node.launch()?);
        Ok(Self { broker, epmd, node, _folder: folder })
    }

    pub const fn port(&self) -> u16 {
        self.node.port
    }

    /// Of the default vhost.
    pub fn url(&self) -> String {
        self.url_of("%2f")
    }

    /// Of a vhost that is there, or will be.
    pub fn url_of(&self, vhost: &str) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/{vhost}", self.node.port)
    }

    /// Makes a vhost and gives its URL. The name goes into the URL as it is: letters, digits, `-` and `_`.
    pub fn vhost(&self, name: &str) -> Result<String, ServerError> {
        self.ctl(&["add_vhost", name])?;
        self.ctl(&["set_permissions", "-p", name, "guest", ".*", ".*", ".*"])?;
        Ok(self.url_of(name))
    }

    /// Runs `rabbitmqctl --quiet` with these arguments and gives what it printed.
    pub fn ctl(&self, args: &[&str]) -> Result<String, ServerError> {
        self.node.ctl(args)
    }

    /// What the broker has logged so far.
    pub fn log(&self) -> String {
        self.node.log()
    }

    /// SIGKILL, as when the power fails.
    pub fn kill(&mut self) {
        self.broker.kill();
        self.epmd.kill();
    }

    /// Starts again on the same ports with the same data, after [`kill`](Self::kill) or on top of it.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        (self.epmd, self.broker) = (self.node.launch_epmd()?, self.node.launch()?);
        Ok(())
    }

    /// In good order; data of a given folder stays.
    pub fn stop(mut self) {
        self.broker.stop(Signal::TERM, Duration::from_secs(30));
    }
}
