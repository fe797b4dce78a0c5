//! What a home's numbers say: the quarter hours of its hubs, put together, priced, and carried on to the month's end.
//!
//! It asks the ports of `domain` and must not know which store, which service or which protocol is behind or before
//! it: the read-service answers people with it, the alert-worker watches with it.

mod forecast;
mod gathering;
mod home;

pub use forecast::{Basis, Expected, LOOK_BACK_DAYS, expected};
pub use gathering::{GatherError, Gathered, Wanted, gather, sightings};
pub use home::Home;
