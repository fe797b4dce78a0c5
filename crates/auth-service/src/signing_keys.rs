//! The keys that sign access tokens, one after the other.
//!
//! The first lies in the configured file, later ones beside it under the same name with the Unix time at which they were
//! made. A new key is published at once and signs some minutes later, when every read-service has had the time to hear of
//! it; the one before is published until no token is left that it signed. So a key is replaced while everything runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::access::ISSUER;
use domain::{Clock, PersonId, UtcMillis};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::signing_key::{self, SigningKey, SigningKeyError};

/// Longer than the published keys may be kept anywhere (300 s), and than replicas take to look at the folder.
const HEARD_OF_SECS: i64 = 600;
/// Longer than any token is valid (an hour) and clocks differ.
const FORGOTTEN_SECS: i64 = 3_700;
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// No service takes such a token for one that gives access.
const PERMIT_AUDIENCE: &str = "wattline-archive";

/// Somebody has just said the password and may fetch an archive.
#[derive(Serialize, Deserialize)]
pub(crate) struct PermitClaims {
    iss: String,
    aud: String,
    sub: PersonId,
    iat: i64,
    exp: i64,
}

impl PermitClaims {
    pub(crate) fn new(person: PersonId, now: UtcMillis, life_secs: i64) -> Self {
        let (iss, aud) = (ISSUER.to_owned(), PERMIT_AUDIENCE.to_owned());
        Self { iss, aud, sub: person, iat: now.secs(), exp: now.secs() + life_secs }
    }
}

/// All keys that count now.
pub struct SigningKeys {
    path: PathBuf,
    present: RwLock<Arc<Present>>,
}

struct Present {
    signing: SigningKey,
    public: JwkSet,
}

impl SigningKeys {
    /// Reads the files; makes the first where there is none.
    pub fn open(path: &Path, now: UtcMillis) -> Result<Self, SigningKeyError> {
        let present = Arc::new(Present::read(path, now)?);
        Ok(Self { path: path.to_owned(), present: RwLock::new(present) })
    }

    /// Makes a key that takes over soon; gives when, in Unix seconds.
    pub fn rotate(path: &Path, now: UtcMillis) -> Result<i64, SigningKeyError> {
        Present::read(path, now)?;
        signing_key::make(&later(path, now.secs()))?;
        Ok(now.secs() + HEARD_OF_SECS)
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, SigningKeyError> {
        self.present().signing.sign(claims)
    }

    /// Who may fetch an archive with this; nobody with what is none, or is too old.
    pub(crate) fn permitted(&self, permit: &str, now: UtcMillis) -> Option<PersonId> {
        let id = jsonwebtoken::decode_header(permit).ok()?.kid?;
        let present = self.present();
        let key = DecodingKey::from_jwk(present.public.find(&id)?).ok()?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[PERMIT_AUDIENCE]);
        // Checked below, against the clock that was passed in.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<PermitClaims>(permit, &key, &validation).ok()?.claims;
        (now.secs() < claims.exp).then_some(claims.sub)
    }

    pub(crate) fn public(&self) -> JwkSet {
        self.present().public.clone()
    }

    /// Looks at the files again and again. What cannot be read leaves everything as it was.
    pub(crate) async fn keep_up(self: Arc<Self>, clock: Arc<dyn Clock>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            self.look_again(clock.now());
        }
    }

    fn look_again(&self, now: UtcMillis) {
        match Present::read(&self.path, now) {
            Ok(present) => {
                if present.signing.id() != self.present().signing.id() {
                    tracing::info!(key = present.signing.id(), "another key signs from now on");
                }
                *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(present);
            }
            Err(error) => tracing::error!(%error, "the signing keys cannot be read; those of before go on"),
        }
    }

    fn present(&self) -> Arc<Present> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Present {
    fn read(path: &Path, now: UtcMillis) -> Result<Self, SigningKeyError> {
        // The oldest first.
        let mut keys = vec![(0, SigningKey::load_or_create(path)?)];
        for made in made_later(path)? {
            keys.push((made, SigningKey::load(&later(path, made))?));
        }
        let heard_of = |made: i64| made + HEARD_OF_SECS <= now.secs();
        let signing = keys.iter().rposition(|(made, _)| heard_of(*made)).unwrap_or(0);
        let took_over = keys[signing].0 + HEARD_OF_SECS;
        let is_forgotten = took_over + FORGOTTEN_SECS <= now.secs();
        let first = if is_forgotten { signing } else { signing.saturating_sub(1) };
        let public = keys[first..].iter().flat_map(|(_, key)| key.public().keys.clone()).collect();
        Ok(Self { signing: keys.swap_remove(signing).1, public: JwkSet { keys: public } })
    }
}

/// Where the key that was made at `secs` lies.
fn later(path: &Path, secs: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{secs}"));
    name.into()
}

/// When the keys beside the first one were made, the oldest first.
fn made_later(path: &Path) -> Result<Vec<i64>, SigningKeyError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |source| SigningKeyError::Read { path: folder.to_owned(), source };
    let Some(first) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let suffix = name.to_str().and_then(|name| name.strip_prefix(first)?.strip_prefix('.'));
        // Ten to twelve digits: a draft that was left over has another length.
        let is_time =
            |text: &&str| (10..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        all.extend(suffix.filter(is_time).and_then(|text| text.parse::<i64>().ok()));
    }
    all.sort_unstable();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis(1_800_000_000_000);

    fn at(secs: i64) -> UtcMillis {
        NOW.plus_millis(secs * 1_000)
    }

    fn ids(keys: &SigningKeys) -> Vec<String> {
        keys.public().keys.iter().filter_map(|key| key.common.key_id.clone()).collect()
    }

    #[test]
    fn a_new_key_is_heard_of_first_then_signs_and_the_old_one_goes_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-key.pem");
        let keys = SigningKeys::open(&path, NOW).unwrap();
        let first = ids(&keys);
        assert_eq!(first, [keys.present().signing.id()]);

        assert_eq!(SigningKeys::rotate(&path, NOW).unwrap(), NOW.secs() + 600);
        keys.look_again(at(60));
        let both = ids(&keys);
        assert_eq!((both.len(), &both[0]), (2, &first[0]));
        assert_eq!(keys.present().signing.id(), first[0]);
        keys.look_again(at(599));
        assert_eq!(keys.present().signing.id(), first[0]);
        keys.look_again(at(600));
        assert_eq!(keys.present().signing.id(), both[1]);
        assert_eq!(ids(&keys), both);
        keys.look_again(at(600 + 3_699));
        assert_eq!(ids(&keys), both);
        keys.look_again(at(600 + 3_700));
        assert_eq!(ids(&keys), both[1..]);
        // Another replica, or after a restart.
        assert_eq!(ids(&SigningKeys::open(&path, at(5_000)).unwrap()), both[1..]);
    }

    #[test]
    fn a_file_that_is_no_key_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-key.pem");
        let keys = SigningKeys::open(&path, NOW).unwrap();
        let before = ids(&keys);
        fs::write(later(&path, NOW.secs()), "not a key").unwrap();
        keys.look_again(at(1_000));
        assert_eq!(ids(&keys), before);
        assert!(SigningKeys::open(&path, at(1_000)).is_err());
    }

    #[test]
    fn other_files_beside_the_key_are_no_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-key.pem");
        let keys = SigningKeys::open(&path, NOW).unwrap();
        for other in ["signing-key.pem.bak", "signing-key.pem.1234567890123456", "signing-key.pem.17"] {
            fs::write(folder.path().join(other), "not a key").unwrap();
        }
        keys.look_again(at(1));
        assert_eq!(ids(&SigningKeys::open(&path, NOW).unwrap()), ids(&keys));
    }
}
