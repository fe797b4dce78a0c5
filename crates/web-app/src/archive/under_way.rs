//! Archives that are being made, and how far they are. In the memory of one replica, and bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Clock, UtcMillis};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Of all people; whoever comes later is asked to come again.
const AT_ONCE: usize = 32;
/// How long it is told what became of one.
const KEPT_MILLIS: i64 = 10 * 60_000;
const MAX_KEPT: usize = 1_000;

/// Made up by the page that asks for it.
pub(crate) type ArchiveId = Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Running,
    Complete,
    Cancelled,
    Broken,
}

/// How far an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Progress {
    state: State,
    /// Of the measurements, from 0 to 1.
    done: f64,
}

struct Entry {
    person: Uuid,
    /// Of the session that asked for it.
    secret: String,
    progress: Progress,
    cancel: CancellationToken,
    ended: Option<UtcMillis>,
}

/// Why there is not another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// The person has one already.
    OneAlready,
    TooMany,
}

pub(crate) struct Archives {
    all: Mutex<HashMap<ArchiveId, Entry>>,
    clock: Arc<dyn Clock>,
}

impl Archives {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { all: Mutex::default(), clock }
    }

    /// `stop` ends it too.
    pub(crate) fn begin(
        self: &Arc<Self>,
        id: ArchiveId,
        person: Uuid,
        secret: &str,
        stop: &CancellationToken,
    ) -> Result<UnderWay, NotNow> {
        let now = self.clock.now();
        let mut all = self.lock();
        all.retain(|_, entry| entry.ended.is_none_or(|ended| now.millis_since(ended) < KEPT_MILLIS));
        let running = |entry: &&Entry| entry.ended.is_none();
        if all.values().filter(running).any(|entry| entry.person == person) || all.contains_key(&id) {
            return Err(NotNow::OneAlready);
        }
        if all.values().filter(running).count() >= AT_ONCE || all.len() >= MAX_KEPT {
            return Err(NotNow::TooMany);
        }
        let cancel = stop.child_token();
        let progress = Progress { state: State::Running, done: 0.0 };
        let entry =
            Entry { person, secret: secret.to_owned(), progress, cancel: cancel.clone(), ended: None };
        all.insert(id, entry);
        Ok(UnderWay { archives: Arc::clone(self), id, cancel })
    }

    /// `None` also for one that somebody else has.
    pub(crate) fn progress(&self, id: ArchiveId, secret: &str) -> Option<Progress> {
        self.lock().get(&id).filter(|entry| entry.secret == secret).map(|entry| entry.progress)
    }

    /// `false`: there is none of theirs.
    pub(crate) fn cancel(&self, id: ArchiveId, secret: &str) -> bool {
        let all = self.lock();
        let entry = all.get(&id).filter(|entry| entry.secret == secret);
        if let Some(entry) = entry {
            entry.cancel.cancel();
        }
        entry.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ArchiveId, Entry>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that is being made. When it is dropped, it has broken off unless something else was said.
pub(crate) struct UnderWay {
    archives: Arc<Archives>,
    id: ArchiveId,
    cancel: CancellationToken,
}

impl UnderWay {
    pub(crate) const fn cancelled(&self) -> &CancellationToken {
        &self.cancel
    }

    pub(crate) fn is_at(&self, done: f64) {
        if let Some(entry) = self.archives.lock().get_mut(&self.id) {
            entry.progress.done = done.clamp(entry.progress.done, 1.0);
        }
    }

    pub(crate) fn ended(&self, state: State) {
        let now = self.archives.clock.now();
        if let Some(entry) = self.archives.lock().get_mut(&self.id)
            && entry.ended.is_none()
        {
            entry.progress.state = state;
            entry.ended = Some(now);
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.ended(State::Broken);
    }
}

#[cfg(test)]
mod tests {
    use testkit::FakeClock;

    use super::*;

    const NOW: UtcMillis = UtcMillis(1_800_000_000_000);

    #[test]
    fn a_person_has_one_at_a_time_and_sees_only_that() {
        let clock = Arc::new(FakeClock::at(NOW));
        let archives = Arc::new(Archives::new(clock.clone()));
        let (ada, bob, stop) = (Uuid::from_u128(1), Uuid::from_u128(2), CancellationToken::new());
        let id = Uuid::from_u128;
        let first = archives.begin(id(1), ada, "ada", &stop).ok().unwrap();
        assert_eq!(archives.begin(id(2), ada, "ada", &stop).err(), Some(NotNow::OneAlready));
        assert_eq!(archives.begin(id(1), bob, "bob", &stop).err(), Some(NotNow::OneAlready));
        let _second = archives.begin(id(3), bob, "bob", &stop).ok().unwrap();
        first.is_at(0.5);
        first.is_at(0.25);
        assert_eq!(archives.progress(id(1), "ada").map(|at| at.done), Some(0.5));
        assert_eq!(archives.progress(id(1), "bob"), None);
        assert!(!archives.cancel(id(1), "bob") && !first.cancelled().is_cancelled());
        assert!(archives.cancel(id(1), "ada") && first.cancelled().is_cancelled());
        drop(first);
        assert_eq!(archives.progress(id(1), "ada").map(|at| at.state), Some(State::Broken));
        assert!(archives.begin(id(4), ada, "ada", &stop).is_ok());
        clock.set(NOW.plus_millis(KEPT_MILLIS));
        assert!(archives.begin(id(5), ada, "ada", &stop).is_ok());
        assert_eq!(archives.progress(id(1), "ada"), None, "it is forgotten");
    }

    #[test]
    fn there_is_an_end_to_how_many_are_made() {
        let archives = Arc::new(Archives::new(Arc::new(FakeClock::at(NOW))));
        let stop = CancellationToken::new();
        let begin =
            |n: usize| archives.begin(Uuid::from_u128(n as u128), Uuid::from_u128(n as u128), "", &stop);
        let all: Vec<_> = (0..AT_ONCE).map(|n| begin(n).ok().unwrap()).collect();
        assert_eq!(begin(AT_ONCE).err(), Some(NotNow::TooMany));
        all[0].ended(State::Complete);
        assert!(begin(AT_ONCE).is_ok());
    }
}
