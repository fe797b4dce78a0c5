//! Files that are their owner's alone: what was measured in a home, and who lives there.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

const OWNER_ONLY: u32 = 0o600;

/// An empty file in place of what is there.
pub fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(path)?;
    // One that was there already has kept its mode.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    Ok(file)
}
