//! Two of each service, and how one is replaced.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;
use testkit::servers::{Haproxy, Program, ProgramSetup, free_port};
use testkit::system::System;

use crate::interrupt::{self, pass};

const READY: Duration = Duration::from_mins(1);
/// An HTTP service gives open requests five seconds, a write-service finishes its batch.
const END: Duration = Duration::from_secs(20);
/// For requests that the balancer has just handed over to be answered.
const DRAIN: Duration = Duration::from_millis(500);
const REPLICAS: [&str; 2] = ["one", "two"];

/// Everything of ours that runs.
pub(super) struct Fleet {
    pub(super) system: System,
    /// Of the page, behind the balancer.
    pub(super) url: String,
    balancer: Haproxy,
    replicas: Vec<Replica>,
}

struct Replica {
    program: Program,
    /// What it is for the balancer, if that knows it.
    server: Option<String>,
}

/// One that was.
#[derive(Serialize)]
pub(super) struct Replaced {
    pub(super) service: String,
    pub(super) stopped_s: f64,
    /// From the start of the new one.
    pub(super) ready_s: f64,
}

/// Where two replicas of a service with an API listen.
struct Ports {
    service: &'static str,
    /// The balancer's.
    front: u16,
    /// Of each: API and operations.
    own: [[u16; 2]; 2],
}

impl Ports {
    fn of(service: &'static str) -> Self {
        let own = std::array::from_fn(|_| std::array::from_fn(|_| free_port()));
        Self { service, front: free_port(), own }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.front)
    }

    /// Of the balancer's configuration.
    fn section(&self) -> String {
        let Self { service, front, own } = self;
        let mut text = format!(
            "\nfrontend {service}\n    bind 127.0.0.1:{front}\n    default_backend {service}\n\nbackend {service}\n"
        );
        for (name, [api, operations]) in REPLICAS.iter().zip(own) {
            // Writing into a string does not fail.
            let _infallible = writeln!(
                text,
                "    server {name} 127.0.0.1:{api} check port {operations} inter 500ms fall 2 rise 1"
            );
        }
        text
    }
}

/// As an operator has it: whoever says that it is not ready gets nothing, and what never reached a server goes to the other.
const DEFAULTS: &str = "defaults
    mode http
    timeout connect 2s
    timeout client 1m
    timeout server 1m
    option httpchk GET /health/ready
    retries 3
    option redispatch 1
";

impl Fleet {
    /// Puts two in the place of each service of `system` that people or queues wait for.
    pub(super) fn of(mut system: System) -> anyhow::Result<Self> {
        let [auth, read, web] = ["auth-service", "read-service", "web-app"].map(Ports::of);
        let sections = [&auth, &read, &web].map(Ports::section).concat();
        let balancer = Haproxy::start(&format!("{DEFAULTS}{sections}"), web.front)?;
        let keys = ("WATTLINE__JWKS_URL", format!("{}/.well-known/jwks.json", auth.url()));
        let upstream =
            [("WATTLINE__UPSTREAM__AUTH_URL", auth.url()), ("WATTLINE__UPSTREAM__READ_URL", read.url())];
        let mut replicas = Vec::new();
        for (single, ports, variables) in [
            (&mut system.auth, &auth, [].as_slice()),
            (&mut system.read, &read, std::slice::from_ref(&keys)),
            (&mut system.web, &web, upstream.as_slice()),
        ] {
            single.stop();
            for (name, [api, operations]) in REPLICAS.iter().zip(ports.own) {
                let listen = [
                    ("WATTLINE__LISTEN", format!("127.0.0.1:{api}")),
                    ("WATTLINE__OPERATIONS__LISTEN", format!("127.0.0.1:{operations}")),
                ];
                let setup = changed(single.setup(), name, api, &[variables, &listen].concat())?;
                let server = Some(format!("{}/{name}", ports.service));
                replicas.push(Replica { program: started(setup)?, server });
            }
        }
        system.write.stop();
        for name in REPLICAS {
            let port = free_port();
            let listen = [("WATTLINE__OPERATIONS__LISTEN", format!("127.0.0.1:{port}"))];
            let setup = changed(system.write.setup(), name, port, &listen)?;
            replicas.push(Replica { program: started(setup)?, server: None });
        }
        Ok(Self { system, url: web.url(), balancer, replicas })
    }

    /// By the binaries of that folder, one after the other. Those who are asked by others come before them.
    pub(super) fn replace_all(&mut self, to: &Path) -> anyhow::Result<Vec<Replaced>> {
        let mut replaced = Vec::new();
        for Replica { program, server } in &mut self.replicas {
            interrupt::check()?;
            if let Some(server) = server {
                told(&self.balancer, server, "maint")?;
                pass(DRAIN)?;
            }
            replaced.push(replace(program, to)?);
            if let Some(server) = server {
                told(&self.balancer, server, "ready")?;
                pass(DRAIN)?;
            }
        }
        let System { rollup, alerts, agent, .. } = &mut self.system;
        for program in [rollup, alerts, agent] {
            interrupt::check()?;
            replaced.push(replace(program, to)?);
        }
        Ok(replaced)
    }
}

/// It answers only when it did not do it.
fn told(balancer: &Haproxy, server: &str, state: &str) -> anyhow::Result<()> {
    let answer = balancer.tell(&format!("set server {server} state {state}"))?;
    if answer.is_empty() { Ok(()) } else { bail!("haproxy would not set {server} to {state}: {answer}") }
}

/// With a folder and a port of its own, and other values for these variables.
fn changed(
    setup: &ProgramSetup,
    name: &str,
    port: u16,
    variables: &[(&str, String)],
) -> anyhow::Result<ProgramSetup> {
    let folder = setup.folder.join(format!("{}-{name}", setup.name));
    std::fs::create_dir_all(&folder)?;
    let mut environment = setup.environment.clone();
    environment.retain(|(key, _)| !variables.iter().any(|(changed, _)| changed == key));
    environment.extend(variables.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    Ok(ProgramSetup { folder, port: Some(port), environment, ..setup.clone() })
}

fn started(setup: ProgramSetup) -> anyhow::Result<Program> {
    let waits = setup.port.is_some();
    let mut program = Program::start(setup)?;
    if waits {
        program.wait_until_ready(READY)?;
    }
    Ok(program)
}

fn replace(program: &mut Program, to: &Path) -> anyhow::Result<Replaced> {
    let setup = ProgramSetup { binaries: to.to_owned(), ..program.setup().clone() };
    let folder = setup.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let service = if folder.starts_with(setup.name) { folder } else { setup.name.to_owned() };
    eprintln!("replacing {service}");
    let began = Instant::now();
    program.terminate();
    let status =
        program.wait(END).with_context(|| format!("{service} did not end within {} s", END.as_secs()))?;
    if !status.success() {
        bail!("{service} ended badly ({status})");
    }
    let stopped_s = began.elapsed().as_secs_f64();
    let began = Instant::now();
    *program = started(setup).with_context(|| format!("the new {service}"))?;
    Ok(Replaced { service, stopped_s, ready_s: began.elapsed().as_secs_f64() })
}
