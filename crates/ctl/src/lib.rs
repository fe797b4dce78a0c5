//! What operators do to a whole system: back it up and bring it back, have days rolled up again, and how short ticks may be
//! kept.
//!
//! Works on the ports, so that what was backed up out of one store can be restored into another. It must not know which
//! stores these are.

pub mod backfill;
pub mod backup;
pub mod persistent;
pub mod private;
pub mod retention;
