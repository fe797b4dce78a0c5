//! Somebody wants us to end. Noticed wherever something is waited for, so that what we started ends with us.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

const POLL: Duration = Duration::from_millis(20);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// SIGINT and SIGTERM no longer end this process by themselves.
pub(crate) fn listen(runtime: &Runtime) -> anyhow::Result<()> {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = runtime.block_on(async { signal(kind) })?;
        runtime.spawn(async move {
            signals.recv().await;
            INTERRUPTED.store(true, Ordering::SeqCst);
        });
    }
    Ok(())
}

pub(crate) fn check() -> anyhow::Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    Ok(())
}

/// Lets time go by.
pub(crate) fn pass(time: Duration) -> anyhow::Result<()> {
    let begin = Instant::now();
    loop {
        check()?;
        let left = time.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(POLL.min(left));
    }
}
