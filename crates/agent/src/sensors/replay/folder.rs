//! Which files a folder of traces holds, and which socket each one is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use domain::SocketNumber;
use domain::ids::MAX_SOCKETS;

use super::ReplayError;

/// The trace of one outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) socket: SocketNumber,
    /// `APPLIANCE_PLUGID`.
    pub(super) stem: String,
    /// One file, or one per day, in order.
    pub(super) parts: Vec<PathBuf>,
}

/// By socket number, which is the order of the names. A folder without traces of its own may have a folder of
/// them for each recorded day.
pub(super) fn scan(folder: &Path) -> Result<Vec<Trace>, ReplayError> {
    let (mut files, folders) = list(folder)?;
    if files.is_empty() {
        for folder in &folders {
            files.extend(list(folder)?.0);
        }
    }
    let mut by_stem = BTreeMap::<String, Vec<PathBuf>>::new();
    for file in files {
        if let Some(stem) = file.file_stem().and_then(|stem| stem.to_str()) {
            by_stem.entry(stem.to_owned()).or_default().push(file);
        }
    }
    if by_stem.is_empty() {
        return Err(ReplayError::Empty { folder: folder.to_owned() });
    }
    if by_stem.len() > MAX_SOCKETS {
        return Err(ReplayError::TooMany { folder: folder.to_owned(), files: by_stem.len() });
    }
    let traces = (0u8..).zip(by_stem).filter_map(|(number, (stem, parts))| {
        let socket = SocketNumber::new(number).ok()?;
        Some(Trace { socket, stem, parts })
    });
    Ok(traces.collect())
}

/// CSV files and folders, each in order of name.
fn list(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), ReplayError> {
    let failed = |source| ReplayError::List { folder: folder.to_owned(), source };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn sockets_are_numbered_by_file_name() {
        let folder = folder(&["b_2.csv", "a_1.csv", "README.md", "c_3.CSV"]);
        let traces = scan(folder.path()).unwrap();
        let named: Vec<_> = traces.iter().map(|trace| (trace.socket.get(), trace.stem.as_str())).collect();
        assert_eq!(named, [(0, "a_1"), (1, "b_2"), (2, "c_3")]);
    }

    #[test]
    fn a_folder_per_day_is_one_trace_per_outlet() {
        let folder = folder(&["2012-01-17/a_1.csv", "2012-01-16/a_1.csv", "2012-01-17/b_2.csv"]);
        let traces = scan(folder.path()).unwrap();
        assert_eq!(traces.len(), 2);
        assert!(traces[0].parts[0].ends_with("2012-01-16/a_1.csv"));
        assert!(traces[0].parts[1].ends_with("2012-01-17/a_1.csv"));
    }

    #[test]
    fn an_empty_or_overfull_or_missing_folder_says_so() {
        assert!(matches!(scan(folder(&["x.txt"]).path()), Err(ReplayError::Empty { .. })));
        let names: Vec<String> = (0..65).map(|n| format!("a_{n}.csv")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(matches!(scan(folder(&names).path()), Err(ReplayError::TooMany { files: 65, .. })));
        assert!(matches!(scan(Path::new("/nowhere/at/all")), Err(ReplayError::List { .. })));
    }
}
