//! Memory for bodies of requests, used again and again.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Idle buffers kept: two for each of as many writes as are usually under way at once.
const SPARE: usize = 8;

/// Empty buffers that have their size already.
#[derive(Debug, Default)]
pub(crate) struct Bodies(Mutex<Vec<Vec<u8>>>);

impl Bodies {
    pub(crate) fn take(&self) -> Vec<u8> {
        self.spare().pop().unwrap_or_default()
    }

    /// The client has usually let go of the body by the time the answer is there; otherwise it is freed later.
    pub(crate) fn give_back(&self, body: Bytes) {
        if let Ok(mut buffer) = body.try_into_mut() {
            buffer.clear();
            let mut spare = self.spare();
            if spare.len() < SPARE {
                spare.push(buffer.into());
            }
        }
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fastest there is: lines repeat themselves so much that more effort gains little.
pub(crate) fn compress(lines: &[u8], packed: &mut Vec<u8>) {
    let mut gzip = GzEncoder::new(std::mem::take(packed), Compression::fast());
    // Memory does not fail.
    if gzip.write_all(lines).is_ok()
        && let Ok(all) = gzip.finish()
    {
        *packed = all;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_keeps_its_memory() {
        let bodies = Bodies::default();
        let mut buffer = bodies.take();
        buffer.extend_from_slice(&[1; 10_000]);
        let (memory, held) = (buffer.as_ptr(), buffer.capacity());
        let body = Bytes::from(buffer);
        // What the client is given.
        drop(body.clone());
        bodies.give_back(body);
        let again = bodies.take();
        assert_eq!((again.as_ptr(), again.capacity(), again.len()), (memory, held, 0));
    }

    #[test]
    fn a_body_that_is_still_held_is_let_go() {
        let bodies = Bodies::default();
        let body = Bytes::from(vec![1; 100]);
        let held = body.clone();
        bodies.give_back(body);
        assert_eq!(bodies.take().capacity(), 0);
        assert_eq!(held.len(), 100);
    }

    #[test]
    fn there_are_never_more_than_a_few() {
        let bodies = Bodies::default();
        for _ in 0..3 * SPARE {
            bodies.give_back(Bytes::from(vec![1; 100]));
        }
        assert_eq!(bodies.spare().len(), SPARE);
    }
}
