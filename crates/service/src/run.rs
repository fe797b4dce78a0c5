//! The life of a binary, from its configuration to its exit code.

use std::future::Future;
use std::path::Path;
use std::process::{ExitCode, Termination};
use std::sync::Arc;

use domain::Clock;
use tokio_util::sync::CancellationToken;

use crate::clock::SystemClock;
use crate::config::{self, Config, Faults};
use crate::logs::{self, LogFormat};
use crate::metrics::Metrics;
use crate::shutdown;
use crate::systemd::ServiceManager;
use crate::telemetry;

/// `EX_USAGE` of sysexits.h: the configuration is wrong, and starting again will not help.
pub(crate) const EXIT_CONFIG: u8 = 64;

/// What a binary is given to live with.
pub struct Context<C> {
    pub config: C,
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the process is asked to stop.
    pub shutdown: CancellationToken,
    /// Who wants to hear when it is ready, if anybody.
    pub manager: ServiceManager,
    /// What the process counts.
    pub metrics: Metrics,
}

/// Loads the configuration, starts logging and the runtime, and runs `main` until it ends or a signal comes.
/// A bad configuration names every fault and exits with 64, any other error exits with 1.
///
/// The log filter is taken from `WATTLINE_LOG` (such as `info,lapin=warn`), the format from
/// `WATTLINE_LOG_FORMAT` (`text` or `json`). As text they have the form of systemd's journal where they go there.
pub fn run<C, F, M>(name: &'static str, config_file: Option<&Path>, main: M) -> ExitCode
where
    C: Config,
    M: FnOnce(Context<C>) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    run_with(name, "info", config::load::<C>(config_file, std::env::vars()), main)
}

/// As [`run`], for a binary that has its configuration from elsewhere, logs `quiet`ly where nobody set a filter, and may
/// say by its exit code how it went.
pub fn run_with<C, F, M, E>(
    name: &'static str,
    default_filter: &str,
    config: Result<C, Faults>,
    main: M,
) -> ExitCode
where
    C: Config,
    M: FnOnce(Context<C>) -> F,
    F: Future<Output = anyhow::Result<E>>,
    E: Termination,
{
    let variable = |name: &str| std::env::vars().find(|(key, _)| key == name).map(|(_, value)| value);
    let filter = variable("WATTLINE_LOG").unwrap_or_else(|| default_filter.to_owned());
    let format = variable("WATTLINE_LOG_FORMAT").map_or(Ok(LogFormat::Text), |text| text.parse());
    let to_journal = variable("JOURNAL_STREAM").is_some_and(|stream| logs::goes_to_the_journal(&stream));
    let telemetry = config.as_ref().ok().and_then(Config::telemetry);
    let telemetry = telemetry.and_then(|(telemetry, tls)| Some((telemetry.open()?, tls.clone())));
    let (export, exporter) = telemetry.map(|((export, exporter), tls)| (export, (exporter, tls))).unzip();
    logs::init(*format.as_ref().unwrap_or(&LogFormat::Text), to_journal, &filter, export);
    let faults = [
        format.err().map(|fault| format!("WATTLINE_LOG_FORMAT: {fault}")),
        config.as_ref().err().map(ToString::to_string),
    ];
    let config = match config {
        Ok(config) if faults[0].is_none() => config,
        _ => {
            let complain = |fault: &String| logs::complain(&format!("{name}: {fault}"), to_journal);
            faults.iter().flatten().for_each(complain);
            return ExitCode::from(EXIT_CONFIG);
        }
    };

    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start the runtime");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        let shutdown = shutdown::on_signal()?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "{name} starts");
        let mut warnings = Vec::new();
        config.warnings(&mut warnings);
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let manager = ServiceManager::from_environment(std::env::vars(), std::process::id());
        let metrics = Metrics::of_process(name);
        let end = CancellationToken::new();
        let exporting = exporter
            .map(|(exporter, tls)| tokio::spawn(exporter.run(name, tls, metrics.clone(), end.clone())));
        let ended = main(Context { config, clock: Arc::new(SystemClock), shutdown, manager, metrics }).await;
        end.cancel();
        if let Some(exporting) = exporting {
            telemetry::finished(exporting).await;
        }
        ended
    });
    match outcome {
        Ok(ended) => {
            tracing::info!("{name} has stopped");
            ended.report()
        }
        Err(error) => {
            tracing::error!("{name} failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
