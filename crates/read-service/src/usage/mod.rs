//! The usage of a household, in buckets.

mod answer;
mod comparison;
mod grouping;
pub(crate) mod handler;
mod known;
mod matching;
mod only;
mod question;
mod ticks;

pub(crate) use answer::{rounded, standing, watts};
pub(crate) use known::{check_hub, check_socket};
pub(crate) use only::Only;
pub(crate) use question::{costs, fault, flag, range, whole};
pub(crate) use ticks::Ticks;
