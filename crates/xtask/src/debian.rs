//! The system packages that tests and builds use.

use std::path::Path;

use anyhow::{Context, bail};

use crate::run::{program, run};

/// A Debian package, and a file that tells that it is there; one `*` stands for any name.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) proof: &'static str,
}

const PACKAGES: [Package; 9] = [
    Package { name: "rabbitmq-server", proof: "/usr/lib/rabbitmq/bin/rabbitmq-server" },
    Package { name: "influxdb", proof: "/usr/bin/influxd" },
    Package { name: "postgresql", proof: "/usr/lib/postgresql/*/bin/initdb" },
    Package { name: "chromium", proof: "/usr/bin/chromium" },
    Package { name: "mosquitto", proof: "/usr/sbin/mosquitto" },
    Package { name: "mosquitto-clients", proof: "/usr/bin/mosquitto_sub" },
    Package { name: "python3-aiosmtpd", proof: "/usr/bin/aiosmtpd" },
    HAPROXY,
    Package { name: "prometheus", proof: "/usr/bin/promtool" },
];

const HAPROXY: Package = Package { name: "haproxy", proof: "/usr/sbin/haproxy" };

const FOR_KEYCLOAK: [Package; 3] = [
    Package { name: "default-jre-headless", proof: "/usr/bin/java" },
    Package { name: "unzip", proof: "/usr/bin/unzip" },
    Package { name: "curl", proof: "/usr/bin/curl" },
];

/// It tells programs of another Debian where their libraries are.
const FOR_RABBITMQ_4: [Package; 1] = [Package { name: "patchelf", proof: "/usr/bin/patchelf" }];

fn is_installed(package: &Package) -> bool {
    match package.proof.split_once("/*/") {
        None => Path::new(package.proof).exists(),
        Some((folder, rest)) => std::fs::read_dir(folder).is_ok_and(|mut names| {
            names.any(|entry| entry.is_ok_and(|entry| entry.path().join(rest).exists()))
        }),
    }
}

/// What the tests take.
pub(crate) fn install_packages() -> anyhow::Result<()> {
    install(&PACKAGES).context("without them: cargo xtask test --fast")
}

/// What Keycloak takes besides.
pub(crate) fn install_for_keycloak() -> anyhow::Result<()> {
    install(&FOR_KEYCLOAK)
}

/// What unpacking RabbitMQ 4 takes besides.
pub(crate) fn install_for_rabbitmq_4() -> anyhow::Result<()> {
    install(&FOR_RABBITMQ_4)
}

/// What reads the configuration of the front of the brokers.
pub(crate) fn install_haproxy() -> anyhow::Result<()> {
    install(&[HAPROXY])
}

/// Installs what is missing when we may, and says what is missing when we may not.
pub(crate) fn install(packages: &[Package]) -> anyhow::Result<()> {
    let missing: Vec<&str> =
        packages.iter().filter(|package| !is_installed(package)).map(|package| package.name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let is_debian = Path::new("/etc/debian_version").exists();
    if !is_debian || !rustix::process::geteuid().is_root() {
        bail!(
            "these are needed and not installed: {list}.\n\
             On Debian: sudo apt-get install {list}",
            list = missing.join(" ")
        );
    }
    run(program("apt-get").args(["update", "-qq"]))?;
    run(program("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}
