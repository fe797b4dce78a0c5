//! The files of the package, laid out as they are installed.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::run::{program, read, run};

const PROGRAM: u32 = 0o755;
const FILE: u32 = 0o644;

/// A folder that becomes a package.
pub(super) struct Tree {
    folder: PathBuf,
}

impl Tree {
    /// In `folder`, which must be empty.
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn add_program(&self, path: &str, from: &Path) -> io::Result<()> {
        self.write(path, &fs::read(from)?, PROGRAM)
    }

    pub(super) fn add_file(&self, path: &str, from: &Path) -> io::Result<()> {
        self.write(path, &fs::read(from)?, FILE)
    }

    pub(super) fn add_text(&self, path: &str, text: &str) -> io::Result<()> {
        self.write(path, text.as_bytes(), FILE)
    }

    /// As `gzip` packs it without a name and a time.
    pub(super) fn add_gzipped(&self, path: &str, text: &str) -> anyhow::Result<()> {
        self.add_text(path, text)?;
        run(program("gzip").args(["-9", "--no-name", "--force"]).arg(self.folder.join(path)))
    }

    /// KiB that the files take on a disk.
    pub(super) fn size(&self) -> anyhow::Result<u64> {
        let bytes: u64 =
            self.files()?.iter().filter_map(|path| path.metadata().ok()).map(|about| about.len()).sum();
        Ok(bytes.div_ceil(1024))
    }

    /// `DEBIAN/md5sums` of all that is installed.
    pub(super) fn add_checksums(&self) -> anyhow::Result<()> {
        let names: Vec<PathBuf> = self
            .files()?
            .into_iter()
            .filter_map(|path| Some(path.strip_prefix(&self.folder).ok()?.to_owned()))
            .collect();
        let sums = read(program("md5sum").args(names).current_dir(&self.folder))?;
        Ok(self.add_text("DEBIAN/md5sums", &sums)?)
    }

    /// Packs it; nothing in it is dated later than `source_date`, in Unix seconds. The same tree gives the same bytes,
    /// whenever and by whomever it is packed.
    pub(super) fn pack(&self, deb: &Path, source_date: &str) -> anyhow::Result<()> {
        run(program("dpkg-deb")
            .args(["--root-owner-group", "--threads-max=1", "-Zxz", "--build"])
            .arg(&self.folder)
            .arg(deb)
            .env("SOURCE_DATE_EPOCH", source_date)
            .stdout(Stdio::null()))
    }

    /// Without those that are Debian's own, in order.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if !path.is_dir() {
                    files.push(path);
                } else if !path.ends_with("DEBIAN") {
                    folders.push(path);
                }
            }
        }
        files.sort();
        Ok(files)
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        let file = self.folder.join(path);
        for folder in Path::new(path).ancestors().skip(1).collect::<Vec<_>>().iter().rev() {
            let folder = self.folder.join(folder);
            fs::create_dir_all(&folder)?;
            // Whatever the mask of whoever builds it.
            fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
        }
        fs::write(&file, bytes)?;
        fs::set_permissions(&file, Permissions::from_mode(mode))
    }
}
