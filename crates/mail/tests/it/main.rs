//! Mails to a real mail server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod refusals;
mod server;
mod tls;
