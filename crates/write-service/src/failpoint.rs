//! Death at a chosen moment. Only a process that was started for that has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// SIGKILL to itself at the `count`-th call.
pub(crate) fn die_at(count: u32) -> Arc<dyn Fn() + Send + Sync> {
    let left = AtomicU32::new(count);
    Arc::new(move || {
        if left.fetch_sub(1, Ordering::Relaxed) <= 1 {
            kill_process(getpid(), Signal::KILL).ok();
        }
    })
}
