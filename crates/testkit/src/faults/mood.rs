use std::time::{Duration, Instant};

/// How a [`StoreGate`](super::StoreGate) treats what it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreMood {
    /// Forwards, and passes the answer on. Closes the connection when there is no store.
    #[default]
    Pass,
    /// Answers by itself; the store hears nothing.
    Answer { status: u16, retry_after_secs: Option<u64>, body: String },
    /// Never answers; the store hears nothing.
    Hang,
    /// Forwards, and closes the connection in place of passing the answer to a write on.
    DropAnswer,
    /// As `Pass`, this much later.
    Slow(Duration),
}

/// A request that came.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub is_write: bool,
    /// When all of its body was there.
    pub at: Instant,
    /// When the answer to it was sent, and the status of it; `None` for as long as it has none.
    pub answered: Option<(Instant, u16)>,
}

impl Seen {
    /// Whether it was answered with this status.
    pub fn got(&self, status: u16) -> bool {
        self.answered.is_some_and(|(_, answered)| answered == status)
    }
}
