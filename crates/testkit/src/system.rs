//! All of Wattline as it runs in production: the real servers, and each binary as a process of its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::json;
use tempfile::TempDir;

use crate::certificates::Issued;
use crate::servers::{
    InfluxDb, PostgreSql, Program, ProgramSetup, RabbitMq, RabbitMqSetup, ServerError, free_port, run_to_end,
};

/// The hub of the home that is provisioned.
pub const HUB: &str = "0192f0c1-6f4e-7c3a-9a51-5f2b8c1d7e60";
pub const EMAIL: &str = "demo@wattline.example";

/// What the system should be like.
#[derive(Clone, Debug)]
pub struct SystemSetup {
    /// The folder of the binaries.
    pub binaries: PathBuf,
    /// Keeps everything; a temporary folder when `None`.
    pub folder: Option<PathBuf>,
    /// Where the page is served; a free port when `None`.
    pub port: Option<u16>,
    /// The rest of the agent's section `[agent]`, without `hub` and `spool`, in TOML.
    pub agent: String,
    /// The hub's sockets: number, name, room, icon.
    pub sockets: Vec<SocketSetup>,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SocketSetup {
    pub number: u8,
    pub name: String,
    pub room: Option<String>,
    pub icon: Option<String>,
}

/// The running system. Everything ends when it is dropped, the agent first.
#[derive(Debug)]
pub struct System {
    pub agent: Program,
    pub web: Program,
    pub read: Program,
    pub write: Program,
    pub rollup: Program,
    pub alerts: Program,
    pub auth: Program,
    pub rabbitmq: RabbitMq,
    pub influxdb: InfluxDb,
    pub postgresql: PostgreSql,
    pub password: String,
    /// Of the page.
    pub url: String,
    pub folder: PathBuf,
    _temporary: Option<TempDir>,
}

/// The servers of others.
struct Servers {
    rabbitmq: RabbitMq,
    broker_url: String,
    influxdb: InfluxDb,
    postgresql: PostgreSql,
    accounts_url: String,
}

impl Servers {
    fn start_in(folder: &Path) -> Result<Self, ServerError> {
        let (rabbitmq, influxdb, postgresql) = thread::scope(|scope| {
            let rabbitmq = scope.spawn(|| RabbitMq::start_in(&folder.join("rabbitmq")));
            let influxdb = scope.spawn(|| InfluxDb::start_in(&folder.join("influxdb")));
            let postgresql = scope.spawn(|| PostgreSql::start_in(&folder.join("postgresql")));
            (joined(rabbitmq), joined(influxdb), joined(postgresql))
        });
        let (rabbitmq, influxdb, postgresql) = (rabbitmq?, influxdb?, postgresql?);
        let accounts_url = postgresql.database("wattline")?;
        Ok(Self { broker_url: rabbitmq.url(), rabbitmq, influxdb, postgresql, accounts_url })
    }

    /// In folders of their own.
    fn start_with_tls(issued: &Issued) -> Result<Self, ServerError> {
        let (setup, broker_url) = RabbitMqSetup::with_tls(issued);
        let (rabbitmq, influxdb, postgresql) = thread::scope(|scope| {
            let rabbitmq = scope.spawn(|| RabbitMq::start_with(&setup));
            let influxdb = scope.spawn(|| InfluxDb::start_with_tls(issued));
            let postgresql = scope.spawn(|| PostgreSql::start_with_tls(issued));
            (joined(rabbitmq), joined(influxdb), joined(postgresql))
        });
        let (rabbitmq, influxdb, postgresql) = (rabbitmq?, influxdb?, postgresql?);
        let accounts_url = format!("{}?sslmode=verify-full", postgresql.database("wattline")?);
        Ok(Self { rabbitmq, broker_url, influxdb, postgresql, accounts_url })
    }
}

/// Where cargo puts the binaries of the running test.
pub fn test_binaries() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    test.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

impl System {
    /// Blocks until everything is up and the home is provisioned.
    pub fn start(setup: &SystemSetup) -> Result<Self, ServerError> {
        Self::launch(setup, None)
    }

    /// The same with TLS on every way, the servers of others included: all show this certificate, which has to be for
    /// 127.0.0.1.
    pub fn start_with_tls(setup: &SystemSetup, issued: &Issued) -> Result<Self, ServerError> {
        Self::launch(setup, Some(issued))
    }

    fn launch(setup: &SystemSetup, issued: Option<&Issued>) -> Result<Self, ServerError> {
        let temporary = match &setup.folder {
            Some(_) => None,
            None => {
                Some(TempDir::with_prefix("wattline-system-").map_err(ServerError::io("making a folder"))?)
            }
        };
        let folder = match (&setup.folder, &temporary) {
            (Some(folder), _) => folder.clone(),
            (None, Some(temporary)) => temporary.path().to_path_buf(),
            (None, None) => PathBuf::new(),
        };
        std::fs::create_dir_all(&folder).map_err(ServerError::io("making a folder"))?;

        let Servers { rabbitmq, broker_url, influxdb, postgresql, accounts_url: accounts } =
            issued.map_or_else(|| Servers::start_in(&folder), Servers::start_with_tls)?;

        let launcher = Launcher {
            binaries: setup.binaries.clone(),
            folder: folder.clone(),
            tls: issued.map(Issued::variables).unwrap_or_default(),
        };
        let scheme = if issued.is_some() { "https" } else { "http" };
        let broker = ("WATTLINE__RABBITMQ__URL", broker_url);
        let store = [
            ("WATTLINE__INFLUXDB__URL", influxdb.url()),
            ("WATTLINE__INFLUXDB__API", "v1".to_owned()),
            ("WATTLINE__INFLUXDB__BUCKET", "wattline".to_owned()),
        ];
        let [auth_port, read_port, write_port, rollup_port, alerts_port] =
            std::array::from_fn(|_| free_port());
        let web_port = setup.port.unwrap_or_else(free_port);
        let accounts_url = ("WATTLINE__ACCOUNTS__POSTGRES_URL", accounts);
        let accounts = [
            accounts_url.clone(),
            ("WATTLINE__SIGNING_KEY_FILE", folder.join("signing-key.pem").display().to_string()),
            ("WATTLINE__SECOND_FACTOR_KEY_FILE", folder.join("second-factor.key").display().to_string()),
        ];

        let auth = launcher.start("auth-service", Some(auth_port), &[], &accounts)?;
        let password = launcher.provision(&setup.sockets, &accounts)?;
        let with_broker = [store.as_slice(), std::slice::from_ref(&broker)].concat();
        let write = launcher.start("write-service", Some(write_port), &[], &with_broker)?;
        // Whoever waits for a result does not want to wait long.
        let often =
            [store.as_slice(), &[("WATTLINE__ROLLUP__EVERY_SECS", "1".to_owned()), accounts_url.clone()]]
                .concat();
        let rollup = launcher.start("rollup-worker", Some(rollup_port), &[], &often)?;
        let watching = [
            store.as_slice(),
            &[
                ("WATTLINE__ALERTS__EVERY_SECS", "1".to_owned()),
                ("WATTLINE__ALERTS__SOCKETS_EVERY_SECS", "10".to_owned()),
                accounts_url.clone(),
            ],
        ]
        .concat();
        let alerts = launcher.start("alert-worker", Some(alerts_port), &[], &watching)?;
        let keys = format!("{scheme}://127.0.0.1:{auth_port}/.well-known/jwks.json");
        let with_keys = [with_broker.as_slice(), &[("WATTLINE__JWKS_URL", keys), accounts_url]].concat();
        let read = launcher.start("read-service", Some(read_port), &[], &with_keys)?;
        let upstream = [
            ("WATTLINE__UPSTREAM__AUTH_URL", format!("{scheme}://127.0.0.1:{auth_port}")),
            ("WATTLINE__UPSTREAM__READ_URL", format!("{scheme}://127.0.0.1:{read_port}")),
            ("WATTLINE__UPSTREAM__SECURE_COOKIES", issued.is_some().to_string()),
        ];
        let web = launcher.start("web-app", Some(web_port), &[], &upstream)?;
        let config = launcher.agent_config(&setup.agent)?;
        let agent = launcher.start("agent", None, &["--config", &config], &[broker])?;

        let url = format!("{scheme}://127.0.0.1:{web_port}");
        Ok(Self {
            agent,
            web,
            read,
            write,
            rollup,
            alerts,
            auth,
            rabbitmq,
            influxdb,
            postgresql,
            password,
            url,
            folder,
            _temporary: temporary,
        })
    }
}

impl System {
    /// The last lines that each of our processes printed, to standard error.
    pub fn print_logs(&self) {
        for program in
            [&self.agent, &self.write, &self.rollup, &self.alerts, &self.read, &self.auth, &self.web]
        {
            let text = std::fs::read_to_string(program.log()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines[lines.len().saturating_sub(15)..].join("\n");
            eprintln!("--- {}\n{last}", program.log().display());
        }
    }
}

/// A file that only we can read.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn joined<T>(handle: thread::ScopedJoinHandle<'_, T>) -> T {
    match handle.join() {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

struct Launcher {
    binaries: PathBuf,
    folder: PathBuf,
    /// For each of them.
    tls: Vec<(&'static str, String)>,
}

impl Launcher {
    fn setup(
        &self,
        name: &'static str,
        port: Option<u16>,
        arguments: &[&str],
        environment: &[(&'static str, String)],
    ) -> ProgramSetup {
        // Whoever has no API answers operators only; nobody asks for the others'.
        let (operations, api) = match name {
            "write-service" | "rollup-worker" | "alert-worker" => (port, None),
            "agent" => (None, port),
            _ => (Some(0), port),
        };
        let listen = [("WATTLINE__OPERATIONS__LISTEN", operations), ("WATTLINE__LISTEN", api)];
        let listen = listen.into_iter().filter_map(|(name, port)| {
            let port = port?;
            Some((name.to_owned(), format!("127.0.0.1:{port}")))
        });
        let environment =
            environment.iter().chain(&self.tls).map(|(name, value)| ((*name).to_owned(), value.clone()));
        ProgramSetup {
            name,
            binaries: self.binaries.clone(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            environment: environment.chain(listen).collect(),
            folder: self.folder.clone(),
            port,
        }
    }

    fn start(
        &self,
        name: &'static str,
        port: Option<u16>,
        arguments: &[&str],
        environment: &[(&'static str, String)],
    ) -> Result<Program, ServerError> {
        Program::start(self.setup(name, port, arguments, environment))
    }

    /// Gives the password of the person, the same for the same folder.
    fn provision(
        &self,
        sockets: &[SocketSetup],
        environment: &[(&'static str, String)],
    ) -> Result<String, ServerError> {
        let kept = self.folder.join("password");
        let password = if let Ok(password) = std::fs::read_to_string(&kept) {
            password
        } else {
            let password = format!("{:024x}", rand::random::<u128>() >> 32);
            write_private(&kept, &password).map_err(ServerError::io("writing the password"))?;
            password
        };
        let home = json!({
            "person": { "email": EMAIL, "name": "Demo", "password": password },
            "household": { "name": "Demo home", "zone": "Europe/Berlin" },
            "hubs": [{ "id": HUB, "name": "Demo hub", "since": "epoch", "sockets": sockets }],
        });
        let file = self.folder.join("home.json");
        write_private(&file, &home.to_string()).map_err(ServerError::io("writing the home"))?;
        let file = file.display().to_string();
        run_to_end(&self.setup("auth-service", None, &["provision", &file], environment))?;
        Ok(password)
    }

    fn agent_config(&self, rest: &str) -> Result<String, ServerError> {
        let spool = self.folder.join("spool.db");
        let text = format!(
            "[agent]\nhub = \"{HUB}\"\n{rest}\n[agent.spool]\npath = {:?}\n",
            spool.display().to_string()
        );
        let file = self.folder.join("hub.toml");
        std::fs::write(&file, text).map_err(ServerError::io("writing the agent's configuration"))?;
        Ok(file.display().to_string())
    }
}
