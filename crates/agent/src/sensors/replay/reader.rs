//! The rows of one outlet, in order of time, one after the other from disk.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use domain::calendar::Zone;
use domain::{Milliwatts, UtcMillis};

use super::faults::Faults;
use super::folder::Trace;
use super::local::LocalClock;
use super::row;

const BUFFER: usize = 64 * 1024;

/// No row is longer; what is must not fill the memory.
const MAX_LINE: u64 = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at: UtcMillis,
    pub(super) power: Milliwatts,
}

/// Where a row begins, with all that is needed to read on from there as if from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    part: usize,
    offset: u64,
    line: u64,
    newest: UtcMillis,
}

pub(super) struct TraceReader {
    parts: Arc<[PathBuf]>,
    file: Option<BufReader<File>>,
    line_text: Vec<u8>,
    clock: LocalClock,
    faults: Faults,
    /// The next row.
    here: Mark,
    /// The row given last.
    given: Mark,
}

impl TraceReader {
    pub(super) fn new(trace: &Trace, zone: &Zone, faults: Faults) -> Self {
        let here = Mark { part: 0, offset: 0, line: 0, newest: UtcMillis(i64::MIN) };
        Self {
            parts: trace.parts.clone().into(),
            file: None,
            line_text: Vec::with_capacity(64),
            clock: LocalClock::new(zone.clone()),
            faults,
            here,
            given: here,
        }
    }

    #[must_use]
    pub(super) fn from(mut self, mark: Mark) -> Self {
        self.here = mark;
        self
    }

    /// Of the row that [`TraceReader::next`] gave last.
    pub(super) const fn mark(&self) -> Mark {
        self.given
    }

    /// The next row that is one; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Sample> {
        loop {
            let begin = self.here;
            match self.read_line() {
                Ok(true) => {}
                Ok(false) => {
                    self.faults.end_of(self.parts.get(begin.part)?);
                    self.next_part();
                    continue;
                }
                Err(error) => {
                    let part = self.parts.get(begin.part)?;
                    tracing::error!(file = %part.display(), %error, "the trace cannot be read any further");
                    self.next_part();
                    continue;
                }
            }
            match self.sample() {
                Ok(sample) => {
                    self.given = begin;
                    self.here.newest = sample.at;
                    return Some(sample);
                }
                Err(reason) => self.faults.note(&self.parts[begin.part], self.here.line, reason),
            }
        }
    }

    fn sample(&mut self) -> Result<Sample, &'static str> {
        let line = self.line_text.strip_suffix(b"\n").unwrap_or(&self.line_text);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let row = row::parse(line)?;
        let at = self.clock.instant(&row, self.here.newest)?;
        if at < self.here.newest {
            return Err("older than the row before it");
        }
        Ok(Sample { at, power: row.power })
    }

    /// `false` at the end of the part, and after the last part.
    fn read_line(&mut self) -> io::Result<bool> {
        let Some(path) = self.parts.get(self.here.part) else { return Ok(false) };
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
                file.seek(SeekFrom::Start(self.here.offset))?;
                none.insert(file)
            }
        };
        self.line_text.clear();
        let mut read = file.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line_text)?;
        if read == 0 {
            return Ok(false);
        }
        if self.line_text.last() != Some(&b'\n') {
            read += file.skip_until(b'\n')?;
        }
        self.here.offset += read as u64;
        self.here.line += 1;
        Ok(true)
    }

    fn next_part(&mut self) {
        self.file = None;
        self.here = Mark { part: self.here.part + 1, offset: 0, line: 0, newest: self.here.newest };
    }
}
