//! The archive as it is written: what is packed already is taken away and sent.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Duration, timeout};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::Broken;

/// What is sent at once.
const PIECE: usize = 64 << 10;
/// Fast rather than small: numbers in text pack well at any level.
const LEVEL: i64 = 3;
/// A browser that takes nothing for so long has gone.
const PATIENCE: Duration = Duration::from_mins(5);

/// What was packed and not yet taken away.
#[derive(Clone, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Packed {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where pieces of a body go; an error ends the connection.
pub(super) type Pieces = mpsc::Sender<Result<Bytes, io::Error>>;

pub(super) struct File {
    zip: ZipWriter<StreamWriter<Packed>>,
    packed: Packed,
    pieces: Pieces,
}

impl File {
    pub(super) fn new(pieces: Pieces) -> Self {
        let packed = Packed::default();
        Self { zip: ZipWriter::new_stream(packed.clone()), packed, pieces }
    }

    /// Whatever is written from now on is in the file of this name. `large`: it may have more than 4 GiB.
    pub(super) async fn begin(&mut self, name: &str, large: bool) -> Result<(), Broken> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .large_file(large);
        self.zip.start_file(name, options)?;
        self.send(PIECE).await
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        for piece in bytes.chunks(PIECE) {
            self.zip.write_all(piece)?;
            self.send(PIECE).await?;
        }
        Ok(())
    }

    /// A whole file.
    pub(super) async fn put(&mut self, name: &str, text: &str) -> Result<(), Broken> {
        self.begin(name, false).await?;
        self.write(text.as_bytes()).await
    }

    /// The table of contents, without which it is no archive.
    pub(super) async fn finish(mut self) -> Result<(), Broken> {
        let (packed, pieces) = (self.packed.clone(), self.pieces.clone());
        self.send(0).await?;
        self.zip.finish()?;
        send(&pieces, packed.take()).await
    }

    async fn send(&mut self, at_least: usize) -> Result<(), Broken> {
        if self.packed.len() >= at_least { send(&self.pieces, self.packed.take()).await } else { Ok(()) }
    }
}

async fn send(pieces: &Pieces, piece: Bytes) -> Result<(), Broken> {
    match timeout(PATIENCE, pieces.send(Ok(piece))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Broken::Gone),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    async fn packed(finish: bool) -> Vec<u8> {
        let (pieces, mut taken) = mpsc::channel(1);
        let writing = tokio::spawn(async move {
            let mut file = File::new(pieces);
            file.put("README.txt", "hello").await.unwrap();
            file.begin("large.csv", true).await.unwrap();
            for number in 0..200_000_u32 {
                file.write(format!("{number}\r\n").as_bytes()).await.unwrap();
            }
            if finish {
                Box::pin(file.finish()).await.unwrap();
            }
        });
        let mut all = Vec::new();
        while let Some(piece) = taken.recv().await {
            let piece = piece.unwrap();
            // Of what is packed no more is held than a piece and what the packer gives at once.
            assert!(piece.len() <= 2 * PIECE, "{}", piece.len());
            all.extend_from_slice(&piece);
        }
        writing.await.unwrap();
        all
    }

    #[tokio::test]
    async fn what_was_written_comes_out_again() {
        let archive = packed(true).await;
        let mut archive = zip::ZipArchive::new(io::Cursor::new(archive)).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["README.txt", "large.csv"]);
        let mut text = String::new();
        archive.by_name("large.csv").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 200_000);
        assert!(text.ends_with("199999\r\n"));
    }

    #[tokio::test]
    async fn one_that_broke_off_is_none() {
        let mut half = packed(false).await;
        assert!(zip::ZipArchive::new(io::Cursor::new(half.clone())).is_err());
        let whole = packed(true).await;
        half.clear();
        half.extend_from_slice(&whole[..whole.len() - 1]);
        assert!(zip::ZipArchive::new(io::Cursor::new(half)).is_err());
    }
}
