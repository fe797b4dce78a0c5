//! Asks the running services everything that their descriptions allow, and much that they do not: no answer may be a
//! server error, or one that is not described. Schemathesis thinks up the questions.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use testkit::system::{EMAIL, System, SystemSetup};

use crate::debian;
use crate::run::{binaries, cargo, program, root, run, step};

/// From the Python Package Index, into a folder of our own.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// They would log the prober out, or change the password it came in with.
const PERILOUS: &str = "^/v1/(sessions|people/current/password)";
/// It has no end.
const LIVE: &str = "/live$";

/// Who asks what.
struct Pass<'a> {
    title: &'static str,
    url: &'a str,
    bearer: Option<&'a str>,
    /// Which paths, and which of these not.
    only: Option<&'static str>,
    without: Option<&'static str>,
}

#[derive(Args)]
pub(crate) struct Probe {
    /// Questions for each endpoint, besides those that its limits suggest.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    questions: u32,
}

impl Probe {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        step("system packages", debian::install_packages)?;
        step("build", || run(cargo().args(["build", "--workspace", "--bins", "--locked"])))?;
        let schemathesis = install()?;
        let system = System::start(&SystemSetup {
            binaries: binaries(),
            folder: None,
            port: None,
            agent: "[agent.sensor.simulated]\nsockets = 4\nhistory_hours = 24\n".to_owned(),
            sockets: Vec::new(),
        })?;
        let auth = url(&system.auth)?;
        let read = url(&system.read)?;
        let known = runtime()?.block_on(Known::log_in(&auth, &system.password))?;
        let passes = [
            Pass {
                title: "auth-service, an owner",
                url: &auth,
                bearer: Some(&known.session),
                only: None,
                without: Some(PERILOUS),
            },
            // After the owner, whom it may log out everywhere.
            Pass {
                title: "auth-service, a session that may end",
                url: &auth,
                bearer: Some(&known.spare),
                only: Some(PERILOUS),
                without: None,
            },
            Pass { title: "auth-service, nobody", url: &auth, bearer: None, only: None, without: None },
            Pass {
                title: "read-service, an owner",
                url: &read,
                bearer: Some(&known.token),
                only: None,
                without: Some(LIVE),
            },
            Pass { title: "read-service, nobody", url: &read, bearer: None, only: None, without: None },
        ];
        // All of them, whatever one finds.
        let outcomes =
            passes.map(|pass| step(pass.title, || self.probe(&schemathesis, &pass, &known.household)));
        drop(system);
        outcomes.into_iter().collect()
    }

    fn probe(&self, schemathesis: &Path, pass: &Pass<'_>, household: &str) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("schemathesis.toml");
        std::fs::write(&config, format!("[parameters]\n\"path.household\" = \"{household}\"\n"))?;
        let mut command = program(schemathesis);
        // Where it is run it leaves a folder with what it remembers.
        command
            .current_dir(folder.path())
            .arg("--config-file")
            .arg(&config)
            .args(["run", &format!("{}/openapi.json", pass.url), "--url", pass.url])
            .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &self.questions.to_string()])
            .args(["--checks", CHECKS, "--continue-on-failure", "--no-color"]);
        if let Some(bearer) = pass.bearer {
            command.args(["--header", &format!("Authorization: Bearer {bearer}")]);
        }
        if let Some(only) = pass.only {
            command.args(["--include-path-regex", only]);
        }
        if let Some(without) = pass.without {
            command.args(["--exclude-path-regex", without]);
        }
        run(&mut command)
    }
}

fn install() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/schemathesis");
    let binary = folder.join("bin/schemathesis");
    if !binary.exists() {
        step("schemathesis", || {
            run(program("python3").args(["-m", "venv"]).arg(&folder).stdout(Stdio::null()))?;
            run(program(folder.join("bin/pip")).args(["install", "--quiet", SCHEMATHESIS]))
        })?;
    }
    Ok(binary)
}

fn url(program: &testkit::servers::Program) -> anyhow::Result<String> {
    Ok(format!("http://127.0.0.1:{}", program.port().context("the service has no port")?))
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// What the prober goes in with.
struct Known {
    session: String,
    /// Another one of the same person.
    spare: String,
    household: String,
    /// For the household, at the read-service.
    token: String,
}

impl Known {
    async fn log_in(url: &str, password: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let body = json!({ "email": EMAIL, "password": password });
        let open = async || -> anyhow::Result<Value> {
            Ok(client.post(format!("{url}/v1/sessions")).json(&body).send().await?.json().await?)
        };
        let (session, spare) = (open().await?, open().await?);
        let text = |value: &Value, what| value.as_str().map(str::to_owned).context(what);
        let secret = text(&session["secret"], "no session")?;
        let household = text(&session["households"][0]["id"], "no household")?;
        let request = client.post(format!("{url}/v1/tokens")).bearer_auth(&secret);
        let token: Value = request.json(&json!({ "household": household })).send().await?.json().await?;
        Ok(Self {
            spare: text(&spare["secret"], "no second session")?,
            token: text(&token["access_token"], "no token")?,
            session: secret,
            household,
        })
    }
}
