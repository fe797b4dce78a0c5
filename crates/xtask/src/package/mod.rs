//! Debian packages of the agent, for the processors that hubs have.

mod architecture;
mod control;
pub(crate) mod emulated;
mod ingredients;
mod toolchain;
mod tree;

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::Args;

pub(crate) use architecture::Architecture;
use ingredients::Ingredients;
use toolchain::Toolchain;
use tree::Tree;

use crate::run::{exists, program, read, root, run, step};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];
const DOC: &str = "usr/share/doc/wattline-agent";

#[derive(Args)]
pub(crate) struct Package {
    /// For which processors.
    #[arg(long = "arch", value_enum, default_values = ["arm64", "armhf"])]
    architectures: Vec<Architecture>,
}

impl Package {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        for architecture in self.architectures {
            build(architecture)?;
        }
        Ok(())
    }
}

/// Builds the package for one architecture, and says where it is and what it weighs.
pub(crate) fn build(architecture: Architecture) -> anyhow::Result<PathBuf> {
    let name = architecture.debian();
    let toolchain = step(&format!("toolchain for {name}"), || Toolchain::prepare(architecture))?;
    let ingredients = Ingredients::of_the_agent(architecture)?;
    let binary = step(&format!("agent for {name}"), || {
        // Nobody is to learn from a package where it was built.
        let mut places = vec![(root(), "/wattline")];
        places.extend(ingredients.folder().map(|folder| (folder, "/crates")));
        toolchain.build(&places)
    })?;
    step(&format!("package for {name}"), || {
        let deb = toolchain::folder().join(format!("wattline-agent_{VERSION}_{name}.deb"));
        let again = tempfile::tempdir()?;
        pack(architecture, &binary, &ingredients, &deb)?;
        let twin = again.path().join("twin.deb");
        pack(architecture, &binary, &ingredients, &twin)?;
        ensure!(
            std::fs::read(&deb)? == std::fs::read(&twin)?,
            "packed twice, the package differs from itself"
        );
        let depends = read(program("dpkg-deb").arg("--field").arg(&deb).arg("Depends"))?;
        eprintln!("  {}", deb.display());
        eprintln!("  the program {:.1} MB, the package {:.1} MB", megabytes(&binary)?, megabytes(&deb)?);
        eprintln!("  depends on {}", depends.trim());
        if exists("lintian") {
            run(program("lintian").args(["--fail-on", "error,warning", "--allow-root"]).arg(&deb))?;
        }
        Ok(deb)
    })
}

fn pack(
    architecture: Architecture,
    binary: &Path,
    ingredients: &Ingredients,
    deb: &Path,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let tree = Tree::new(folder.path().to_owned());
    let deploy = |name: &str| root().join("deploy/agent").join(name);
    tree.add_program("usr/bin/wattline-agent", binary)?;
    tree.add_file("usr/lib/systemd/system/wattline-agent.service", &deploy("wattline-agent.service"))?;
    tree.add_file("etc/wattline/agent.toml", &deploy("agent.toml"))?;
    tree.add_file(&format!("{DOC}/copyright"), &deploy("copyright"))?;
    tree.add_file(&format!("{DOC}/agent.toml"), &root().join("crates/agent/agent.toml"))?;
    tree.add_gzipped(&format!("{DOC}/third-party"), &ingredients.terms()?)?;
    tree.add_gzipped(&format!("{DOC}/changelog"), &changelog()?)?;
    tree.add_file("usr/share/lintian/overrides/wattline-agent", &deploy("lintian-overrides"))?;

    let depends = control::depends(binary)?;
    let fields = control::fields(VERSION, architecture, &depends, tree.size()?);
    tree.add_text("DEBIAN/control", &fields)?;
    tree.add_text("DEBIAN/conffiles", "/etc/wattline/agent.toml\n")?;
    tree.add_checksums()?;
    for script in SCRIPTS {
        tree.add_program(&format!("DEBIAN/{script}"), &deploy(script))?;
    }
    tree.pack(deb, &commit("%ct")?)
}

/// In Debian's form, dated by the commit.
fn changelog() -> anyhow::Result<String> {
    Ok(format!(
        "wattline-agent ({VERSION}) stable; urgency=medium\n\n  \
         * What has changed is told in CHANGELOG.md of the repository.\n\n \
         -- {}  {}\n",
        control::MAINTAINER,
        commit("%cD")?
    ))
}

/// What git says of the commit that is built.
fn commit(format: &str) -> anyhow::Result<String> {
    let printed = read(program("git").args(["log", "-1", &format!("--format={format}")]))?;
    Ok(printed.trim().to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "some megabytes, shown with one digit")]
fn megabytes(file: &Path) -> anyhow::Result<f64> {
    Ok(file.metadata()?.len() as f64 / 1e6)
}

#[cfg(test)]
mod tests;
