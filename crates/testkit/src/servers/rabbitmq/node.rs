use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::servers::process::{Process, accepts, exchange, run};
use crate::servers::{NextDebian, ServerError};

const PACKAGE: &str = "rabbitmq-server";
/// The scripts behind /usr/sbin's wrappers, which would switch to another user.
const SCRIPTS: &str = "/usr/lib/rabbitmq/bin";
/// It reads all of its log again first.
const TIME_LIMIT: Duration = Duration::from_mins(4);
/// Nothing listens to the outside; and the memory settings of deploy/docker/rabbitmq.Dockerfile.
const ERL_ARGS: &str = "-kernel inet_dist_use_interface {127,0,0,1} +MHsbct 8192 +MBsbct 8192";

/// One Erlang node, and where it keeps what is its own.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// Has the cookie, which nodes of a cluster have in common.
    pub(super) home: PathBuf,
    pub(super) port: u16,
    pub(super) dist_port: u16,
    pub(super) epmd_port: u16,
    pub(super) version_4: Option<NextDebian>,
}

impl Node {
    /// `plugins` come beside the hash exchange, `config` after our own lines.
    pub(super) fn prepare(&self, plugins: &[String], config: &[String]) -> Result<(), ServerError> {
        for name in ["mnesia", "log"] {
            let folder = self.folder.join(name);
            let failed = ServerError::io(format!("making {}", folder.display()));
            fs::create_dir_all(&folder).map_err(failed)?;
        }
        let plugins = plugins.iter().map(String::as_str);
        let plugins: Vec<&str> =
            std::iter::once("rabbitmq_consistent_hash_exchange").chain(plugins).collect();
        write(&self.folder.join("enabled_plugins"), &format!("[{}].\n", plugins.join(",")))?;
        let mut text = format!("listeners.tcp.1 = 127.0.0.1:{}\n", self.port);
        text.push_str("log.file.level = info\nlog.console = false\ndisk_free_limit.absolute = 50MB\n");
        for line in config {
            text.push_str(line);
            text.push('\n');
        }
        write(&self.folder.join("rabbitmq.conf"), &text)?;
        let cookie = self.home.join(".erlang.cookie");
        if !cookie.exists() {
            write(&cookie, &format!("{:032x}", rand::random::<u128>()))?;
            fs::set_permissions(&cookie, Permissions::from_mode(0o400))
                .map_err(ServerError::io(format!("writing {}", cookie.display())))?;
        }
        Ok(())
    }

    /// Runs `rabbitmqctl --quiet` with these arguments and gives what it printed.
    pub(super) fn ctl(&self, args: &[&str]) -> Result<String, ServerError> {
        run(self.command("rabbitmqctl").arg("--quiet").args(args), PACKAGE)
    }

    /// What the broker has logged so far.
    pub(super) fn log(&self) -> String {
        let entries = fs::read_dir(self.folder.join("log"));
        let files = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        files.filter_map(|file| fs::read_to_string(file).ok()).collect()
    }

    /// Whether the broker serves: it opens its port as the last step of booting; a method frame (type 1) is its greeting.
    pub(super) fn serves(&self) -> bool {
        exchange(self.port, b"AMQP\0\0\x09\x01", 1).is_ok_and(|first| first == [1])
    }

    fn command(&self, script: &str) -> Command {
        let scripts = self.version_4.as_ref().map_or_else(|| SCRIPTS.into(), NextDebian::rabbitmq);
        let mut command = Command::new(scripts.join(script));
        if let Some(version_4) = &self.version_4 {
            // The scripts start the first `erl` that they find.
            let erlang = version_4.erlang().display().to_string();
            command.env("PATH", format!("{erlang}:/usr/sbin:/usr/bin:/sbin:/bin"));
        }
        let folder = &self.folder;
        command
            .current_dir(folder)
            .env("HOME", &self.home)
            .env("LC_ALL", "C.UTF-8")
            .env("RABBITMQ_NODENAME", &self.name)
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

    pub(super) fn launch_epmd(&self) -> Result<Process, ServerError> {
        let epmd = self.version_4.as_ref().map_or_else(|| "epmd".into(), |there| there.erlang().join("epmd"));
        let mut command = Command::new(epmd);
        command.args(["-address", "127.0.0.1", "-port", &self.epmd_port.to_string()]);
        let mut epmd = Process::spawn("epmd", PACKAGE, &mut command, self.folder.join("epmd.log"))?;
        epmd.wait_ready(TIME_LIMIT, || accepts(self.epmd_port))?;
        Ok(epmd)
    }

    /// Returns when it serves.
    pub(super) fn launch(&self) -> Result<Process, ServerError> {
        let log = self.folder.join("log/server.log");
        let mut broker = Process::spawn("RabbitMQ", PACKAGE, &mut self.command("rabbitmq-server"), log)?;
        broker.wait_ready(TIME_LIMIT, || self.serves())?;
        Ok(broker)
    }
}

fn write(path: &Path, text: &str) -> Result<(), ServerError> {
    fs::write(path, text).map_err(ServerError::io(format!("writing {}", path.display())))
}
