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
const LEFT_OUT: &str = "^/v1/(sessions|people/current/password)";

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
        let (session, household, token) = runtime()?.block_on(log_in(&auth, &system.password))?;
        let outcomes = [
            self.probe(&schemathesis, &auth, &session, &household),
            self.probe(&schemathesis, &url(&system.read)?, &token, &household),
        ];
        drop(system);
        outcomes.into_iter().collect()
    }

    fn probe(&self, schemathesis: &Path, url: &str, bearer: &str, household: &str) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("schemathesis.toml");
        std::fs::write(&config, format!("[parameters]\n\"path.household\" = \"{household}\"\n"))?;
        run(program(schemathesis)
            .arg("--config-file")
            .arg(&config)
            .args(["run", &format!("{url}/openapi.json"), "--url", url])
            .args(["--header", &format!("Authorization: Bearer {bearer}")])
            // The live stream has no end.
            .args(["--exclude-path-regex", &format!("{LEFT_OUT}|/live$")])
            .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &self.questions.to_string()])
            .args(["--checks", CHECKS, "--continue-on-failure", "--no-color"]))
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

/// A session, its household, and a token for that.
async fn log_in(url: &str, password: &str) -> anyhow::Result<(String, String, String)> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let body = json!({ "email": EMAIL, "password": password });
    let session: Value = client.post(format!("{url}/v1/sessions")).json(&body).send().await?.json().await?;
    let secret = session["secret"].as_str().context("no session")?.to_owned();
    let household = session["households"][0]["id"].as_str().context("no household")?.to_owned();
    let request = client.post(format!("{url}/v1/tokens")).bearer_auth(&secret);
    let token: Value = request.json(&json!({ "household": household })).send().await?.json().await?;
    let token = token["access_token"].as_str().context("no token")?.to_owned();
    Ok((secret, household, token))
}
