//! A mail server with TLS, which keeps what it takes.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mail::{Security, SmtpConfig};
use tempfile::TempDir;
use testkit::certificates::Issued;
use testkit::servers::free_port;
use testkit::wait;
use tokio::net::TcpStream;

const TIME_LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    port: u16,
    security: Security,
}

impl Server {
    pub(crate) async fn start(security: Security, issued: &Issued) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let (certificate, key) = match security {
            Security::Starttls => ("--tlscert", "--tlskey"),
            Security::Tls => ("--smtpscert", "--smtpskey"),
            Security::None => panic!("without TLS it is testkit::servers::Smtp"),
        };
        let log = File::create(folder.path().join("log")).unwrap();
        let child = Command::new("aiosmtpd")
            .args(["--nosetuid", "--listen", &format!("127.0.0.1:{port}")])
            .args([certificate, &issued.certificate.display().to_string()])
            .args([key, &issued.key.display().to_string()])
            .args(["--class", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.path().join("mails"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("apt-get install python3-aiosmtpd");
        let this = Self { child, folder, port, security };
        wait::until(TIME_LIMIT, "the mail server listens", async || {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok().then_some(())
        })
        .await;
        this
    }

    /// How to send mails to it by this name.
    pub(crate) fn config(&self, host: &str, ca: Option<String>) -> SmtpConfig {
        config(host, self.port, self.security, ca)
    }

    /// What it has taken.
    pub(crate) fn mails(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("mails/new")).map_or(0, Iterator::count)
    }
}

pub(crate) fn config(host: &str, port: u16, security: Security, ca: Option<String>) -> SmtpConfig {
    SmtpConfig {
        host: host.to_owned(),
        port: Some(port),
        security,
        user: None,
        password: None,
        from: "Wattline <home@example.org>".to_owned(),
        ca,
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
