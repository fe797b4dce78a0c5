//! What time it is, passed in.

use crate::time::UtcMillis;

/// Wall-clock time. The system's in a binary, a fake one in tests.
pub trait Clock: Send + Sync + 'static {
    /// Now, UTC. May step backwards when the system's clock is set.
    fn now(&self) -> UtcMillis;
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> UtcMillis {
        (**self).now()
    }
}
