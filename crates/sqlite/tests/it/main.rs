//! The SQLite adapters against real files.

mod accounts;
mod measurements;
