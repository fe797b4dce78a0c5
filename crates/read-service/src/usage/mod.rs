//! The usage of a household, in buckets.

mod answer;
mod comparison;
mod grouping;
pub(crate) mod handler;
mod known;
mod question;
mod ticks;

pub(crate) use answer::{rounded, standing, watts};
pub(crate) use question::{fault, range, whole};
pub(crate) use ticks::Ticks;
