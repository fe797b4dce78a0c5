//! The usage of a household, in buckets.

mod answer;
pub(crate) mod handler;
mod question;
