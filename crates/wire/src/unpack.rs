//! Compressed containers. No protobuf message of ours begins like gzip, so nothing else has to say so.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use crate::MAX_BYTES;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

#[derive(Debug, thiserror::Error)]
pub enum BadGzip {
    #[error("it unpacks to more than {MAX_BYTES} bytes")]
    Bomb,
    #[error("not a gzip container: {0}")]
    Damaged(#[source] io::Error),
    #[error("{0} bytes follow the gzip container")]
    Trailing(usize),
}

/// The body itself, or what is packed in it. Never unpacks more than a container may have.
#[inline]
pub(crate) fn unpacked(body: &[u8]) -> Result<Cow<'_, [u8]>, BadGzip> {
    if body.starts_with(&MAGIC) { unpack(body).map(Cow::Owned) } else { Ok(Cow::Borrowed(body)) }
}

#[cold]
fn unpack(body: &[u8]) -> Result<Vec<u8>, BadGzip> {
    let mut bytes = Vec::new();
    let mut decoder = GzDecoder::new(body);
    // One more than allowed tells that it goes on.
    let limit = MAX_BYTES as u64 + 1;
    decoder.by_ref().take(limit).read_to_end(&mut bytes).map_err(BadGzip::Damaged)?;
    match decoder.into_inner().len() {
        _ if bytes.len() > MAX_BYTES => Err(BadGzip::Bomb),
        // A second part would be a container that is given up without a word.
        0 => Ok(bytes),
        trailing => Err(BadGzip::Trailing(trailing)),
    }
}
