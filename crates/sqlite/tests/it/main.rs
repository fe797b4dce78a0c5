//! The SQLite adapters against real files.

mod accounts;
mod alerts;
mod hubs;
mod measurements;
mod personal_tokens;
mod registry;
mod rollups;
