//! The file of a hub: written to its end or not there, read frame by frame.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use domain::HubId;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use wire::{BackupEntry, BackupTotals, MAX_BACKUP_ENTRY_BYTES, decode_entry, encode_entry};

use super::BackupError;
use crate::private;

/// What a length takes at most.
const MAX_LENGTH_BYTES: usize = 5;

fn io(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    move |source| BackupError::Io { operation, path: path.to_owned(), source }
}

/// Under another name until it is whole.
pub(super) struct Writing {
    path: PathBuf,
    part: PathBuf,
    out: GzEncoder<BufWriter<File>>,
    totals: BackupTotals,
}

impl Writing {
    pub(super) fn begin(path: PathBuf) -> Result<Self, BackupError> {
        let part = path.with_extension("part");
        let file = private::create(&part).map_err(io("writing", &part))?;
        let out = GzEncoder::new(BufWriter::new(file), Compression::default());
        Ok(Self { path, part, out, totals: BackupTotals::default() })
    }

    pub(super) fn put(&mut self, entry: &BackupEntry) -> Result<(), BackupError> {
        match entry {
            BackupEntry::Container(container) => self.totals.add_container(container),
            BackupEntry::Page(_) => self.totals.pages += 1,
            BackupEntry::End(_) => {}
        }
        self.out.write_all(&encode_entry(entry)).map_err(io("writing", &self.part))
    }

    /// On the disk when it returns.
    pub(super) fn finish(mut self) -> Result<BackupTotals, BackupError> {
        let totals = self.totals;
        self.put(&BackupEntry::End(totals))?;
        let Self { path, part, out, .. } = self;
        let failed = |source| BackupError::Io { operation: "writing", path: part.clone(), source };
        let file = out.finish().map_err(failed)?.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, &path).map_err(failed)?;
        Ok(totals)
    }
}

/// What is in a file, in order, without its end. A torn or altered file is an error, at the latest at its end.
pub(super) struct Reading {
    path: PathBuf,
    hub: HubId,
    expected: BackupTotals,
    input: GzDecoder<BufReader<File>>,
    totals: BackupTotals,
}

impl Reading {
    pub(super) fn open(path: PathBuf, hub: HubId, expected: BackupTotals) -> Result<Self, BackupError> {
        let file = File::open(&path).map_err(io("reading", &path))?;
        let input = GzDecoder::new(BufReader::new(file));
        Ok(Self { path, hub, expected, input, totals: BackupTotals::default() })
    }

    /// `None` at the end, which was as it must be.
    pub(super) fn next(&mut self) -> Result<Option<BackupEntry>, BackupError> {
        let length = self.length()?;
        if length > MAX_BACKUP_ENTRY_BYTES {
            return Err(self.damaged(format!("an entry of {length} bytes")));
        }
        let mut body = vec![0; length];
        self.input.read_exact(&mut body).map_err(|error| self.torn(&error))?;
        let entry = decode_entry(self.hub, &body)
            .map_err(|source| BackupError::Entry { path: self.path.clone(), source })?;
        match &entry {
            BackupEntry::Container(container) => self.totals.add_container(container),
            BackupEntry::Page(_) => self.totals.pages += 1,
            BackupEntry::End(end) => {
                if *end != self.totals || *end != self.expected {
                    return Err(self.damaged("it does not hold what the manifest says".to_owned()));
                }
                // The check sum of the compression comes last.
                let rest = self.input.read(&mut [0]).map_err(|error| self.torn(&error))?;
                if rest > 0 {
                    return Err(self.damaged("there is something after its end".to_owned()));
                }
                return Ok(None);
            }
        }
        Ok(Some(entry))
    }

    fn length(&mut self) -> Result<usize, BackupError> {
        let mut length = 0_usize;
        for place in 0..MAX_LENGTH_BYTES {
            let mut byte = [0];
            self.input.read_exact(&mut byte).map_err(|error| self.torn(&error))?;
            length |= usize::from(byte[0] & 0x7f) << (7 * place);
            if byte[0] & 0x80 == 0 {
                return Ok(length);
            }
        }
        Err(self.damaged("a length that has no end".to_owned()))
    }

    fn torn(&self, error: &std::io::Error) -> BackupError {
        self.damaged(format!("it is torn or altered ({error})"))
    }

    fn damaged(&self, reason: String) -> BackupError {
        BackupError::Damaged { path: self.path.clone(), reason }
    }
}
