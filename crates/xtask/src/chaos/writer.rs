//! The write-service under test.

use std::path::{Path, PathBuf};
use std::time::Duration;

use testkit::servers::{Program, ProgramSetup, free_port};

pub(crate) struct WriterSetup {
    pub(crate) folder: PathBuf,
    pub(crate) broker: String,
    pub(crate) store: String,
    pub(crate) database: String,
    /// For a write, and for a question.
    pub(crate) store_timeout: Duration,
    pub(crate) max_queue_length: Option<u32>,
    /// The batch at which it kills itself, once the store has it. It is not waited for then.
    pub(crate) die_before_ack: Option<u32>,
}

impl WriterSetup {
    pub(crate) fn start(self, binaries: &Path) -> anyhow::Result<Program> {
        std::fs::create_dir_all(&self.folder)?;
        let port = free_port();
        let store_timeout = self.store_timeout.as_millis().to_string();
        let mut environment = vec![
            ("WATTLINE__OPERATIONS__LISTEN", format!("127.0.0.1:{port}")),
            ("WATTLINE__RABBITMQ__URL", self.broker),
            ("WATTLINE__INFLUXDB__URL", self.store),
            ("WATTLINE__INFLUXDB__API", "v1".to_owned()),
            ("WATTLINE__INFLUXDB__BUCKET", self.database),
            ("WATTLINE__INFLUXDB__WRITE_TIMEOUT_MILLIS", store_timeout.clone()),
            ("WATTLINE__INFLUXDB__QUERY_TIMEOUT_MILLIS", store_timeout),
        ];
        if let Some(length) = self.max_queue_length {
            environment.push(("WATTLINE__RABBITMQ__MAX_QUEUE_LENGTH", length.to_string()));
        }
        let arguments = match self.die_before_ack {
            Some(batch) => vec!["--die-before-ack".to_owned(), batch.to_string()],
            None => Vec::new(),
        };
        let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(Program::start(ProgramSetup {
            name: "write-service",
            binaries: binaries.to_owned(),
            arguments,
            environment: environment.collect(),
            folder: self.folder,
            port: self.die_before_ack.is_none().then_some(port),
        })?)
    }
}
