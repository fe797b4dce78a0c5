//! `<binary> health`: asks the process of the same configuration whether it is ready. For images, which have nothing in
//! them that could ask.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::OperationsConfig;
use crate::config::{self, Config};
use crate::run::EXIT_CONFIG;
use crate::tls::TlsConfig;

const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Ends with 0 when it is ready, with 1 and a sentence when it is not, with 64 when the configuration is wrong.
pub fn health<C: Config>(
    name: &'static str,
    config_file: Option<&Path>,
    of: impl FnOnce(C) -> (OperationsConfig, TlsConfig),
) -> ExitCode {
    // Whoever reads a health check's output reads it from both.
    let complain = |sentence: &dyn std::fmt::Display| {
        writeln!(std::io::stderr().lock(), "{name}: {sentence}").ok();
    };
    let (operations, tls) = match config::load::<C>(config_file, std::env::vars()) {
        Ok(config) => of(config),
        Err(faults) => {
            complain(&faults);
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(ask(operations.listen, tls.serves_tls())));
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            complain(&sentence);
            ExitCode::FAILURE
        }
    }
}

async fn ask(listen: SocketAddr, with_tls: bool) -> Result<(), String> {
    let host = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(host, listen.port());
    let client = reqwest::Client::builder()
        .timeout(TIME_LIMIT)
        .no_proxy()
        // The process itself, at an address that its certificate need not name.
        .tls_danger_accept_invalid_certs(true)
        .build()
        .map_err(|error| error.to_string())?;
    let scheme = if with_tls { "https" } else { "http" };
    let answer = client
        .get(format!("{scheme}://{address}/health/ready"))
        .send()
        .await
        .map_err(|_| format!("nothing answers at {address}"))?;
    if answer.status().is_success() {
        return Ok(());
    }
    let problem: serde_json::Value = answer.json().await.unwrap_or_default();
    Err(problem["detail"].as_str().unwrap_or("not ready, and it does not say why").to_owned())
}
