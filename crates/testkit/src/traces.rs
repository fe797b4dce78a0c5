//! A recorded day of real households' sockets, from the repository's `data` folder.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The unpacked day; its folder is gone when this is dropped.
#[derive(Debug)]
pub struct RecordedDay(TempDir);

impl RecordedDay {
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Every recorded socket's file, in order of name.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).expect("the recorded day can be listed");
            for path in entries.map(|entry| entry.expect("the recorded day can be listed").path()) {
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }
}

/// Unpacks 2012-01-16 into a folder that goes with the answer.
pub fn recorded_day() -> RecordedDay {
    let folder = TempDir::with_prefix("wattline-day-").expect("a folder can be made");
    unpack_recorded_day(folder.path()).expect("the recorded day can be unpacked");
    RecordedDay(folder)
}

/// Unpacks 2012-01-16 and gives the folder of its CSV files.
pub fn unpack_recorded_day(into: &Path) -> io::Result<PathBuf> {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/tracebase/2012-01-16.tar.xz");
    let mut unpacked = Vec::new();
    lzma_rs::xz_decompress(&mut BufReader::new(File::open(archive)?), &mut unpacked)
        .map_err(|error| io::Error::other(format!("{error:?}")))?;
    tar::Archive::new(unpacked.as_slice()).unpack(into)?;
    Ok(into.join("2012-01-16"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_day_has_samples() {
        let day = recorded_day();
        let files = day.files();
        assert!(files.len() > 10, "{files:?}");
        assert!(files.iter().all(|file| fs::metadata(file).is_ok_and(|about| about.len() > 0)));
    }
}
