//! RabbitMQ 4: the one of Debian 13, unpacked beside the build and never installed. Debian 12's speaks no MQTT 5.

use std::path::{Path, PathBuf};

use super::ServerError;

/// A tree of Debian 13 in which programs find their own libraries.
#[derive(Clone, Debug)]
pub struct NextDebian {
    root: PathBuf,
}

impl NextDebian {
    /// Where `cargo xtask rabbitmq4`, which is a part of `cargo xtask test`, unpacks it.
    pub fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/rabbitmq-4")
    }

    pub fn found() -> Result<Self, ServerError> {
        let root = Self::folder().join("root");
        if root.join("usr/lib/rabbitmq/bin/rabbitmq-server").exists() {
            return root
                .canonicalize()
                .map(|root| Self { root })
                .map_err(ServerError::io("finding RabbitMQ 4"));
        }
        Err(ServerError::NotFetched { server: "RabbitMQ 4", task: "cargo xtask rabbitmq4" })
    }

    pub(super) fn rabbitmq(&self) -> PathBuf {
        self.root.join("usr/lib/rabbitmq/bin")
    }

    pub(super) fn erlang(&self) -> PathBuf {
        self.root.join("usr/lib/erlang/bin")
    }
}
