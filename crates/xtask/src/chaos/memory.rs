//! The most memory that processes ever held. The kernel keeps it for each, until the process is gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::process::peak_rss_kib;

/// A process that dies takes at most this much of its history along.
const POLL: Duration = Duration::from_millis(50);

/// Whose memory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    WriteService,
    Loadgen,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    watched: Mutex<Vec<(Who, u32)>>,
    peaks: Mutex<BTreeMap<Who, u32>>,
}

/// Looks at processes until it is dropped.
pub(crate) struct Memory(Arc<Shared>);

impl Memory {
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let watching = shared.clone();
        thread::spawn(move || {
            while !watching.over.load(Ordering::SeqCst) {
                watching.look();
                thread::sleep(POLL);
            }
        });
        Self(shared)
    }

    pub(crate) fn watch(&self, who: Who, pid: u32) {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).push((who, pid));
    }

    /// Of the one that held most, in MiB.
    pub(crate) fn peak(&self, who: Who) -> u32 {
        self.0.look();
        let peaks = self.0.peaks.lock().unwrap_or_else(PoisonError::into_inner);
        peaks.get(&who).copied().unwrap_or_default().div_ceil(1_024)
    }
}

impl Shared {
    fn look(&self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut peaks = self.peaks.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|&(who, pid)| match peak_rss_kib(pid) {
            Some(kib) => {
                let peak = peaks.entry(who).or_default();
                *peak = kib.max(*peak);
                true
            }
            None => false,
        });
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_a_peak_and_one_that_is_not_there_has_none() {
        let memory = Memory::start();
        memory.watch(Who::Loadgen, std::process::id());
        assert!(memory.peak(Who::Loadgen) > 0);
        memory.watch(Who::WriteService, u32::MAX);
        assert_eq!(memory.peak(Who::WriteService), 0);
    }
}
