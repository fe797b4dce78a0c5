//! What was measured and is not yet safe behind the transport, on disk (SQLite).
//!
//! A container, its sequence number and the checkpoint of the measurement are one row, so a live tick costs one page. The
//! hub's id lives here too: it and the sequence numbers belong together. `docs/spool.md` has the rules.
//!
//! A container that was ever handed to the transport may have arrived, whatever the transport said of it; it is *attempted*
//! from the moment before, and never changes again. Others may be put together, thinned and at the very last dropped.

mod append;
mod boots;
mod database;
mod migration;
mod offer;
mod pages;
mod report;
mod reserve;
mod room;
mod row;
mod settle;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::ticker::Checkpoint;
use domain::{HubId, TickEnergy, UtcMillis};
use sqlx::SqlitePool;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::SpoolConfig;
use append::Writer;
pub use offer::Choice;
use pages::Pages;
use report::Looked;
pub use report::{Report, report};
use reserve::Reserve;
pub use room::Made;

/// So long the uplink is away before anything is thinned or dropped for want of room.
const CUT_OFF: Duration = Duration::from_mins(10);

#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// For the moment: it is emptied as containers are published.
    #[error("{operation}: the spool or its disk is full")]
    Full { operation: &'static str },
    /// Perhaps only for the moment.
    #[error("{operation}: the spool's disk does not work: {source}")]
    Disk { operation: &'static str, source: sqlx::Error },
    #[error("{} is damaged or not a spool of an agent; move it away and a new one is made ({reason})", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{} belongs to hub {owner}, but {configured} is configured", path.display())]
    OtherHub { path: PathBuf, owner: HubId, configured: HubId },
    #[error("{} is in use by another agent", path.display())]
    InUse { path: PathBuf },
    /// Perhaps only for the moment.
    #[error("{} is open in another program, perhaps an agent that does not answer", path.display())]
    Locked { path: PathBuf },
    #[error("opening {}: {source}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{} is of an earlier version: it is brought up to date when the agent runs", path.display())]
    Earlier { path: PathBuf },
    #[error("{operation}: {source}")]
    Other { operation: &'static str, source: sqlx::Error },
}

impl SpoolError {
    /// It may work a little later.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Disk { .. } | Self::Locked { .. })
    }
}

/// Who opens the spool.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// It must be this hub's.
    pub configured: Option<HubId>,
    /// The hub of a new spool, if none is configured.
    pub fresh: HubId,
    pub now: UtcMillis,
}

/// One run of the machine, from its start to its end.
pub type Boot = [u8; 16];

/// Ticks that leave together, and where the measurement stands after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub ticks: Vec<TickEnergy>,
    pub checkpoint: Checkpoint,
    /// They were given out before and are told again, with what a counter added.
    pub late: bool,
}

/// How ticks come into the spool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Their times count from the start of this boot and are not those of a calendar yet: they stay until
    /// [`Spool::stamp`] says when that was.
    pub boot: Option<Boot>,
    /// They are the present, a tick at a time. A power cut may cost so much of it as the spool may leave unsynced.
    pub live: bool,
    /// They bring nothing new, and wait for what does.
    pub quiet: bool,
}

/// A container that is not yet confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub sequence: u64,
    pub body: Bytes,
}

/// A handle; all of them are one spool.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    path: PathBuf,
    max_bytes: u64,
    pages: Pages,
    sync_every: Duration,
    pool: SqlitePool,
    hub: HubId,
    born: UtcMillis,
    /// As of opening.
    checkpoint: Mutex<Option<Checkpoint>>,
    /// Held while anything is written.
    writer: tokio::sync::Mutex<Writer>,
    depth: AtomicU64,
    line: Mutex<Line>,
    appended: Notify,
    deleted: Notify,
    reserve: Reserve,
    /// What it held when that was last asked, if it took long to find out. Locked while somebody does.
    looked: tokio::sync::Mutex<Option<Looked>>,
    /// Held as long as the spool is open.
    _lock: File,
}

/// What is known of the way out.
#[derive(Default)]
struct Line {
    /// Containers are handed over as they come.
    up: bool,
    /// The first tick after the way was found again waits for nothing.
    greeting: bool,
    down_since: Option<Instant>,
    /// The newest container when the way was last found open.
    gathered: u64,
    /// Containers that gathered have got a date since.
    dated: bool,
    /// Confirmed and still on the disk, since the first of them was.
    confirmed: Vec<u64>,
    confirmed_since: Option<Instant>,
    /// The container that waits for news, and since when.
    held: Option<(u64, Instant)>,
    /// Since when something waits to be synced.
    unsynced_since: Option<Instant>,
    /// The container with which the way is tried.
    tried: Option<u64>,
}

impl Spool {
    /// Opens or makes the spool, and checks that it is sound.
    pub async fn open(config: &SpoolConfig, identity: Identity) -> Result<Self, SpoolError> {
        let path = config.path.clone();
        let lock = lock(&path)?;
        let pages = Pages::of(&path, config.max_bytes);
        let pool = database::connect(&path, config.max_bytes).await?;
        let state = database::prepare(&pool, &path, identity).await?;
        if let Some(configured) = identity.configured
            && configured != state.hub
        {
            return Err(SpoolError::OtherHub { path, owner: state.hub, configured });
        }
        Ok(Self(Arc::new(Inner {
            reserve: Reserve::beside(&path),
            path,
            max_bytes: config.max_bytes,
            pages,
            sync_every: Duration::from_secs(config.sync_secs.into()),
            pool,
            hub: state.hub,
            born: state.born,
            checkpoint: Mutex::new(state.checkpoint),
            writer: tokio::sync::Mutex::default(),
            depth: AtomicU64::new(state.depth),
            line: Mutex::default(),
            appended: Notify::new(),
            deleted: Notify::new(),
            looked: tokio::sync::Mutex::default(),
            _lock: lock,
        })))
    }

    pub fn hub(&self) -> HubId {
        self.0.hub
    }

    /// How large it may become.
    pub fn max_bytes(&self) -> u64 {
        self.0.max_bytes
    }

    /// Containers waiting to be confirmed.
    pub fn depth(&self) -> u64 {
        self.0.depth.load(Ordering::Relaxed)
    }

    /// Where the last run stopped.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        locked(&self.0.checkpoint).clone()
    }

    /// When this hub first started. One that did so before it knew the time started `now`.
    pub fn born(&self, now: UtcMillis) -> UtcMillis {
        if now.is_dated() && !self.0.born.is_dated() { now } else { self.0.born }
    }

    /// The way out works: from now on containers are handed over as they come. Gives the newest of those that gathered
    /// before, which takes no further ticks.
    pub async fn comes_up(&self) -> Result<u64, SpoolError> {
        let mut writer = self.0.writer.lock().await;
        let known =
            writer.known(&self.0.pool).await.map_err(|source| self.failed("reading the spool", source))?;
        let gathered = known.next.saturating_sub(1);
        writer.knows(known);
        let mut line = self.line();
        line.greeting = !line.up;
        line.up = true;
        line.down_since = None;
        line.gathered = gathered;
        Ok(gathered)
    }

    /// Whatever comes waits on the disk, and may be put together there.
    pub fn goes_down(&self) {
        let mut line = self.line();
        line.up = false;
        line.held = None;
        line.down_since.get_or_insert_with(Instant::now);
    }

    /// The way out has been closed for so long that room is made rather than measuring stopped.
    pub fn is_cut_off(&self) -> bool {
        self.line().down_since.is_some_and(|since| since.elapsed() >= CUT_OFF)
    }

    /// Waits for an append since the last wait. One may wait at a time.
    pub async fn appended(&self) {
        self.0.appended.notified().await;
    }

    /// Waits for a deletion since the last wait. One may wait at a time.
    pub async fn deleted(&self) {
        self.0.deleted.notified().await;
    }

    /// Waits for what is under way and closes the files.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        locked(&self.0.line)
    }

    fn failed(&self, operation: &'static str, source: sqlx::Error) -> SpoolError {
        database::failed(&self.0.path, operation, source)
    }
}

/// Nobody leaves it half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two agents on one spool would use the same sequence numbers for different containers.
fn lock(path: &Path) -> Result<File, SpoolError> {
    let open = |source| SpoolError::Open { path: path.to_owned(), source };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = File::options().create(true).truncate(false).write(true).open(name).map_err(open)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(SpoolError::InUse { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(open(source)),
    }
}
