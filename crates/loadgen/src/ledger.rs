//! What was published and what became of it, on disk: the witness for `verify`.
//!
//! A line of JSON, then records of 12 bytes: hub, number, kind, outcome and a check over them. What a container held
//! is not written down, since the population tells it again. The last record says that nothing is missing; without
//! it the swarm was killed, and some of what it sent may be in no record.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use domain::{TickLength, UtcMillis};
use serde::{Deserialize, Serialize};

use crate::chance::mixed;
use crate::item::{Item, Kind};
use crate::poison::Poison;
use crate::population::Population;

const FORMAT: &str = "wattline ledger";
const VERSION: u32 = 1;
const RECORD: usize = 12;
const END: u8 = 255;
const BUFFER: usize = 1 << 16;
const LONGEST_HEADER: u64 = 4_096;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("{} exists already: a ledger tells of one run only", .0.display())]
    Exists(PathBuf),
    #[error("{operation} {}: {source}", .path.display())]
    Io { operation: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is not a ledger of this version: {reason}", .path.display())]
    Foreign { path: PathBuf, reason: String },
    #[error("{} is damaged at record {record}", .path.display())]
    Damaged { path: PathBuf, record: u64 },
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Confirmed,
    /// Sent and never confirmed: it may be stored or not.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub item: Item,
    pub outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    seed: u64,
    hubs: u32,
    sockets: u8,
    tick_length: TickLength,
    start: UtcMillis,
    poison: Vec<String>,
}

/// Appends; buffered until [`flush`](Self::flush).
#[derive(Debug)]
pub struct LedgerWriter {
    path: PathBuf,
    file: BufWriter<File>,
}

impl LedgerWriter {
    pub fn create(path: &Path, population: &Population) -> Result<Self, LedgerError> {
        let failed = failed("creating", path);
        let file = match File::create_new(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(LedgerError::Exists(path.to_owned()));
            }
            file => file.map_err(&failed)?,
        };
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            seed: population.seed,
            hubs: population.hubs,
            sockets: population.sockets,
            tick_length: population.tick_length,
            start: population.start,
            poison: Poison::NAMES.map(str::to_owned).to_vec(),
        };
        let mut line = serde_json::to_vec(&header).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let mut file = BufWriter::with_capacity(BUFFER, file);
        file.write_all(&line).map_err(&failed)?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub fn add(&mut self, entry: Entry) -> Result<(), LedgerError> {
        self.append(&record(entry))
    }

    pub fn flush(&mut self) -> Result<(), LedgerError> {
        self.file.flush().map_err(failed("writing", &self.path))
    }

    /// Nothing is missing.
    pub fn close(mut self) -> Result<(), LedgerError> {
        self.append(&checked([0, 0, 0, 0, 0, 0, 0, 0, END, 0]))?;
        self.flush()?;
        self.file.get_ref().sync_all().map_err(failed("writing", &self.path))
    }

    fn append(&mut self, record: &[u8; RECORD]) -> Result<(), LedgerError> {
        self.file.write_all(record).map_err(failed("writing", &self.path))
    }
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> LedgerError {
    move |source| LedgerError::Io { operation, path: path.to_owned(), source }
}

fn record(Entry { item, outcome }: Entry) -> [u8; RECORD] {
    let mut bytes = [0; 10];
    bytes[..4].copy_from_slice(&item.hub.to_le_bytes());
    bytes[4..8].copy_from_slice(&item.number.to_le_bytes());
    bytes[8] = match item.kind {
        Kind::Fresh => 0,
        Kind::Late => 1,
        Kind::Duplicate => 2,
        Kind::Poison => 3,
    };
    bytes[9] = match outcome {
        Outcome::Confirmed => 0,
        Outcome::Unknown => 1,
    };
    checked(bytes)
}

fn checked(bytes: [u8; 10]) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..10].copy_from_slice(&bytes);
    let check = check(&record);
    record[10..].copy_from_slice(&check);
    record
}

fn check(record: &[u8; RECORD]) -> [u8; 2] {
    let mut words = [[0; 8]; 2];
    words[0].copy_from_slice(&record[..8]);
    words[1][..2].copy_from_slice(&record[8..10]);
    let hash = mixed(words.map(u64::from_le_bytes)).to_le_bytes();
    [hash[0], hash[1]]
}

fn entry(record: &[u8; RECORD]) -> Option<Entry> {
    let number = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
    let kind = match record[8] {
        0 => Kind::Fresh,
        1 => Kind::Late,
        2 => Kind::Duplicate,
        3 => Kind::Poison,
        _ => return None,
    };
    let outcome = match record[9] {
        0 => Outcome::Confirmed,
        1 => Outcome::Unknown,
        _ => return None,
    };
    Some(Entry { item: Item { hub: number(0), number: number(4), kind }, outcome })
}

/// How a ledger ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Whatever was sent is in it.
    Closed,
    /// The swarm was killed; the last record may be torn and is then passed over.
    Open,
}

/// Reads a ledger from its beginning.
#[derive(Debug)]
pub struct LedgerReader {
    path: PathBuf,
    file: BufReader<File>,
    population: Population,
}

impl LedgerReader {
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let failed = failed("reading", path);
        let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(&failed)?);
        let mut line = Vec::new();
        file.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line).map_err(&failed)?;
        let foreign = |reason: String| LedgerError::Foreign { path: path.to_owned(), reason };
        let header: Header = serde_json::from_slice(&line).map_err(|error| foreign(error.to_string()))?;
        if header.format != FORMAT || header.version != VERSION {
            return Err(foreign(format!("{} {}", header.format, header.version)));
        }
        if header.hubs == 0 || !(1..=64).contains(&header.sockets) {
            return Err(foreign("no hubs or no sockets".to_owned()));
        }
        let population = Population {
            seed: header.seed,
            hubs: header.hubs,
            sockets: header.sockets,
            tick_length: header.tick_length,
            start: header.start,
        };
        Ok(Self { path: path.to_owned(), file, population })
    }

    pub const fn population(&self) -> Population {
        self.population
    }

    /// Gives each entry to `each`, in the order in which they were written.
    pub fn read(mut self, mut each: impl FnMut(Entry)) -> Result<End, LedgerError> {
        let failed = failed("reading", &self.path);
        let mut number = 0;
        loop {
            let mut bytes = Vec::with_capacity(RECORD);
            self.file.by_ref().take(RECORD as u64).read_to_end(&mut bytes).map_err(&failed)?;
            let Ok(record) = <[u8; RECORD]>::try_from(bytes) else { return Ok(End::Open) };
            let is_whole = record[10..] == check(&record);
            if is_whole && record[8] == END {
                return Ok(End::Closed);
            }
            match entry(&record).filter(|entry| is_whole && entry.item.hub < self.population.hubs) {
                Some(entry) => each(entry),
                None if self.file.fill_buf().map_err(&failed)?.is_empty() => return Ok(End::Open),
                None => return Err(LedgerError::Damaged { path: self.path.clone(), record: number }),
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::tests::population;

    fn entries() -> Vec<Entry> {
        let kinds = [Kind::Fresh, Kind::Late, Kind::Duplicate, Kind::Poison];
        (0..1_000)
            .map(|number| Entry {
                item: Item { hub: number * 7 % 1_000, number, kind: kinds[number as usize % 4] },
                outcome: if number % 10 == 0 { Outcome::Unknown } else { Outcome::Confirmed },
            })
            .collect()
    }

    fn write(path: &Path, close: bool) {
        let mut ledger = LedgerWriter::create(path, &population()).unwrap();
        for entry in entries() {
            ledger.add(entry).unwrap();
        }
        if close { ledger.close().unwrap() } else { ledger.flush().unwrap() }
    }

    fn read(path: &Path) -> Result<(Vec<Entry>, End), LedgerError> {
        let mut seen = Vec::new();
        let end = LedgerReader::open(path)?.read(|entry| seen.push(entry))?;
        Ok((seen, end))
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        write(&path, true);
        assert_eq!(LedgerReader::open(&path).unwrap().population(), population());
        assert_eq!(read(&path).unwrap(), (entries(), End::Closed));
    }

    #[test]
    fn a_torn_tail_costs_at_most_one_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        write(&path, false);
        let length = path.metadata().unwrap().len();
        assert_eq!(read(&path).unwrap(), (entries(), End::Open));
        for torn in 1..RECORD as u64 {
            File::options().write(true).open(&path).unwrap().set_len(length - torn).unwrap();
            assert_eq!(read(&path).unwrap(), (entries()[..999].to_vec(), End::Open));
        }
        // A file system may also leave zeros where the last write should be.
        File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
        assert_eq!(read(&path).unwrap(), (entries()[..999].to_vec(), End::Open));
    }

    #[test]
    fn damage_in_the_middle_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        write(&path, true);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() - RECORD * 11;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(read(&path), Err(LedgerError::Damaged { record: 990, .. })));
    }

    #[test]
    fn a_ledger_is_never_overwritten_and_nothing_else_is_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        write(&path, true);
        assert!(matches!(LedgerWriter::create(&path, &population()), Err(LedgerError::Exists(_))));
        std::fs::write(&path, "something else\n").unwrap();
        assert!(matches!(read(&path), Err(LedgerError::Foreign { .. })));
    }
}
