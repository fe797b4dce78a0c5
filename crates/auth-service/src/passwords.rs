//! Checking passwords: slow on purpose, so only a few at once.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use domain::accounts::NO_PASSWORD;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// As NIST SP 800-63B asks for.
pub(crate) const MIN_PASSWORD_BYTES: usize = 8;
/// More than this is not a password, and would only keep the hash function busy.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1_024;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many passwords are being checked")]
    Busy,
    #[error("hashing a password: {0}")]
    Hash(password_hash::Error),
    #[error("a stored password hash cannot be used: {0}")]
    Stored(password_hash::Error),
    #[error("the task that checks a password failed")]
    Task(#[source] tokio::task::JoinError),
}

/// Argon2id with the parameters that OWASP asks for, which are the crate's own: 19 MiB, 2 passes, 1 lane.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    patience: Duration,
    /// The hash of no password, to be checked where there is nobody.
    decoy: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(concurrency: u16, patience: Duration) -> Result<Self, PasswordError> {
        let decoy = hash(&rand::random::<[u8; 32]>())?;
        Ok(Self { turns: Arc::new(Semaphore::new(concurrency.into())), patience, decoy: decoy.into() })
    }

    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        self.in_turn(move || hash(password.expose_secret().as_bytes())).await
    }

    /// Takes as long without a `stored` hash, and for who has no password; is `false` then.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let decoy = Arc::clone(&self.decoy);
        let stored = stored.filter(|hash| hash != NO_PASSWORD);
        self.in_turn(move || {
            let matches = verify(password.expose_secret().as_bytes(), stored.as_deref().unwrap_or(&decoy))?;
            Ok(matches && stored.is_some())
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let Ok(Ok(turn)) = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await else {
            return Err(PasswordError::Busy);
        };
        // The turn goes along: work that nobody waits for any longer still takes its memory.
        let task = spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        });
        task.await.map_err(PasswordError::Task)?
    }
}

fn hash(password: &[u8]) -> Result<String, PasswordError> {
    Argon2::default().hash_password(password).map(|hash| hash.to_string()).map_err(PasswordError::Hash)
}

fn verify(password: &[u8], stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(|error| PasswordError::Stored(error.into()))?;
    match Argon2::default().verify_password(password, &stored) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Stored(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::new(2, Duration::from_secs(10)).unwrap()
    }

    #[tokio::test]
    async fn the_right_password_matches_and_no_other() {
        let passwords = passwords();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_is_none_is_an_error_and_not_a_wrong_password() {
        let outcome = passwords().verify("correct horse".into(), Some("plain".to_owned())).await;
        assert!(matches!(outcome, Err(PasswordError::Stored(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn who_waits_too_long_is_turned_away() {
        let passwords = Passwords::new(1, Duration::ZERO).unwrap();
        let turn = Arc::clone(&passwords.turns).acquire_owned().await.unwrap();
        let outcome = passwords.verify("correct horse".into(), None).await;
        assert!(matches!(outcome, Err(PasswordError::Busy)), "{outcome:?}");
        drop(turn);
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
    }
}
