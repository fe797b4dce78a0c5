//! The package for a Raspberry Pi, unpacked to be run by an emulator.

use std::path::Path;

use super::toolchain::{Toolchain, folder};
use super::{Architecture, build};
use crate::debian::{self, Package};
use crate::left_out::LeftOut;
use crate::run::{program, run};

const EMULATOR: &str = "/usr/bin/qemu-aarch64-static";
const QEMU: [Package; 1] = [Package { name: "qemu-user-static", proof: EMULATOR }];
/// Where Debian's cross compiler has the C library for it.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";

/// What [`testkit::emulated::AGENT`] is to say; where it cannot be built, notes why and gives `None`.
pub(crate) fn agent(left_out: &mut LeftOut) -> anyhow::Result<Option<String>> {
    if let Err(reason) = Toolchain::prepare(Architecture::Arm64).and_then(|_| debian::install(&QEMU)) {
        left_out.note("the agent on a Raspberry Pi's processor", &reason)?;
        return Ok(None);
    }
    let deb = build(Architecture::Arm64)?;
    let unpacked = folder().join("unpacked");
    if unpacked.exists() {
        std::fs::remove_dir_all(&unpacked)?;
    }
    run(program("dpkg-deb").arg("--extract").arg(deb).arg(&unpacked))?;
    let agent = unpacked.join("usr/bin/wattline-agent");
    let words = [Path::new(EMULATOR), Path::new("-L"), Path::new(LIBRARIES), &agent];
    Ok(Some(words.map(|word| word.display().to_string()).join("\n")))
}
