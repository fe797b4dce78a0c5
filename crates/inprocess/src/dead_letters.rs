use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::transport::Delivery;
use domain::{Clock, HubId, UtcMillis};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

const FILE: &str = "dead-letters.jsonl";

/// A file with a line of JSON per dead letter, each on disk before its container is settled.
pub(crate) struct DeadLetters {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    one_at_a_time: Arc<Mutex<()>>,
}

#[derive(Serialize)]
struct Line<'a> {
    at: UtcMillis,
    hub: Option<HubId>,
    reason: &'a str,
    /// The trace of one that was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    /// Base64.
    body: String,
}

impl DeadLetters {
    pub(crate) fn new(folder: &Path, clock: Arc<dyn Clock>) -> Self {
        Self { folder: folder.to_owned(), clock, one_at_a_time: Arc::default() }
    }

    pub(crate) async fn append(&self, delivery: &Delivery, reason: &str) -> io::Result<()> {
        let body = STANDARD.encode(&delivery.body);
        let traceparent = delivery.trace.as_ref().map(ToString::to_string);
        let line = Line { at: self.clock.now(), hub: delivery.hub, reason, traceparent, body };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        let folder = self.folder.clone();
        // The guard goes along: writing goes on when the caller is dropped.
        let guard = Arc::clone(&self.one_at_a_time).lock_owned().await;
        spawn_blocking(move || {
            let _guard = guard;
            append_line(&folder, &line)
        })
        .await
        .map_err(io::Error::other)?
    }
}

fn append_line(folder: &Path, line: &[u8]) -> io::Result<()> {
    let path = folder.join(FILE);
    let is_new = !path.exists();
    let mut file = File::options().create(true).append(true).read(true).open(&path)?;
    if ends_within_a_line(&mut file)? {
        file.write_all(b"\n")?;
    }
    file.write_all(line)?;
    file.sync_data()?;
    if is_new {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// After a crash or a full disk, half a line may be there.
fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("folder", &self.folder).finish_non_exhaustive()
    }
}
