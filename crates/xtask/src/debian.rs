//! The system packages that tests use.

use std::path::Path;

use anyhow::bail;

use crate::run::{program, run};

/// A Debian package, and a file that tells that it is there.
struct Package {
    name: &'static str,
    proof: &'static str,
}

const PACKAGES: [Package; 4] = [
    Package { name: "rabbitmq-server", proof: "/usr/lib/rabbitmq/bin/rabbitmq-server" },
    Package { name: "influxdb", proof: "/usr/bin/influxd" },
    Package { name: "postgresql", proof: "/usr/lib/postgresql" },
    Package { name: "chromium", proof: "/usr/bin/chromium" },
];

/// Installs what is missing when we may, and says what is missing when we may not.
pub(crate) fn install_packages() -> anyhow::Result<()> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|package| !Path::new(package.proof).exists())
        .map(|package| package.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let is_debian = Path::new("/etc/debian_version").exists();
    if !is_debian || !rustix::process::geteuid().is_root() {
        bail!(
            "these are needed and not installed: {list}.\n\
             On Debian or Ubuntu: sudo apt-get install {list}\n\
             Without them: cargo xtask test --fast",
            list = missing.join(" ")
        );
    }
    run(program("apt-get").args(["update", "-qq"]))?;
    run(program("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}
