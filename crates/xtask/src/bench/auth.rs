//! Who may ask: log-ins at a steady rate, tokens, and ten thousand hubs that RabbitMQ asks about within a minute.
//!
//! Requests go out when they are due, however long others take (an open loop): a service that falls behind shows it in its
//! times.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use testkit::servers::{PostgreSql, Program, ProgramSetup, free_port, run_to_end};
use tokio::task::JoinSet;

use super::report::Report;
use crate::run::{cargo, read};

#[derive(Args)]
pub(super) struct Auth {
    /// Log-ins a second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    logins: u32,
    /// Hubs that connect within a minute.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    hubs: u32,
}

const EMAIL: &str = "ada@wattline.example";
const PASSWORD: &str = "correct horse battery staple";
/// What one list for `enrol` may have.
const LIST: u32 = 500;
const MINUTE: Duration = Duration::from_mins(1);
/// As long as RabbitMQ waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

struct Stage {
    /// Dropped first.
    _auth: Program,
    _postgresql: PostgreSql,
    url: String,
    broker: String,
    household: String,
    setup: ProgramSetup,
    folder: tempfile::TempDir,
}

/// A hub that was enrolled, and what it logs in with.
struct Hub {
    id: String,
    secret: String,
}

/// How long answers took, in ms, and how many there were none of, or wrong ones.
#[derive(Default)]
struct Times {
    all: Vec<f64>,
    failed: u32,
}

impl Times {
    fn at(&mut self, percent: usize) -> f64 {
        self.all.sort_by(f64::total_cmp);
        let last = self.all.len().saturating_sub(1);
        self.all.get((self.all.len() * percent / 100).min(last)).copied().unwrap_or_default()
    }
}

impl Auth {
    pub(super) async fn measure(
        &self,
        binaries: &Path,
        seconds: u32,
        with_verification: bool,
    ) -> anyhow::Result<Report> {
        let mut report = Report::default();
        let binaries = binaries.to_owned();
        let stage = tokio::task::spawn_blocking(move || Stage::set(&binaries)).await??;
        let client = Client::builder().timeout(PATIENCE).no_proxy().pool_max_idle_per_host(256).build()?;

        let count = self.logins * seconds;
        let mut times =
            open_loop(count, Duration::from_secs(seconds.into()), |n| stage.log_in(&client, n)).await;
        report.add("log-ins a second, Argon2id 19 MiB, 2 passes", "logins_per_s", self.logins, "", None);
        report.add("log-in, p50", "login_p50_ms", times.at(50), "ms", None);
        report.add("log-in, p99", "login_p99_ms", times.at(99), "ms", Some("under 300 ms"));
        report.add("log-ins that failed", "logins_failed", times.failed, "", Some("0"));

        let session = stage.session(&client).await?;
        let (rate, token) = stage.tokens(&client, &session, seconds).await?;
        report.add("access tokens issued, one caller", "tokens_per_s", rate, "/s", None);
        if with_verification {
            let keys = format!("{}/.well-known/jwks.json", stage.url);
            let [first, again, of_screens] =
                tokio::task::spawn_blocking(move || verified(&keys, &token)).await??;
            let target = Some("over 50,000/s");
            report.add("tokens seen for the first time, one core", "signatures_per_s", first, "/s", target);
            report.add("tokens verified before, one core", "verified_per_s", again, "/s", target);
            report.add("each token four times, one core", "of_screens_per_s", of_screens, "/s", target);
        }

        eprintln!("  enrolling {} hubs", self.hubs);
        let (stage, hubs) = stage.enrol(self.hubs).await?;
        eprintln!("  {} hubs connect within a minute", self.hubs);
        let steps = self.hubs * STEPS;
        let began = Instant::now();
        let mut times = open_loop(steps, MINUTE, |n| stage.question(&client, &hubs, n)).await;
        report.add("hubs that connect, four questions each", "hubs", self.hubs, "", None);
        report.add("answered after", "hubs_s", began.elapsed().as_secs_f64(), "s", Some("60 s"));
        report.add("a question of the broker, p50", "question_p50_ms", times.at(50), "ms", None);
        report.add("a question of the broker, p99", "question_p99_ms", times.at(99), "ms", None);
        report.add(
            "questions without the right answer in 5 s",
            "questions_failed",
            times.failed,
            "",
            Some("0"),
        );
        tokio::task::spawn_blocking(move || drop(stage)).await?;
        Ok(report)
    }
}

/// Log-in, vhost, exchange, routing key.
const STEPS: u32 = 4;

/// Sends `count` requests at equal distances within `length`.
async fn open_loop(count: u32, length: Duration, request: impl Fn(u32) -> Asked) -> Times {
    let (began, distance) = (tokio::time::Instant::now(), length / count.max(1));
    let mut under_way = JoinSet::new();
    for n in 0..count {
        let due = began + distance * n;
        tokio::time::sleep_until(due).await;
        let Asked { request, is_right } = request(n);
        under_way.spawn(async move {
            let is_good = match request.send().await {
                Ok(answer) => is_right(answer.status().as_u16(), &answer.text().await.unwrap_or_default()),
                Err(_) => false,
            };
            (is_good, due.elapsed())
        });
    }
    let mut times = Times::default();
    while let Some(done) = under_way.join_next().await {
        match done {
            Ok((true, took)) => times.all.push(took.as_secs_f64() * 1_000.0),
            _ => times.failed += 1,
        }
    }
    times
}

struct Asked {
    request: RequestBuilder,
    is_right: fn(u16, &str) -> bool,
}

impl Stage {
    fn set(binaries: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let postgresql = PostgreSql::start_in(&folder.path().join("postgresql"))?;
        let (port, broker_port) = (free_port(), free_port());
        let key = folder.path().join("signing-key.pem").display().to_string();
        let environment = [
            ("WATTLINE__ACCOUNTS__POSTGRES_URL", postgresql.database("wattline")?),
            ("WATTLINE__SIGNING_KEY_FILE", key),
            ("WATTLINE__LISTEN", format!("127.0.0.1:{port}")),
            ("WATTLINE__OPERATIONS__LISTEN", "127.0.0.1:0".to_owned()),
            ("WATTLINE__BROKER__LISTEN", format!("127.0.0.1:{broker_port}")),
        ];
        let setup = ProgramSetup {
            name: "auth-service",
            binaries: binaries.to_owned(),
            arguments: Vec::new(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            folder: folder.path().to_owned(),
            port: Some(port),
        };
        let auth = Program::start(setup.clone())?;
        let home = json!({
            "person": { "email": EMAIL, "name": "Ada", "password": PASSWORD },
            "household": { "id": HOUSEHOLD, "name": "Home", "zone": "Europe/Berlin" },
            "hubs": [],
        });
        let stage = Self {
            _auth: auth,
            _postgresql: postgresql,
            url: format!("http://127.0.0.1:{port}"),
            broker: format!("http://127.0.0.1:{broker_port}"),
            household: HOUSEHOLD.to_owned(),
            setup,
            folder,
        };
        let file = stage.file("home.json");
        std::fs::write(&file, home.to_string())?;
        stage.run(&["provision", &file])?;
        Ok(stage)
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The same program with other arguments, to its end.
    fn run(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        run_to_end(&ProgramSetup { arguments, port: None, ..self.setup.clone() })?;
        Ok(())
    }

    /// Each from an address of its own, as the web-app says.
    fn log_in(&self, client: &Client, n: u32) -> Asked {
        let [_, a, b, c] = n.to_be_bytes();
        let request = client
            .post(format!("{}/v1/sessions", self.url))
            .header("x-forwarded-for", format!("10.{a}.{b}.{c}"))
            .json(&json!({ "email": EMAIL, "password": PASSWORD }));
        Asked { request, is_right: |status, _| status == 201 }
    }

    async fn session(&self, client: &Client) -> anyhow::Result<String> {
        let answer: Value = self.log_in(client, u32::MAX).request.send().await?.json().await?;
        Ok(answer["secret"].as_str().context("no session")?.to_owned())
    }

    /// Tokens a second, one after the other, and the last of them.
    async fn tokens(&self, client: &Client, session: &str, seconds: u32) -> anyhow::Result<(f64, String)> {
        let (began, mut count, mut token) = (Instant::now(), 0, String::new());
        while began.elapsed() < Duration::from_secs(seconds.min(5).into()) {
            let request = client.post(format!("{}/v1/tokens", self.url)).bearer_auth(session);
            let request = request.json(&json!({ "household": self.household }));
            let answer: Value = request.send().await?.json().await?;
            answer["access_token"].as_str().context("no token")?.clone_into(&mut token);
            count += 1;
        }
        Ok((f64::from(count) / began.elapsed().as_secs_f64(), token))
    }

    async fn enrol(self, count: u32) -> anyhow::Result<(Self, Vec<Hub>)> {
        tokio::task::spawn_blocking(move || {
            let mut hubs = Vec::new();
            for first in (0..count).step_by(LIST as usize) {
                let (list, secrets) = (self.file("list.csv"), self.file(&format!("secrets-{first}.csv")));
                let many = LIST.min(count - first).to_string();
                let first = (first + 1).to_string();
                let binary = self.setup.binaries.join("auth-service");
                let mut made = std::process::Command::new(binary);
                made.args(["factory-list", "--count", &many, "--first", &first, "--secrets", &secrets]);
                std::fs::write(&list, read(&mut made)?)?;
                self.run(&["enrol", "--household", &self.household, &list])?;
                for line in std::fs::read_to_string(&secrets)?.lines() {
                    if let [_, id, secret] = line.split(',').collect::<Vec<_>>()[..]
                        && secret.starts_with("wlh_")
                    {
                        hubs.push(Hub { id: id.to_owned(), secret: secret.to_owned() });
                    }
                }
            }
            if hubs.len() != count as usize {
                bail!("{} of {count} hubs were enrolled", hubs.len());
            }
            Ok((self, hubs))
        })
        .await?
    }

    /// A hub's four questions follow each other: the next hub comes after them.
    fn question(&self, client: &Client, hubs: &[Hub], n: u32) -> Asked {
        let Hub { id, secret } = &hubs[(n / STEPS) as usize];
        let key = format!("hub.{id}");
        let at = [("vhost", "/"), ("resource", "exchange"), ("name", "telemetry"), ("permission", "write")];
        let (path, mut form) = match n % STEPS {
            0 => ("user", vec![("password", secret.as_str())]),
            1 => ("vhost", vec![("vhost", "/"), ("ip", "127.0.0.1")]),
            2 => ("resource", at.to_vec()),
            _ => (
                "topic",
                [&at[..1], &[("resource", "topic")], &at[2..], &[("routing_key", key.as_str())]].concat(),
            ),
        };
        form.push(("username", id));
        let request = client.post(format!("{}/broker/{path}", self.broker)).form(&form);
        Asked { request, is_right: |status, text| status == 200 && text.starts_with("allow") }
    }
}

const HOUSEHOLD: &str = "0197a3c2-0000-7000-8000-0000000000aa";

/// A second: tokens whose signature is verified, such as were verified before, and those of the page's first screen.
fn verified(keys: &str, token: &str) -> anyhow::Result<[f64; 3]> {
    let mut bench = cargo();
    bench
        .args(["bench", "--quiet", "-p", "read-service", "--bench", "verify", "--", keys, token])
        .stderr(Stdio::inherit());
    let answer = read(&mut bench)?;
    let rates = answer.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    rates.try_into().map_err(|rates| anyhow!("three rates were expected, and not {rates:?}"))
}
