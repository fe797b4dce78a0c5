//! PostgreSQL as the store of people, households and hubs, and of what a household is told.
//!
//! It must not know passwords, tokens or HTTP: it keeps what it is given and holds the rules that need a
//! transaction.

mod accounts;
mod alerts;
mod assignments;
mod audit;
mod config;
mod connection;
mod deletions;
mod erasures;
mod hubs;
mod identities;
mod members;
mod personal_tokens;
mod registry;
mod rows;
mod schema;
mod second_factors;
mod tickets;

pub use accounts::Accounts;
pub use config::{AccountsSettings, Config};
pub use connection::ConnectError;
pub use schema::{IncompatibleSchema, Schema, SchemaError, SchemaStatus};
