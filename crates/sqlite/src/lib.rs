//! Adapter: the embedded default for all that is stored, [`Accounts`] in one SQLite file and [`Measurements`] in
//! another.
//!
//! It must not know who asks, nor any other adapter: it holds what `domain` says and gives it back.

mod accounts;
mod alerts;
mod assignments;
mod audit;
mod deletions;
mod erasures;
mod hubs;
mod identities;
mod measurements;
mod members;
mod opening;
mod personal_tokens;
mod registry;
mod schema;
mod second_factors;
mod tickets;

pub use accounts::{Accounts, OpenAccountsError};
pub use measurements::{Measurements, OpenMeasurementsError, oldest_tick};
pub use schema::{IncompatibleSchema, Schema, SchemaError, SchemaStatus};
