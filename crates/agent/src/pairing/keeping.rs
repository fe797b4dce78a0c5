//! The hub's secret on its disk: beside the spool, for its owner alone.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Lets secret scanners recognise one that has leaked.
const PREFIX: &str = "wlh_";
const PRIVATE: u32 = 0o600;

#[derive(Debug, thiserror::Error)]
#[error("{operation} {}: {source}", path.display())]
pub struct KeepError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// By which the hub proves who it is.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    fn generate() -> Self {
        let random: [u8; 32] = rand::random();
        Self(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random)).into())
    }

    pub const fn as_password(&self) -> &SecretString {
        &self.0
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// SHA-256 in base64url: all that others are told before the hub is paired.
    pub(super) fn hash(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose()))
    }
}

/// Two files: the secret that is valid, and one that is to become so.
pub(super) struct Kept {
    valid: PathBuf,
    pending: PathBuf,
}

impl Kept {
    pub(super) fn beside(spool: &Path) -> Self {
        let named = |end: &str| {
            let mut path = spool.as_os_str().to_owned();
            path.push(end);
            PathBuf::from(path)
        };
        Self { valid: named(".secret"), pending: named(".secret.new") }
    }

    pub(super) fn valid(&self) -> Result<Option<Secret>, KeepError> {
        read(&self.valid)
    }

    pub(super) fn pending(&self) -> Result<Option<Secret>, KeepError> {
        read(&self.pending)
    }

    /// A new secret, which is safe on disk before anybody is asked about it.
    pub(super) fn make(&self) -> Result<Secret, KeepError> {
        let secret = Secret::generate();
        let failed = failed("writing", &self.pending);
        if self.pending.exists() {
            fs::remove_file(&self.pending).map_err(&failed)?;
        }
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(PRIVATE)
            .open(&self.pending)
            .map_err(&failed)?;
        writeln!(file, "{}", secret.expose()).and_then(|()| file.sync_all()).map_err(&failed)?;
        Ok(secret)
    }

    /// The pending secret is valid now, and the one before is gone.
    pub(super) fn adopt(&self) -> Result<(), KeepError> {
        fs::rename(&self.pending, &self.valid).map_err(failed("writing", &self.valid))?;
        let folder = self.valid.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("syncing", folder))
    }
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> KeepError {
    move |source| KeepError { operation, path: path.to_owned(), source }
}

/// An empty file is none. One that others could read is closed to them.
fn read(path: &Path) -> Result<Option<Secret>, KeepError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("reading", path)(error)),
    };
    let failed = failed("closing to others", path);
    if fs::metadata(path).map_err(&failed)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!("others could read {}", path.display());
        fs::set_permissions(path, Permissions::from_mode(PRIVATE)).map_err(&failed)?;
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| Secret(text.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_alone_and_replaces_the_one_before_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::beside(&folder.path().join("spool.db"));
        assert!(kept.valid().unwrap().is_none() && kept.pending().unwrap().is_none());
        let first = kept.make().unwrap();
        assert!(kept.valid().unwrap().is_none());
        kept.adopt().unwrap();
        let second = kept.make().unwrap();
        assert_eq!(kept.valid().unwrap().unwrap().expose(), first.expose());
        kept.adopt().unwrap();
        assert_eq!(kept.valid().unwrap().unwrap().expose(), second.expose());
        assert!(kept.pending().unwrap().is_none());
        assert_ne!(first.expose(), second.expose());
        let path = folder.path().join("spool.db.secret");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        kept.valid().unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_secret_is_not_shown_by_accident() {
        let secret = Secret::generate();
        assert!(secret.expose().starts_with("wlh_") && secret.expose().len() == 4 + 43);
        assert!(!format!("{secret:?}").contains(secret.expose()));
        assert_eq!(secret.hash().len(), 43);
    }
}
