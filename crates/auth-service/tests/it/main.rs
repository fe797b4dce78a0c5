//! The service over HTTP, with its accounts in real databases.
#![expect(clippy::unwrap_used, reason = "an answer that is not there fails the test")]

mod alerts;
mod archive;
mod broker;
mod deletion;
mod desk;
mod enrolment;
mod footholds;
mod hubs;
mod letters;
mod log_in;
mod members;
mod oidc;
mod ousted;
mod outage;
mod pairings;
mod people;
mod personal_tokens;
mod provisioning;
mod released;
mod rights;
mod second_factor;
mod server;
mod sessions;
mod settings;
mod tokens;
mod whole_story;
