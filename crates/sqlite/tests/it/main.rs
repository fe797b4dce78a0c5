//! The SQLite adapters against real files.

mod accounts;
mod alerts;
mod hubs;
mod measurements;
mod people;
mod personal_tokens;
mod registry;
mod rollups;
mod schema;
