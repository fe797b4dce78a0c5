//! The pages that the file is made of.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sqlx::{Row as _, Sqlite};

/// Of a new file; one that is there keeps its own, which was 4,096 once. What changes is written to SQLite's journal in
/// whole pages, and a live tick of 30 sockets has 300 bytes.
const BYTES: u32 = 1_024;
/// Of the journal, before it is brought into the database: less than SQLite's own 4 MiB, as the disks of hubs are small.
const JOURNAL_BYTES: u32 = 1 << 20;

/// Of a page, not for the body and the checkpoint of a row that has it to itself: SQLite keeps 35 bytes, the other columns take up
/// to 50, and what is added may be larger than was reckoned.
const BESIDE: usize = 124;
/// Two of them fit into a page of 4,096 bytes, and one into two pages of 1,024.
const MOST_GROWN: usize = 1_900;

/// How large they are, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pages {
    pub(super) bytes: u32,
    pub(super) most: u64,
    pub(super) in_journal: u32,
}

impl Pages {
    /// Those of the file, or what they will be when it is made.
    pub(super) fn of(path: &Path, max_bytes: u64) -> Self {
        let bytes = told(path).unwrap_or(BYTES);
        Self { bytes, most: max_bytes / u64::from(bytes), in_journal: JOURNAL_BYTES / bytes }
    }

    /// A container that nobody was offered takes further ticks up to so many bytes, checkpoint included. It is written anew with
    /// each of them, and must not take more pages than with the first one: a second one only where the checkpoint is so large that
    /// few ticks would fit beside it.
    pub(super) fn grown_bytes(self, checkpoint: usize) -> usize {
        let page = usize::try_from(self.bytes).unwrap_or(usize::MAX).saturating_sub(BESIDE).min(MOST_GROWN);
        if checkpoint > page / 2 { MOST_GROWN } else { page }
    }
}

/// What the header says, <https://www.sqlite.org/fileformat.html#the_database_header>.
fn told(path: &Path) -> Option<u32> {
    let mut header = [0; 18];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    if !header.starts_with(b"SQLite format 3\0") {
        return None;
    }
    let bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u32::from(bytes),
    };
    (bytes.is_power_of_two() && bytes >= 512).then_some(bytes)
}

/// Bytes of the file, without the pages that are free.
pub(super) async fn used_bytes<'a>(
    executor: impl sqlx::Executor<'a, Database = Sqlite>,
) -> Result<u64, sqlx::Error> {
    let row = sqlx::query(
        "SELECT (page_count - freelist_count) * page_size
         FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    )
    .fetch_one(executor)
    .await?;
    Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(header: &[u8]) -> Pages {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), header).unwrap();
        Pages::of(file.path(), 1 << 20)
    }

    fn header(size: u16) -> Vec<u8> {
        [b"SQLite format 3\0".as_slice(), &size.to_be_bytes(), &[0; 82]].concat()
    }

    #[test]
    fn a_file_that_is_there_keeps_its_own_and_its_bound() {
        assert_eq!(pages(&header(4_096)), Pages { bytes: 4_096, most: 256, in_journal: 256 });
        assert_eq!(pages(&header(1)), Pages { bytes: 65_536, most: 16, in_journal: 16 });
    }

    #[test]
    fn a_container_that_grows_stays_within_a_page_unless_its_checkpoint_fills_that() {
        assert_eq!(pages(b"").grown_bytes(230), 900);
        assert_eq!(pages(b"").grown_bytes(1_000), 1_900);
        assert_eq!(pages(&header(4_096)).grown_bytes(230), 1_900);
    }

    #[test]
    fn everything_else_is_as_a_new_one() {
        let new = Pages { bytes: 1_024, most: 1_024, in_journal: 1_024 };
        assert_eq!(Pages::of(Path::new("/there/is/no/such.db"), 1 << 20), new);
        for other in [&b""[..], b"SQLite", &header(1_000), &header(0), &[0xff; 100]] {
            assert_eq!(pages(other), new);
        }
    }
}
