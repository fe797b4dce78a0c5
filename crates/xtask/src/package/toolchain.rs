//! Rust for the processor of a hub, out of Debian's packages: a compiler for this machine, the standard library for the
//! other, and GCC for what is written in C.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use super::Architecture;
use crate::debian::{self, Package};
use crate::run::{cargo, program, read, root, run};

const RUSTC: &str = "/usr/bin/rustc";
/// The standard library's own is built with the compiler of the same version only.
const RUSTC_PACKAGE: &str = "rustc-web";
const STD_PACKAGE: &str = "libstd-rust-web-dev";

const FOR_ALL: [Package; 3] = [
    // Not the program, which another package may have brought.
    Package { name: RUSTC_PACKAGE, proof: "/usr/share/doc/rustc-web/copyright" },
    Package { name: "gcc", proof: "/usr/bin/gcc" },
    Package { name: "binutils", proof: "/usr/bin/readelf" },
];

const FOR_ARM64: [Package; 2] = [
    Package { name: "gcc-aarch64-linux-gnu", proof: "/usr/bin/aarch64-linux-gnu-gcc" },
    Package { name: "libc6-dev-arm64-cross", proof: "/usr/aarch64-linux-gnu/include/stdio.h" },
];

const FOR_ARMHF: [Package; 2] = [
    Package { name: "gcc-arm-linux-gnueabihf", proof: "/usr/bin/arm-linux-gnueabihf-gcc" },
    Package { name: "libc6-dev-armhf-cross", proof: "/usr/arm-linux-gnueabihf/include/stdio.h" },
];

const FOR_AMD64: [Package; 2] = [
    Package { name: "gcc-x86-64-linux-gnu", proof: "/usr/bin/x86_64-linux-gnu-gcc" },
    Package { name: "libc6-dev-amd64-cross", proof: "/usr/x86_64-linux-gnu/include/stdio.h" },
];

/// Where all of it is kept.
pub(super) fn folder() -> PathBuf {
    root().join("target/package")
}

/// What compiles for an architecture.
pub(super) struct Toolchain {
    architecture: Architecture,
    /// The standard library for another architecture than this machine's.
    std: Option<PathBuf>,
}

impl Toolchain {
    /// Installs what is missing where we may, and says what is missing where we may not.
    pub(super) fn prepare(architecture: Architecture) -> anyhow::Result<Self> {
        debian::install(&FOR_ALL).context("a package is built on Debian, with Debian's Rust and GCC")?;
        let native = read(program("dpkg").arg("--print-architecture"))?;
        if native.trim() == architecture.debian() {
            return Ok(Self { architecture, std: None });
        }
        debian::install(match architecture {
            Architecture::Arm64 => &FOR_ARM64,
            Architecture::Armhf => &FOR_ARMHF,
            Architecture::Amd64 => &FOR_AMD64,
        })?;
        Ok(Self { architecture, std: Some(standard_library(architecture)?) })
    }

    /// Builds the agent and gives the file. Of `places` it keeps only what they are called there.
    pub(super) fn build(&self, places: &[(PathBuf, &str)]) -> anyhow::Result<PathBuf> {
        let (target, output) = (self.architecture.target(), folder().join("build"));
        let snake = target.replace('-', "_");
        let renamed = |option: &str| -> Vec<String> {
            places.iter().map(|(place, name)| format!("{option}={}={name}", place.display())).collect()
        };
        let mut flags = renamed("--remap-path-prefix");
        let mut command = cargo();
        for foreign in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "CFLAGS"] {
            command.env_remove(foreign);
        }
        if let Some(std) = &self.std {
            flags.push(format!("--sysroot={}", std.display()));
            let gcc = format!("{}-gcc", self.architecture.gnu());
            command
                .env(format!("CARGO_TARGET_{}_LINKER", snake.to_uppercase()), &gcc)
                .env(format!("CC_{snake}"), &gcc)
                .env(format!("AR_{snake}"), format!("{}-ar", self.architecture.gnu()));
        }
        run(command
            .args(["build", "--package", "agent", "--bin", "agent", "--profile", "hub", "--locked"])
            .args(["--target", target])
            .env("RUSTC", RUSTC)
            .env("CARGO_TARGET_DIR", &output)
            .env(format!("CFLAGS_{snake}"), renamed("-ffile-prefix-map").join(" "))
            // Of the hub's parts only: what runs during the build has Debian's own standard library.
            .env(format!("CARGO_TARGET_{}_RUSTFLAGS", snake.to_uppercase()), flags.join(" ")))?;
        Ok(output.join(target).join("hub/agent"))
    }
}

/// Downloads the standard library with an apt of its own, so that this machine's apt need not know the architecture and
/// none of its packages changes.
fn standard_library(architecture: Architecture) -> anyhow::Result<PathBuf> {
    let version = read(program("dpkg-query").args(["--show", "--showformat", "${Version}", RUSTC_PACKAGE]))?;
    let folder = folder().join("std").join(architecture.debian());
    let unpacked = folder.join(&version);
    if !unpacked.exists() {
        std::fs::create_dir_all(folder.join("lists/partial"))?;
        std::fs::create_dir_all(folder.join("cache/archives/partial"))?;
        run(apt(architecture, &folder).args(["update", "-qq"]))
            .with_context(|| format!("the lists of Debian's packages for {}", architecture.debian()))?;
        let wanted = format!("{STD_PACKAGE}:{}={version}", architecture.debian());
        run(apt(architecture, &folder).args(["download", "-qq", &wanted]).current_dir(&folder))
            .with_context(|| format!("{wanted}, of the version of {RUSTC_PACKAGE} that is installed"))?;
        let name = |entry: std::io::Result<std::fs::DirEntry>| Some(entry.ok()?.path());
        let mut debs = std::fs::read_dir(&folder)?.filter_map(name);
        let Some(deb) = debs.find(|path| path.extension().is_some_and(|extension| extension == "deb")) else {
            bail!("apt-get has not left {STD_PACKAGE} in {}", folder.display());
        };
        // Under its own name only when it is whole.
        let part = folder.join("part");
        run(program("dpkg-deb").arg("--extract").arg(&deb).arg(&part))?;
        std::fs::rename(part, &unpacked)?;
        std::fs::remove_file(deb)?;
    }
    let sysroot = unpacked.join("usr");
    let library = sysroot.join("lib/rustlib").join(architecture.target());
    ensure!(library.exists(), "{STD_PACKAGE} has nothing for {}", architecture.target());
    Ok(sysroot)
}

fn apt(architecture: Architecture, folder: &Path) -> Command {
    let mut command = program("apt-get");
    for (key, value) in [
        ("APT::Architecture", architecture.debian().to_owned()),
        ("APT::Architectures::", architecture.debian().to_owned()),
        ("APT::Sandbox::User", String::new()),
        ("Acquire::Languages", "none".to_owned()),
        ("Acquire::http::Timeout", "60".to_owned()),
        ("Acquire::Retries", "3".to_owned()),
        ("Dir::State::lists", folder.join("lists").display().to_string()),
        ("Dir::State::status", "/dev/null".to_owned()),
        ("Dir::Cache", folder.join("cache").display().to_string()),
    ] {
        command.arg("-o").arg(format!("{key}={value}"));
    }
    command
}
