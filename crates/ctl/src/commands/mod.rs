//! What each command does.

pub(crate) mod accounts;
pub(crate) mod backfill;
pub(crate) mod backup;
pub(crate) mod fleet;
pub(crate) mod hubs;
pub(crate) mod queues;
pub(crate) mod services;
