//! What each subcommand does.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use domain::{Clock, TickLength, UtcMillis};
use loadgen::progress::Progress;
use loadgen::scenario::Settings;
use loadgen::store::StoreLoad;
use loadgen::verify::Question;
use loadgen::{Population, connections, drain, sizes, store, swarm, verify};
use serde::Serialize;
use service::clock::SystemClock;
use service::shutdown::on_signal;
use tokio::runtime::{Builder, Runtime};

use crate::arguments::{
    ApiName, Arguments, Body, Command, Connections, Database, Drain, Store, Swarm, Verify,
};

const BAD_USAGE: u8 = 2;
/// How far back the ticks of a store's load begin.
const THIRTY_DAYS_MILLIS: i64 = 30 * 24 * 3_600_000;

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let json = arguments.json;
    match arguments.command {
        Command::Swarm(arguments) => run_swarm(*arguments, json),
        Command::Connections(arguments) => run_connections(arguments, json),
        Command::Verify(arguments) => run_verify(arguments, json),
        Command::Drain(arguments) => run_drain(&arguments, json),
        Command::Store(arguments) => run_store(&arguments, json),
        Command::Wire => report(&sizes::measure(), json),
        Command::Body(arguments) => body(&arguments),
    }
}

fn run_swarm(arguments: Swarm, json: bool) -> anyhow::Result<ExitCode> {
    let plan = match &arguments.scenario {
        Some(path) => Settings::read(path).map(|file| arguments.settings.or(file)),
        None => Ok(arguments.settings),
    }
    .and_then(|settings| settings.plan(SystemClock.now()));
    let plan = match plan {
        Ok(plan) => plan,
        Err(faults) => {
            writeln!(io::stderr().lock(), "{faults}")?;
            return Ok(ExitCode::from(BAD_USAGE));
        }
    };
    // One thread: the others are the broker's.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let summary = runtime.block_on(async {
        let stop = on_signal()?;
        anyhow::Ok(swarm::run(&plan, &SystemClock, stop, Some(Progress::new())).await?)
    })?;
    report(&summary, json)
}

fn run_connections(arguments: Connections, json: bool) -> anyhow::Result<ExitCode> {
    let plan = connections::Plan {
        url: arguments.url,
        ca: arguments.ca,
        steps: arguments.steps,
        at_once: arguments.at_once.into(),
        settle: Duration::from_secs(arguments.settle_secs),
        idle: Duration::from_secs(arguments.idle_secs),
        publish: Duration::from_secs(arguments.publish_secs),
        every: Duration::from_secs(arguments.every_secs),
        keep_alive_secs: arguments.keep_alive_secs,
        source_addresses: arguments.source_addresses,
        sockets: arguments.values,
    };
    if plan.steps.is_empty() || !plan.steps.is_sorted_by(|one, next| one < next) {
        writeln!(io::stderr().lock(), "--steps: each is to be more than the one before")?;
        return Ok(ExitCode::from(BAD_USAGE));
    }
    // One thread: the others are the broker's.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let summary = runtime.block_on(async {
        // Whoever watches measures the broker between two of these lines. The summary tells what failed.
        let mut told = |stage: &connections::Stage| {
            if json {
                serde_json::to_string(stage).map(|line| writeln!(io::stdout().lock(), "{line}")).ok();
            } else {
                writeln!(io::stderr().lock(), "{stage}").ok();
            }
        };
        anyhow::Ok(connections::run(&plan, &SystemClock, on_signal()?, &mut told).await?)
    })?;
    report(&summary, json)?;
    Ok(if summary.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_verify(arguments: Verify, json: bool) -> anyhow::Result<ExitCode> {
    let question = Question {
        ledger: arguments.ledger,
        influxdb: config(arguments.database),
        rabbitmq_url: arguments.rabbitmq_url,
        wait: Duration::from_secs(arguments.wait_secs),
    };
    let verdict = threads()?.block_on(verify::verify(&question))?;
    report(&verdict, json)?;
    Ok(if verdict.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_drain(arguments: &Drain, json: bool) -> anyhow::Result<ExitCode> {
    let config =
        rabbitmq::Config { url: arguments.rabbitmq_url.as_str().into(), ..rabbitmq::Config::default() };
    let summary = threads()?.block_on(async {
        // The source would try for ever.
        let reached = rabbitmq::declare_topology(&config).await;
        reached.map_err(|error| anyhow!("RabbitMQ is not reachable: {error}"))?;
        let source = rabbitmq::Source::connect(config)?;
        let seconds = arguments.seconds.map(Duration::from_secs);
        anyhow::Ok(drain::drain(&source, arguments.containers, seconds, on_signal()?).await?)
    })?;
    report(&summary, json)
}

fn run_store(arguments: &Store, json: bool) -> anyhow::Result<ExitCode> {
    let start = SystemClock.now().plus_millis(-THIRTY_DAYS_MILLIS);
    let load = StoreLoad {
        influxdb: config(arguments.database.clone()),
        population: Population {
            seed: 1,
            hubs: arguments.hubs,
            sockets: arguments.values,
            tick_length: TickLength::DEFAULT,
            start: TickLength::DEFAULT.tick_of(start),
        },
        containers: arguments.containers,
        batch_values: arguments.batch_values,
        writes: arguments.writes,
        narrow: arguments.narrow,
    };
    report(&threads()?.block_on(store::store(&load))?, json)
}

fn body(arguments: &Body) -> anyhow::Result<ExitCode> {
    let start = UtcMillis::parse_rfc3339(&arguments.at)
        .ok_or_else(|| anyhow!("--at: {:?} is not an instant such as 2026-01-01T00:00:00Z", arguments.at))?;
    let body = wire::encode(&loadgen::container(arguments.hub, start, arguments.values.into()));
    io::stdout().write_all(&body)?;
    Ok(ExitCode::SUCCESS)
}

fn threads() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

fn config(database: Database) -> influxdb::Config {
    influxdb::Config {
        url: database.influxdb_url,
        api: match database.api {
            ApiName::V1 => influxdb::Api::V1,
            ApiName::V2 => influxdb::Api::V2,
        },
        bucket: database.bucket,
        token: database.token.map(Into::into),
        org: database.org,
        ..influxdb::Config::default()
    }
}

fn report(summary: &(impl Serialize + Display), json: bool) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, summary)?;
        writeln!(out)?;
    } else {
        write!(out, "{summary}")?;
    }
    Ok(ExitCode::SUCCESS)
}
