//! Every test, the fast ones first.

mod fuzz;

use std::path::PathBuf;

use clap::Args;
use testkit::servers::Keycloak;

use crate::chaos::Chaos;
use crate::left_out::LeftOut;
use crate::rolling::Rolling;
use crate::run::{cargo, exists, program, run, step};
use crate::{debian, deployed, keycloak, monitoring, package, page, rabbitmq4, tidy};

#[derive(Args)]
pub(crate) struct Test {
    /// Only what needs no server, no browser and no network.
    #[arg(long)]
    fast: bool,
    /// Also the log-in through a real Keycloak, which is downloaded once (170 MB).
    #[arg(long, conflicts_with = "fast")]
    keycloak: bool,
}

impl Test {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        step("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
        step("tidy", tidy::run)?;
        if self.fast {
            return step("unit tests", || run(cargo().args(["test", "--workspace", "--lib", "--bins"])));
        }
        let mut left_out = LeftOut::new();
        step("system packages", debian::install_packages)?;
        step("monitoring: rules, their tests, dashboards", monitoring::run)?;
        step("RabbitMQ 4", rabbitmq4::fetch)?;
        let keycloak = if self.keycloak { Some(step("Keycloak", fetch_keycloak)?) } else { None };
        step("page: install", page::install)?;
        step("page: API types are those of the OpenAPI files", generated_types)?;
        step("page: lint, types, unit tests", || {
            for script in ["lint", "check", "test"] {
                run(&mut page::npm(&["run", script]))?;
            }
            Ok(())
        })?;
        step("page: build and size", || {
            page::build()?;
            run(&mut page::npm(&["run", "size"]))
        })?;
        let is_deployed_checked = deployed::check(&mut left_out)?;
        step("clippy", || {
            run(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
        })?;
        step("fuzz targets compile", fuzz::check)?;
        step("documentation", || {
            run(cargo()
                .args(["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"])
                .env("RUSTDOCFLAGS", "-D warnings"))
        })?;
        step("dependencies", deny)?;
        let emulated = step("agent for a Raspberry Pi", || package::emulated::agent(&mut left_out))?;
        // This builds the binaries too, which the system tests start.
        step("tests, with real servers", || {
            let distribution = keycloak.iter().map(|archive| (Keycloak::DISTRIBUTION, archive));
            let emulated = emulated.iter().map(|words| (testkit::emulated::AGENT, words));
            run(cargo()
                .args(["test", "--workspace", "--locked", "--no-fail-fast"])
                .envs(distribution)
                .envs(emulated))
        })?;
        if is_deployed_checked {
            deployed::settings()?;
        }
        step("every process replaced under load", || Rolling::in_short().run())?;
        step("faults under load, the short form", || Chaos::in_short().run())?;
        left_out.summarise();
        Ok(())
    }
}

fn fetch_keycloak() -> anyhow::Result<PathBuf> {
    debian::install_for_keycloak()?;
    keycloak::distribution()
}

/// The types in the page are generated; what is checked in must be what would be generated.
fn generated_types() -> anyhow::Result<()> {
    run(&mut page::npm(&["run", "generate"]))?;
    run(program("git").args(["diff", "--exit-code", "--", "crates/web-app/ui/src/api"]))
}

/// Licences, bans and sources. The advisory database needs the network, so it is a command of its own
/// (CONTRIBUTING.md).
fn deny() -> anyhow::Result<()> {
    if !exists("cargo-deny") {
        run(cargo().args(["install", "cargo-deny", "--locked", "--quiet"]))?;
    }
    run(cargo().args(["deny", "--workspace", "check", "bans", "licenses", "sources"]))
}
