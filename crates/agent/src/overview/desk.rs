//! Where `agent status` and `agent spool status` ask: a Unix socket beside the spool. Whoever connects is told how the agent
//! is, as JSON.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::{Observer, Overview, SpoolView};
use crate::spool::{self, Report, SpoolError};

/// For one question and its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a connection that could not be taken.
const PAUSE: Duration = Duration::from_secs(1);
/// More than 64 sockets with long sentences have.
const MOST_BYTES: u64 = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens.
    #[error("the agent does not run, or its spool is not {}", spool.display())]
    NotRunning { spool: PathBuf },
    #[error("the agent runs, but somebody else may ask: try it as its user, or with sudo")]
    NotAllowed,
    #[error("asking the agent: {0}")]
    Failed(#[source] io::Error),
    #[error("the agent did not answer within {} s", PATIENCE.as_secs())]
    TimedOut,
    #[error("the agent is of another version: {0}")]
    OtherVersion(#[source] serde_json::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("the agent cannot say what is in its spool: {0}")]
    Unknown(String),
}

fn beside(spool: &Path) -> PathBuf {
    let mut path = spool.as_os_str().to_owned();
    path.push(".status");
    path.into()
}

/// Answers for ever. Where it cannot, it says so once: that is no reason not to measure.
pub async fn serve(observer: Arc<Observer>, spool: &Path) {
    let path = beside(spool);
    // What a killed agent left. Only one agent has the spool, so nobody listens there.
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::debug!(%error, "cannot remove {}", path.display());
    }
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!("agent status will not work: listening at {}: {error}", path.display());
            return;
        }
    };
    loop {
        match listener.accept().await {
            // One at a time: each is short, and the next wait in the kernel.
            Ok((stream, _)) => match timeout(PATIENCE, answer(&observer, stream)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "whoever asked how the agent is has gone away"),
                Err(_) => tracing::debug!("whoever asked how the agent is did not listen"),
            },
            Err(error) => {
                tracing::debug!(%error, "cannot answer how the agent is");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn answer(observer: &Observer, mut stream: UnixStream) -> io::Result<()> {
    let overview = serde_json::to_vec(&observer.look().await)?;
    stream.write_all(&overview).await?;
    stream.shutdown().await
}

/// How the agent is that has this spool.
pub async fn ask(spool: &Path) -> Result<Overview, AskError> {
    let read = async {
        let stream = UnixStream::connect(beside(spool)).await?;
        let mut text = Vec::new();
        stream.take(MOST_BYTES).read_to_end(&mut text).await?;
        Ok(text)
    };
    let text = match timeout(PATIENCE, read).await.map_err(|_| AskError::TimedOut)? {
        Ok(text) => text,
        Err(error) => {
            return Err(match io::Error::kind(&error) {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    AskError::NotRunning { spool: spool.to_owned() }
                }
                io::ErrorKind::PermissionDenied => AskError::NotAllowed,
                _ => AskError::Failed(error),
            });
        }
    };
    serde_json::from_slice(&text).map_err(AskError::OtherVersion)
}

/// What this spool holds. An agent that runs has it to itself, so that one is asked; without one the file is read.
pub async fn report(spool: &Path) -> Result<Report, ReportError> {
    match ask(spool).await {
        Ok(Overview { spool: SpoolView { report: Some(report), .. }, .. }) => Ok(report),
        Ok(Overview { spool: SpoolView { trouble, .. }, .. }) => {
            Err(ReportError::Unknown(trouble.unwrap_or_else(|| "it is of another version".to_owned())))
        }
        Err(AskError::NotRunning { .. }) => Ok(spool::report(spool).await?),
        Err(error) => Err(error.into()),
    }
}
