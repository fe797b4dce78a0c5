//! Port: what somebody has besides a password: a device that knows a secret (TOTP, RFC 6238), and codes for the day it is
//! lost.

use async_trait::async_trait;

use crate::accounts::AccountsError;
use crate::ids::PersonId;

/// A person's second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The key that the device shares, as it was given to be kept: sealed.
    pub secret: Vec<u8>,
    /// Whether the device has shown that it knows the secret. Before that nobody is asked for a code.
    pub confirmed: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
    /// The time step of the code that it was confirmed with; not known of those from before it was kept.
    pub first_step: Option<i64>,
}

/// The secret stays out of logs.
impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor")
            .field("confirmed", &self.confirmed)
            .field("recovery_codes", &self.recovery_codes)
            .finish_non_exhaustive()
    }
}

/// It ends with the person. "Not found" is `None` or `false`.
#[async_trait]
pub trait SecondFactors: Send + Sync + 'static {
    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>, AccountsError>;

    /// Begins with a new secret, in place of one that was never confirmed. `false`: a confirmed one is there.
    async fn begin_second_factor(&self, person: PersonId, secret: &[u8]) -> Result<bool, AccountsError>;

    /// The device that knows `secret` has shown the code of time step `step`. From now on it is asked for, and any of the recovery codes,
    /// of which only SHA-256 hashes are kept, is as good, once. `false`: this secret is not there to be confirmed.
    async fn confirm_second_factor(
        &self,
        person: PersonId,
        secret: &[u8],
        step: i64,
        recovery_codes: &[[u8; 32]],
    ) -> Result<bool, AccountsError>;

    /// Uses the code of a time step up: `false` when it, or a later one, was used before (RFC 6238, section 5.2).
    async fn use_step(&self, person: PersonId, step: i64) -> Result<bool, AccountsError>;

    /// Uses a recovery code up. `false`: it is none, or was used before.
    async fn use_recovery_code(&self, person: PersonId, hash: &[u8; 32]) -> Result<bool, AccountsError>;

    /// Forgets it with its recovery codes. `false`: there is none.
    async fn remove_second_factor(&self, person: PersonId) -> Result<bool, AccountsError>;
}
