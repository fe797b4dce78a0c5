//! What somebody takes along: one ZIP archive of all that the auth- and the read-service know of them.
//!
//! It is put together while it is sent. Nothing of it is kept: of each archive there are some pieces of at most 64 KiB, a
//! line and the tables of the files so far in memory, and nothing on disk. What breaks off on the way ends the connection
//! before the archive's table of contents is sent, so that half an archive is never taken for a whole one.

mod file;
mod making;
mod measured;
mod under_way;

pub(crate) use making::Maker;
pub(crate) use under_way::{ArchiveId, Archives, NotNow, State};

/// Why there is no whole archive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("somebody has stopped it")]
    Cancelled,
    #[error("nobody fetches it any more")]
    Gone,
    #[error("a service answered {0}")]
    Refused(http::StatusCode),
    #[error("a service broke off: {0}")]
    Upstream(#[from] reqwest::Error),
    #[error("an answer is not what it should be: {0}")]
    Malformed(&'static str),
    #[error("packing it: {0}")]
    Packing(#[from] zip::result::ZipError),
    #[error("packing it: {0}")]
    Writing(#[from] std::io::Error),
}
