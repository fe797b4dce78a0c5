//! Access tokens in use. However many questions want one, it is asked for once; and again every half minute, which is how it
//! is noticed that somebody has logged out elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use domain::{HouseholdId, UtcMillis};
use http::StatusCode;
use service::problem::Problem;
use tokio::sync::OnceCell;

/// For so long nobody is asked whether the session still stands.
pub(crate) const STANDS_MILLIS: i64 = 30_000;
/// A token this close to its end is not used any more.
const MARGIN_SECS: i64 = 60;
/// Tokens kept at most; beyond it all are forgotten and asked for again.
const MAX_TOKENS: usize = 10_000;

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct TokenKey {
    pub(super) secret: String,
    pub(super) household: HouseholdId,
}

/// A token that may be used.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) token: String,
    /// When the auth-service was last asked.
    pub(super) asked: UtcMillis,
    /// Whether it was issued just now.
    pub(super) is_new: bool,
}

#[derive(Clone)]
pub(super) struct Issued {
    pub(super) token: String,
    pub(super) expires_in_secs: i64,
}

struct Kept {
    token: String,
    until_secs: i64,
    asked: UtcMillis,
}

/// A request for a token, which all who want it wait for. Without anybody who waits it is given up.
pub(super) type Flight = Arc<OnceCell<Result<Issued, Problem>>>;

pub(super) enum Found {
    Fresh(Held),
    /// The auth-service is to be asked.
    Ask {
        flight: Flight,
        /// Whether there is a token that does if nobody answers.
        has_another: bool,
    },
}

#[derive(Default)]
struct State {
    kept: HashMap<TokenKey, Kept>,
    flights: HashMap<TokenKey, Weak<OnceCell<Result<Issued, Problem>>>>,
}

#[derive(Default)]
pub(super) struct Tokens(Mutex<State>);

/// Whether the auth-service has said that the session is over, or that its person is no member: not a failure.
pub(super) fn is_refusal(problem: &Problem) -> bool {
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].iter().any(|status| *status == problem.status)
}

impl Tokens {
    pub(super) fn find(&self, key: &TokenKey, now: UtcMillis) -> Found {
        let mut state = self.lock();
        let kept = state.kept.get(key).filter(|kept| kept.until_secs > now.secs());
        if let Some(kept) = kept
            && now.millis_since(kept.asked).abs() < STANDS_MILLIS
        {
            return Found::Fresh(kept.held());
        }
        let has_another = kept.is_some();
        if let Some(flight) = state.flights.get(key).and_then(Weak::upgrade) {
            return Found::Ask { flight, has_another };
        }
        if state.flights.len() >= MAX_TOKENS {
            state.flights.retain(|_, flight| flight.strong_count() > 0);
        }
        let flight = Flight::default();
        state.flights.insert(key.clone(), Arc::downgrade(&flight));
        Found::Ask { flight, has_another }
    }

    /// What came of asking, which was begun at `asked`. Where nobody answered, a token that was there before is used until it
    /// ends: to know who has logged out is worth less than to go on while the auth-service is away.
    pub(super) fn landed(
        &self,
        key: TokenKey,
        flight: &Flight,
        outcome: &Result<Issued, Problem>,
        asked: UtcMillis,
    ) -> Result<Held, Problem> {
        let mut state = self.lock();
        // Others may have landed it before, or what it brings was forgotten while it was under way.
        let is_first =
            state.flights.get(&key).is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(flight)));
        if is_first {
            state.flights.remove(&key);
        }
        match outcome {
            Ok(issued) => {
                let until_secs = asked.secs() + issued.expires_in_secs - MARGIN_SECS;
                let kept = Kept { token: issued.token.clone(), until_secs, asked };
                let held = Held { is_new: true, ..kept.held() };
                if is_first {
                    state.keep(key, kept, asked);
                }
                Ok(held)
            }
            Err(problem) if is_refusal(problem) => {
                if is_first {
                    state.kept.remove(&key);
                }
                Err(problem.clone())
            }
            Err(problem) => {
                let kept = state.kept.get_mut(&key).filter(|kept| kept.until_secs > asked.secs());
                let kept = kept.ok_or_else(|| problem.clone())?;
                if is_first {
                    kept.asked = asked;
                }
                Ok(kept.held())
            }
        }
    }

    /// Also those that are under way.
    pub(super) fn forget(&self, is_meant: impl Fn(&TokenKey) -> bool) {
        let mut state = self.lock();
        state.kept.retain(|key, _| !is_meant(key));
        state.flights.retain(|key, _| !is_meant(key));
    }

    /// They are asked for again before they are used, also those that are under way.
    pub(super) fn doubt(&self, is_meant: impl Fn(&TokenKey) -> bool, now: UtcMillis) {
        let mut state = self.lock();
        let long_ago = now.plus_millis(-STANDS_MILLIS);
        for (_, kept) in state.kept.iter_mut().filter(|(key, _)| is_meant(key)) {
            kept.asked = kept.asked.min(long_ago);
        }
        state.flights.retain(|key, _| !is_meant(key));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, key: TokenKey, kept: Kept, now: UtcMillis) {
        if self.kept.len() >= MAX_TOKENS {
            self.kept.retain(|_, kept| kept.until_secs > now.secs());
            if self.kept.len() >= MAX_TOKENS {
                self.kept.clear();
            }
        }
        self.kept.insert(key, kept);
    }
}

impl Kept {
    fn held(&self) -> Held {
        Held { token: self.token.clone(), asked: self.asked, is_new: false }
    }
}
