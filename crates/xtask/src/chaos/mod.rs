//! Faults on the real servers under load, with the swarm's ledger as judge: nothing confirmed is missing, wrong or
//! stored twice, memory stays bounded, and everything is stored soon after what was broken is whole again.

mod broker;
mod form;
mod loadgen;
mod memory;
mod report;
mod scenarios;
mod scene;
mod stage;
mod writer;

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;

use crate::debian;
use crate::interrupt;
use crate::run::{cargo, root, run};
pub(crate) use form::Form;
pub(crate) use loadgen::{Evidence, Swarm, SwarmSetup, Verdict};
pub(crate) use memory::Memory;
use report::{Outcome, Report};
use scenarios::{SCENARIOS, Scenario};
use scene::Scene;
use stage::Stage;

#[derive(Args)]
pub(crate) struct Chaos {
    /// A few seconds of each fault, with the debug binaries as they are.
    #[arg(long)]
    short: bool,
    /// One object in place of the table.
    #[arg(long)]
    json: bool,
    /// Only this scenario; may be given again.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// The long form with the debug binaries as they are.
    #[arg(long)]
    debug_binaries: bool,
}

const RELEASE_BOUND_MIB: u32 = 64;
const DEBUG_BOUND_MIB: u32 = 128;

impl Chaos {
    /// Every fault for a few seconds, with the binaries that the tests have built.
    pub(crate) const fn in_short() -> Self {
        Self { short: true, json: false, only: Vec::new(), debug_binaries: true }
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        let began = Instant::now();
        let chosen = self.chosen()?;
        debian::install_packages()?;
        let is_debug = self.short || self.debug_binaries;
        let (profile, bound) =
            if is_debug { ("debug", DEBUG_BOUND_MIB) } else { ("release", RELEASE_BOUND_MIB) };
        if !is_debug {
            let build = ["build", "--release", "--locked", "--workspace"];
            let binaries = ["--bin", "write-service", "--bin", "loadgen"];
            run(cargo().args(build).args(binaries).stdout(Stdio::null()))?;
        }
        let form = if self.short { Form::SHORT } else { Form::LONG };
        let vhosts: Vec<&str> = chosen.iter().map(|scenario| scenario.name).collect();
        let folder = root().join("target/chaos");
        let mut stage = Stage::start(root().join("target").join(profile), folder, bound, &vhosts)?;

        let mut report = Report {
            form: form.pick("short", "long"),
            binaries: profile,
            rate: form.rate,
            seconds: 0.0,
            ok: true,
            scenarios: Vec::new(),
        };
        for scenario in chosen {
            let outcome = play(scenario, &mut stage, form)?;
            report.ok &= outcome.ok;
            report.scenarios.push(outcome);
        }
        drop(stage);
        report.seconds = began.elapsed().as_secs_f64();
        report.print(self.json)?;
        let failed = report.scenarios.iter().filter(|outcome| !outcome.ok).count();
        if failed > 0 {
            bail!("{failed} of {} scenarios failed", report.scenarios.len());
        }
        Ok(())
    }

    fn chosen(&self) -> anyhow::Result<Vec<&'static Scenario>> {
        let names = || SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
        for name in &self.only {
            SCENARIOS
                .iter()
                .find(|scenario| scenario.name == name)
                .with_context(|| format!("there is no scenario {name}; there are {}", names()))?;
        }
        let is_chosen =
            |scenario: &&Scenario| self.only.is_empty() || self.only.iter().any(|name| name == scenario.name);
        Ok(SCENARIOS.iter().filter(is_chosen).collect())
    }
}

/// An error is for what ends the whole suite; everything else is in the outcome.
fn play(scenario: &Scenario, stage: &mut Stage, form: Form) -> anyhow::Result<Outcome> {
    eprintln!("\n\x1b[1m▸ {}\x1b[0m", scenario.name);
    let mut outcome = Outcome { name: scenario.name, ..Outcome::default() };
    if scenario.on_cluster {
        let of_cluster = SCENARIOS.iter().filter(|scenario| scenario.on_cluster);
        let vhosts: Vec<&str> = of_cluster.map(|scenario| scenario.name).collect();
        stage.need_cluster(form.net_ticktime_secs, &vhosts)?;
    }
    let mut scene = Scene::new(stage, scenario, form)?;
    if let Err(error) = (scenario.play)(&mut scene, &mut outcome) {
        interrupt::check()?;
        outcome.faults.push(format!("{error:#}"));
    }
    scene.close(&mut outcome);
    for fault in &outcome.faults {
        eprintln!("  {fault}");
    }
    if !outcome.ok {
        // The next one must not inherit what this one left broken.
        stage.rabbitmq.restart()?;
        stage.influxdb.restart()?;
        stage.cluster = None;
    }
    eprintln!(
        "  {}: {}, {:.0} s, {} containers, recovery {:.1} s, peak {} MiB: {}",
        scenario.name,
        if outcome.ok { "ok" } else { "FAILED" },
        outcome.seconds,
        outcome.containers,
        outcome.recovery_s,
        outcome.peak_mib,
        outcome.done,
    );
    Ok(outcome)
}
