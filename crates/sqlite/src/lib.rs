//! Adapter: the embedded default for all that is stored, [`Accounts`] in one SQLite file and [`Measurements`] in
//! another.
//!
//! It must not know who asks, nor any other adapter: it holds what `domain` says and gives it back.

mod accounts;
mod alerts;
mod assignments;
mod hubs;
mod measurements;
mod opening;
mod personal_tokens;
mod registry;

pub use accounts::{Accounts, OpenAccountsError};
pub use measurements::{Measurements, OpenMeasurementsError};
