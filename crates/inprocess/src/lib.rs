//! The transport of a single process: what the publisher hands over goes straight to the source.
//!
//! It keeps nothing on disk but dead letters, so `publish` returns `Ok` only when the source has settled the
//! container: accepted, or safe among the dead letters. Whoever publishes keeps it until then.
//!
//! It must not know who publishes, who stores, or any other adapter.

mod dead_letters;
mod live;
mod publisher;
mod queue;
mod source;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock;

pub use live::Live;
pub use publisher::Publisher;
pub use source::Source;

use dead_letters::DeadLetters;
use queue::Queue;

/// How long a publisher waits for its container to be settled.
pub const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The ends of a new transport in which at most `capacity` containers wait or are being stored.
///
/// Dead letters go to `dead-letters.jsonl` in `dead_letter_dir`, a folder that exists; `clock` dates them.
pub fn transport(
    capacity: usize,
    dead_letter_dir: &Path,
    clock: Arc<dyn Clock>,
) -> (Publisher, Source, Live) {
    let queue = Arc::new(Queue::new(capacity));
    let live = Live::default();
    let dead_letters = Arc::new(DeadLetters::new(dead_letter_dir, clock));
    let publisher = Publisher::new(Arc::clone(&queue), live.clone());
    (publisher, Source::new(queue, dead_letters), live)
}
