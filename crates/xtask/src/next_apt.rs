//! Packages of Debian 13 on an older Debian: fetched and checked by apt with settings of its own, and unpacked beside the build.
//! Nothing of it is installed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::run::{program, read, run};

const SOURCE: &str = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n";

/// An apt that knows nothing of this machine, as if nothing were installed.
pub(crate) struct NextApt {
    config: PathBuf,
    folder: PathBuf,
}

impl NextApt {
    /// In an empty folder, whose path is absolute; its `cache/archives` is where packages arrive.
    pub(crate) fn prepare(folder: &Path) -> anyhow::Result<Self> {
        ensure!(Path::new("/etc/debian_version").exists(), "this is no Debian");
        for name in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(name))?;
        }
        fs::write(folder.join("status"), "")?;
        fs::write(folder.join("sources.list"), SOURCE)?;
        let architecture = read(program("dpkg").arg("--print-architecture"))?;
        let at = folder.display();
        let config = format!(
            "Dir::State \"{at}/state\";\nDir::State::status \"{at}/status\";\nDir::Cache \"{at}/cache\";\n\
             Dir::Etc::SourceList \"{at}/sources.list\";\nDir::Etc::SourceParts \"-\";\n\
             APT::Sandbox::User \"root\";\nAPT::Architecture \"{arch}\";\nAPT::Architectures {{ \"{arch}\"; }};\n\
             Acquire::Languages \"none\";\nAcquire::Retries \"3\";\n",
            arch = architecture.trim()
        );
        let apt = Self { config: folder.join("apt.conf"), folder: folder.to_owned() };
        fs::write(&apt.config, config)?;
        apt.get(&["update"])?;
        Ok(apt)
    }

    pub(crate) fn get(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut apt = program("apt-get");
        // Where `download` puts what it fetches.
        apt.current_dir(self.folder.join("cache/archives"));
        run(apt.env("APT_CONFIG", &self.config).arg("-qq").args(arguments))
    }
}

/// Unpacks those packages whose file name is wanted; gives their number.
pub(crate) fn unpack(
    archives: &Path,
    root: &Path,
    is_wanted: impl Fn(&str) -> bool,
) -> anyhow::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(archives)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_package = path.extension().is_some_and(|extension| extension == "deb");
        if is_package && is_wanted(&name) {
            run(program("dpkg-deb").arg("--extract").arg(&path).arg(root))?;
            count += 1;
        }
    }
    Ok(count)
}
