//! How often somebody may try.
//!
//! In the memory of one replica: with several of them somebody who is passed around may try as many times as often.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{PersonId, UtcMillis};

/// Keys that one limit remembers, some 24 bytes each. Nobody comes near but somebody who wants to be forgotten.
const MAX_KEYS: usize = 200_000;

/// Too many tries; the next one is due after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) Duration);

/// A bucket for each key: `burst` tries at once, and another one every `interval_millis` (the generic cell rate
/// algorithm).
struct Limit {
    burst: i64,
    interval_millis: i64,
    /// Keyed with a secret of this process, so that nobody's address is in its memory and nobody can aim at another's key.
    hasher: RandomState,
    /// When all tries of the key so far would be paid for.
    paid: Mutex<HashMap<u64, i64>>,
}

impl Limit {
    fn new(burst: i64, interval_millis: i64) -> Self {
        Self { burst, interval_millis, hasher: RandomState::new(), paid: Mutex::default() }
    }

    fn take(&self, key: impl Hash, now: UtcMillis) -> Result<(), TooMany> {
        let key = self.hasher.hash_one(key);
        let mut all = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_KEYS && !all.contains_key(&key) {
            all.retain(|_, paid| *paid > now.0);
            if all.len() >= MAX_KEYS {
                all.clear();
            }
        }
        let paid = all.entry(key).or_insert(now.0);
        let next = (*paid).max(now.0) + self.interval_millis;
        let wait = next - now.0 - self.burst * self.interval_millis;
        if wait > 0 {
            return Err(TooMany(Duration::from_millis(wait.unsigned_abs())));
        }
        *paid = next;
        Ok(())
    }

    /// A try that does not count after all.
    fn give_back(&self, key: impl Hash) {
        let key = self.hasher.hash_one(key);
        let mut all = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(paid) = all.get_mut(&key) {
            *paid -= self.interval_millis;
        }
    }
}

/// All limits of the service.
pub(crate) struct Limits {
    /// Of everything that is tried with a secret, from one address.
    addresses: Limit,
    /// Wrong passwords and codes for one account from one address: somebody else's tries lock nobody out elsewhere.
    accounts_here: Limit,
    /// The same from anywhere: many addresses get no further.
    accounts: Limit,
    /// Letters that somebody has sent.
    senders: Limit,
    /// Letters to one e-mail address.
    recipients: Limit,
    /// Hubs that ask for a code, from one address.
    pairings_here: Limit,
    /// The same from anywhere: nobody is logged in there.
    pairings: Limit,
    /// Wrong codes of one person.
    codes: Limit,
    /// Log-ins at providers that are begun, from one address.
    flows_here: Limit,
    /// The same from anywhere: nobody is logged in there either.
    flows: Limit,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            addresses: Limit::new(60, 1_000),
            accounts_here: Limit::new(10, 60_000),
            accounts: Limit::new(100, 10_000),
            senders: Limit::new(20, 60_000),
            recipients: Limit::new(4, 600_000),
            pairings_here: Limit::new(40, 3_000),
            pairings: Limit::new(100, 600),
            codes: Limit::new(10, 60_000),
            flows_here: Limit::new(30, 3_000),
            flows: Limit::new(1_000, 50),
        }
    }

    /// Before a password or a code is looked at. What it takes is given back by [`succeeded`](Self::succeeded).
    pub(crate) fn attempt(&self, account: &str, from: IpAddr, now: UtcMillis) -> Result<(), TooMany> {
        let from = network(from);
        self.addresses.take(from, now)?;
        self.accounts_here.take((account, from), now)?;
        self.accounts.take(account, now)
    }

    pub(crate) fn succeeded(&self, account: &str, from: IpAddr) {
        let from = network(from);
        self.addresses.give_back(from);
        self.accounts_here.give_back((account, from));
        self.accounts.give_back(account);
    }

    /// Before the secret of a link is looked at.
    pub(crate) fn ask(&self, from: IpAddr, now: UtcMillis) -> Result<(), TooMany> {
        self.addresses.take(network(from), now)
    }

    /// Before a hub gets a code.
    pub(crate) fn open_pairing(&self, from: IpAddr, now: UtcMillis) -> Result<(), TooMany> {
        self.pairings_here.take(network(from), now)?;
        self.pairings.take((), now)
    }

    /// Before a log-in at a provider is begun.
    pub(crate) fn begin_flow(&self, from: IpAddr, now: UtcMillis) -> Result<(), TooMany> {
        self.flows_here.take(network(from), now)?;
        self.flows.take((), now)
    }

    /// Before it is looked which hub shows the code that somebody enters.
    pub(crate) fn guess_code(&self, person: PersonId, now: UtcMillis) -> Result<(), TooMany> {
        self.codes.take(person, now)
    }

    pub(crate) fn guessed_code(&self, person: PersonId) {
        self.codes.give_back(person);
    }

    /// Before somebody has a letter sent.
    pub(crate) fn send(&self, from: IpAddr, now: UtcMillis) -> Result<(), TooMany> {
        self.senders.take(network(from), now)
    }

    /// Whether another letter to this address is no nuisance yet. Who asks is not told.
    pub(crate) fn may_receive(&self, email: &str, now: UtcMillis) -> bool {
        self.recipients.take(email, now).is_ok()
    }
}

/// Whoever has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis(1_800_000_000_000);
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn so_many_at_once_and_then_one_an_interval() {
        let limit = Limit::new(3, 1_000);
        for _ in 0..3 {
            assert_eq!(limit.take("a", NOW), Ok(()));
        }
        assert_eq!(limit.take("a", NOW), Err(TooMany(Duration::from_secs(1))));
        assert_eq!(limit.take("a", NOW.plus_millis(400)), Err(TooMany(Duration::from_millis(600))));
        assert_eq!(limit.take("b", NOW), Ok(()));
        assert_eq!(limit.take("a", NOW.plus_millis(1_000)), Ok(()));
        assert!(limit.take("a", NOW.plus_millis(1_000)).is_err());
        // After a long time as many as at first, and no more.
        for _ in 0..3 {
            assert_eq!(limit.take("a", NOW.plus_millis(100_000)), Ok(()));
        }
        assert!(limit.take("a", NOW.plus_millis(100_000)).is_err());
    }

    #[test]
    fn what_is_given_back_may_be_taken_again() {
        let limit = Limit::new(1, 1_000);
        for _ in 0..5 {
            assert_eq!(limit.take("a", NOW), Ok(()));
            limit.give_back("a");
        }
        limit.give_back("nobody");
    }

    #[test]
    fn memory_has_an_end() {
        let limit = Limit::new(1, 1_000);
        for key in 0..MAX_KEYS + 10 {
            assert_eq!(limit.take(key, NOW), Ok(()));
        }
        assert!(limit.paid.lock().unwrap().len() <= MAX_KEYS);
    }

    #[test]
    fn somebody_who_guesses_locks_nobody_out_elsewhere() {
        let limits = Limits::new();
        for _ in 0..10 {
            assert_eq!(limits.attempt("ada@example.org", HERE, NOW), Ok(()));
        }
        assert!(limits.attempt("ada@example.org", HERE, NOW).is_err());
        assert_eq!(limits.attempt("ada@example.org", THERE, NOW), Ok(()));
        assert_eq!(limits.attempt("bob@example.org", HERE, NOW), Ok(()));
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), HERE);
    }
}
