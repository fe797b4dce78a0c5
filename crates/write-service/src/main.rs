//! The write-service: RabbitMQ to InfluxDB.

mod settings;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use settings::Settings;
use tokio::net::TcpListener;
use write_service::Prepared;

/// Stores what hubs publish.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long)]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    service::run("write-service", arguments.config.as_deref(), async |context: service::Context<Settings>| {
        let settings = context.config;
        let writer = influxdb::Writer::new(&settings.influxdb)?;
        let database = Arc::new(settings.influxdb);
        let deps = write_service::Deps {
            source: Arc::new(rabbitmq::Source::connect(settings.rabbitmq)?),
            store: Arc::new(Prepared::new(writer, move || {
                let database = database.clone();
                async move { influxdb::prepare(&database).await }
            })),
            batch: settings.batch,
        };
        let listener = TcpListener::bind(settings.listen).await?;
        Ok(write_service::run(deps, listener, context.shutdown).await?)
    })
}
