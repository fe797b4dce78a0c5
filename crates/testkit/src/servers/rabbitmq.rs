use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::certificates::Issued;

use super::process::{Folder, Process, accepts, exchange, run};
use super::{NextDebian, ServerError, free_port};

const PACKAGE: &str = "rabbitmq-server";
/// The scripts behind /usr/sbin's wrappers, which would switch to another user.
const SCRIPTS: &str = "/usr/lib/rabbitmq/bin";
const TIME_LIMIT: Duration = Duration::from_secs(90);
/// Names are per epmd and every broker here has its own, so they need not differ, and a folder can move to
/// other ports.
/// Nothing listens to the outside; and the memory settings of deploy/docker/rabbitmq.Dockerfile.
const ERL_ARGS: &str = "-kernel inet_dist_use_interface {127,0,0,1} +MHsbct 8192 +MBsbct 8192";
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
}

/// A broker of one node with an epmd of its own. User and password are `guest`.
#[derive(Debug)]
pub struct RabbitMq {
    // Dropped in this order: the broker, its epmd, the data.
    broker: Process,
    epmd: Process,
    place: Place,
}

#[derive(Debug)]
struct Place {
    folder: Folder,
    port: u16,
    dist_port: u16,
    epmd_port: u16,
    version_4: Option<NextDebian>,
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
        let port = setup.port.unwrap_or_else(free_port);
        let version_4 = setup.version_4.clone();
        let place = Place { folder, port, dist_port: free_port(), epmd_port: free_port(), version_4 };
        place.prepare(setup)?;
        let (epmd, broker) = place.launch()?;
        Ok(Self { broker, epmd, place })
    }

    pub const fn port(&self) -> u16 {
        self.place.port
    }

    /// Of the default vhost.
    pub fn url(&self) -> String {
        self.url_of("%2f")
    }

    /// Of a vhost that is there, or will be.
    pub fn url_of(&self, vhost: &str) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/{vhost}", self.place.port)
    }

    /// Makes a vhost and gives its URL. The name goes into the URL as it is: letters, digits, `-` and `_`.
    pub fn vhost(&self, name: &str) -> Result<String, ServerError> {
        self.ctl(&["add_vhost", name])?;
        self.ctl(&["set_permissions", "-p", name, "guest", ".*", ".*", ".*"])?;
        Ok(self.url_of(name))
    }

    /// Runs `rabbitmqctl --quiet` with these arguments and gives what it printed.
    pub fn ctl(&self, args: &[&str]) -> Result<String, ServerError> {
        let mut command = self.place.command("rabbitmqctl");
        run(command.arg("--quiet").args(args), PACKAGE)
    }

    /// What the broker has logged so far.
    pub fn log(&self) -> String {
        let folder = self.place.folder.path().join("log");
        let files = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        files.filter_map(|file| fs::read_to_string(file).ok()).collect()
    }

    /// SIGKILL, as when the power fails.
    pub fn kill(&mut self) {
        self.broker.kill();
        self.epmd.kill();
    }

    /// Starts again on the same ports with the same data, after [`kill`](Self::kill) or on top of it.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        (self.epmd, self.broker) = self.place.launch()?;
        Ok(())
    }

    /// In good order; data of a given folder stays.
    pub fn stop(mut self) {
        self.broker.stop(Signal::TERM, Duration::from_secs(30));
    }
}

impl Place {
    fn prepare(&self, setup: &RabbitMqSetup) -> Result<(), ServerError> {
        for name in ["mnesia", "log", "home"] {
            self.folder.make(name)?;
        }
        let plugins = setup.plugins.iter().map(String::as_str);
        let plugins: Vec<&str> =
            std::iter::once("rabbitmq_consistent_hash_exchange").chain(plugins).collect();
        self.folder.write("enabled_plugins", &format!("[{}].\n", plugins.join(",")))?;
        let mut config = format!("listeners.tcp.1 = 127.0.0.1:{}\n", self.port);
        config.push_str("log.file.level = info\nlog.console = false\ndisk_free_limit.absolute = 50MB\n");
        for line in &setup.config {
            config.push_str(line);
            config.push('\n');
        }
        self.folder.write("rabbitmq.conf", &config)?;
        let cookie = self.folder.path().join("home/.erlang.cookie");
        if !cookie.exists() {
            let secret = format!("{:032x}", rand::random::<u128>());
            fs::write(&cookie, secret)
                .and_then(|()| fs::set_permissions(&cookie, Permissions::from_mode(0o400)))
                .map_err(ServerError::io(format!("writing {}", cookie.display())))?;
        }
        Ok(())
    }

    fn command(&self, script: &str) -> Command {
        let folder = self.folder.path();
        let scripts = self.version_4.as_ref().map_or_else(|| SCRIPTS.into(), NextDebian::rabbitmq);
        let mut command = Command::new(scripts.join(script));
        if let Some(version_4) = &self.version_4 {
            // The scripts start the first `erl` that they find.
            let erlang = version_4.erlang().display().to_string();
            command.env("PATH", format!("{erlang}:/usr/sbin:/usr/bin:/sbin:/bin"));
        }
        command
            .current_dir(folder)
            .env("HOME", folder.join("home"))
            .env("LC_ALL", "C.UTF-8")
            .env("RABBITMQ_NODENAME", NODE)
            .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("no-such.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("enabled_plugins"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.dist_port.to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", ERL_ARGS)
            .env("ERL_EPMD_PORT", self.epmd_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1");
        command
    }

    fn launch(&self) -> Result<(Process, Process), ServerError> {
        let folder = self.folder.path();
        let epmd = self.version_4.as_ref().map_or_else(|| "epmd".into(), |there| there.erlang().join("epmd"));
        let mut command = Command::new(epmd);
        command.args(["-address", "127.0.0.1", "-port", &self.epmd_port.to_string()]);
        let mut epmd = Process::spawn("epmd", PACKAGE, &mut command, folder.join("epmd.log"))?;
        epmd.wait_ready(TIME_LIMIT, || accepts(self.epmd_port))?;

        let log = folder.join("log/server.log");
        let mut broker = Process::spawn("RabbitMQ", PACKAGE, &mut self.command("rabbitmq-server"), log)?;
        broker.wait_ready(TIME_LIMIT, || {
            // The broker opens its port as the last step of booting; a method frame (type 1) is its greeting.
            exchange(self.port, b"AMQP\0\0\x09\x01", 1).is_ok_and(|first| first == [1])
        })?;
        Ok((epmd, broker))
    }
}
