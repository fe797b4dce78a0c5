//! The distribution of Keycloak that the log-in through a provider is tested with.

use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::run::{program, read, root, run};

const VERSION: &str = "26.7.3";
/// As published beside the archive.
const SHA256: &str = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f";

/// Downloads it (170 MB) unless it is there, and holds it against its checksum.
pub(crate) fn distribution() -> anyhow::Result<PathBuf> {
    let name = format!("keycloak-quarkus-dist-{VERSION}.zip");
    let folder = root().join("target/keycloak");
    std::fs::create_dir_all(&folder)?;
    let archive = folder.join(&name);
    if !archive.exists() {
        let url =
            format!("https://repo1.maven.org/maven2/org/keycloak/keycloak-quarkus-dist/{VERSION}/{name}");
        // Under its own name only when it is whole.
        let part = folder.join(format!("{name}.part"));
        run(program("curl")
            .args(["--fail", "--location", "--silent", "--show-error", "--max-time", "900", "--output"])
            .arg(&part)
            .arg(url))?;
        check(&part)?;
        std::fs::rename(part, &archive)?;
    }
    check(&archive)?;
    Ok(archive)
}

fn check(archive: &Path) -> anyhow::Result<()> {
    let printed = read(program("sha256sum").arg("--").arg(archive))?;
    ensure!(printed.starts_with(SHA256), "{} is not what was published: {printed}", archive.display());
    Ok(())
}
