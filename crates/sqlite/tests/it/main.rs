//! The SQLite adapters against real files.

mod accounts;
mod measurements;
mod personal_tokens;
mod registry;
mod rollups;
