//! Certificates, made as the documentation says: by `deploy/tls/certificates.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::servers::{ServerError, run_command};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/tls/certificates.sh");
const PACKAGE: &str = "openssl";

/// A certificate authority that nobody knows, and what it has signed.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
}

/// The certificate of a server.
#[derive(Clone, Debug)]
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Who has signed it.
    pub ca: PathBuf,
}

impl Authority {
    /// In a folder that is gone afterwards.
    pub fn new() -> Result<Self, ServerError> {
        let folder = TempDir::with_prefix("wattline-ca-").map_err(ServerError::io("making a folder"))?;
        let this = Self { folder };
        this.issue("first", &["localhost"])?;
        Ok(this)
    }

    /// In PEM.
    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Whoever has its own file of before has a new one.
    pub fn issue(&self, name: &str, addresses: &[&str]) -> Result<Issued, ServerError> {
        self.issue_for(365, name, addresses)
    }

    /// With 0 days it has expired in the next second.
    pub fn issue_for(&self, days: u32, name: &str, addresses: &[&str]) -> Result<Issued, ServerError> {
        let mut command = Command::new(SCRIPT);
        command.arg(self.folder.path()).arg(name).args(addresses).env("DAYS", days.to_string());
        run_command(&mut command, PACKAGE)?;
        Ok(Issued {
            certificate: self.path(&format!("{name}.pem")),
            key: self.path(&format!("{name}.key")),
            ca: self.ca(),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Issued {
    /// Of a service of ours.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![
            ("WATTLINE__TLS__CERTIFICATE", text(&self.certificate)),
            ("WATTLINE__TLS__KEY", text(&self.key)),
            ("WATTLINE__TLS__CA", text(&self.ca)),
        ]
    }

    /// Of RabbitMQ, as deployed.
    pub fn rabbitmq(&self, port: u16) -> String {
        include_str!("../../../deploy/config/rabbitmq-tls.conf")
            .replace("ssl.default = 5671", &format!("ssl.default = 127.0.0.1:{port}"))
            .replace("/etc/rabbitmq/tls/ca.pem", &self.ca.display().to_string())
            .replace("/etc/rabbitmq/tls/rabbitmq.pem", &self.certificate.display().to_string())
            .replace("/etc/rabbitmq/tls/rabbitmq.key", &self.key.display().to_string())
    }
}
