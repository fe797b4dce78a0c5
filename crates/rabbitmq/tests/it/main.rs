//! The adapter against a real RabbitMQ.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod broker;
mod config;
mod dead_letters;
mod failures;
mod limits;
mod over_mqtt;
mod quarantine;
mod suites;
mod tls;
