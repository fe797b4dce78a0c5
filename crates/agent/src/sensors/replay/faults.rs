//! Rows that are none: counted, and named as long as they are few.

use std::path::Path;
use std::sync::Arc;

use crate::status::Status;

/// So many rows of a file are named one by one.
const NAMED: u64 = 3;

pub(super) struct Faults {
    /// `None`: somebody else has counted them before.
    status: Option<Arc<Status>>,
    in_file: u64,
}

impl Faults {
    pub(super) fn counted(status: Arc<Status>) -> Self {
        Self { status: Some(status), in_file: 0 }
    }

    pub(super) const fn ignored() -> Self {
        Self { status: None, in_file: 0 }
    }

    pub(super) fn note(&mut self, file: &Path, line: u64, reason: &str) {
        let Some(status) = &self.status else { return };
        status.add_skipped_row();
        self.in_file += 1;
        if self.in_file <= NAMED {
            tracing::warn!("{}:{line}: row skipped: {reason}", file.display());
        }
    }

    pub(super) fn end_of(&mut self, file: &Path) {
        if self.in_file > NAMED {
            tracing::warn!("{}: {} rows skipped in all", file.display(), self.in_file);
        }
        self.in_file = 0;
    }
}
