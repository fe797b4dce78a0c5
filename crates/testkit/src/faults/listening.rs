use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::servers::free_port;

/// Connections served on a free port. All of them end when this is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) port: u16,
    task: JoinHandle<()>,
}

impl Listening {
    pub(super) async fn start<S, F>(
        shared: Arc<S>,
        serve: impl Fn(Arc<S>, TcpStream) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        S: Send + Sync + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Some(_) = connections.join_next() => {}
                    accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                        connections.spawn(serve(shared.clone(), stream));
                    }
                }
            }
        });
        Ok(Self { port, task })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}
