//! The web app in front of the real auth- and read-service, as a browser sees it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alerts;
mod archive;
mod guard;
mod hubs;
mod live;
mod page;
mod people;
mod programs;
mod providers;
mod proxy;
mod reading;
mod replicas;
mod rights;
mod session;
mod settings;
mod world;
