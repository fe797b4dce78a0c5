//! The SQLite adapters against real files.

mod accounts;
mod alerts;
mod measurements;
mod people;
mod personal_tokens;
mod registry;
mod rollups;
