//! What Debian is told of the package.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};

use super::Architecture;
use crate::run::{program, read};

pub(super) const MAINTAINER: &str = "The Wattline authors <maintainers@wattline.example>";

/// The fields of `DEBIAN/control`. `size` is in KiB.
pub(super) fn fields(version: &str, architecture: Architecture, depends: &[String], size: u64) -> String {
    format!(
        "Package: wattline-agent\n\
         Version: {version}\n\
         Architecture: {}\n\
         Maintainer: {MAINTAINER}\n\
         Installed-Size: {size}\n\
         Depends: {}\n\
         Section: misc\n\
         Priority: optional\n\
         Homepage: https://github.com/wattline/wattline\n\
         Description: measures the sockets of a home\n \
         The agent of a Wattline hub: it reads plugs over MQTT and meters that are\n \
         wired to a Raspberry Pi, books their energy in whole joules, keeps it on\n \
         disk, and publishes it until the broker has confirmed it.\n",
        architecture.debian(),
        depends.join(", "),
    )
}

/// What the program takes: libraries with the versions whose symbols it uses, authorities for TLS, and what the
/// maintainer scripts call and is not on every Debian.
pub(super) fn depends(binary: &Path) -> anyhow::Result<Vec<String>> {
    let dynamic = read(program("readelf").args(["--dynamic", "--wide"]).arg(binary))?;
    let symbols = read(program("readelf").args(["--version-info", "--wide"]).arg(binary))?;
    let mut depends = libraries(&dynamic, &symbols)?;
    depends.extend(["adduser", "ca-certificates"].map(str::to_owned));
    Ok(depends)
}

/// Fails at a library that nobody has said which package it is of.
fn libraries(dynamic: &str, symbols: &str) -> anyhow::Result<Vec<String>> {
    let mut packages = BTreeSet::new();
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let name = line.split(['[', ']']).nth(1).context("readelf names no library")?;
        packages.insert(match name {
            "libc.so.6" | "libm.so.6" | "libdl.so.2" | "libpthread.so.0" => ("libc6", "GLIBC_"),
            "libgcc_s.so.1" => ("libgcc-s1", "GCC_"),
            name if name.starts_with("ld-linux") => ("libc6", "GLIBC_"),
            other => bail!("the agent is linked with {other}, and no package is known for that"),
        });
    }
    let with_version = |(package, prefix): (&str, &str)| match newest(symbols, prefix) {
        Some(version) => format!("{package} (>= {version})"),
        None => package.to_owned(),
    };
    Ok(packages.into_iter().map(with_version).collect())
}

/// The newest version of symbols that begin with `prefix`.
fn newest(symbols: &str, prefix: &str) -> Option<String> {
    let versions = symbols.split_whitespace().filter_map(|word| word.strip_prefix(prefix));
    let numbers =
        |version: &&str| -> Vec<u32> { version.split('.').filter_map(|n| n.parse().ok()).collect() };
    versions
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        .max_by_key(numbers)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYMBOLS: &str = "  0x0010:   Name: GLIBC_2.4  Flags: none  Version: 8\n  \
        0x0020:   Name: GLIBC_2.34  Flags: none  Version: 5\n  \
        0x0030:   Name: GCC_3.5  Flags: none  Version: 4\n  \
        0x0040:   Name: GLIBC_PRIVATE  Flags: none  Version: 3\n";

    #[test]
    fn a_library_is_wanted_in_the_version_of_its_newest_symbol() {
        let dynamic = " 0x01 (NEEDED)  Shared library: [libgcc_s.so.1]\n 0x01 (NEEDED)  Shared library: [libc.so.6]\n\
                        0x0e (SONAME)  Library soname: [x]\n";
        assert_eq!(libraries(dynamic, SYMBOLS).unwrap(), ["libc6 (>= 2.34)", "libgcc-s1 (>= 3.5)"]);
    }

    #[test]
    fn a_library_of_no_known_package_is_an_error() {
        let error = libraries(" 0x01 (NEEDED)  Shared library: [libssl.so.3]\n", SYMBOLS).unwrap_err();
        assert!(error.to_string().contains("libssl.so.3"), "{error}");
    }
}
