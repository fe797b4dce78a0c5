//! What each command does.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use auth_service::broker::Broker;
use auth_service::enrolment::{self, List};
use auth_service::{Deps, SigningKeys, Stores, provision::Home};
use domain::{HouseholdId, UtcMillis};
use secrecy::SecretString;
use service::Context;
use service::operations::Listeners;

use crate::settings::{Settings, open};

pub(crate) async fn run(ctx: Context<Settings>) -> anyhow::Result<()> {
    let Context { config: Settings(mut config), clock, shutdown, metrics, .. } = ctx;
    config.broker.trusted = config.tls.trusted()?;
    config.people.trusted = config.broker.trusted.clone();
    if let Some(smtp) = &mut config.people.smtp {
        smtp.ca = config.broker.trusted.pem();
    }
    let deps = Deps::load(&config, open(&config).await?, Arc::clone(&clock), metrics.clone())?;
    let credentials = Arc::clone(&deps.stores.hub_credentials);
    let broker = Broker::bind(config.broker, &config.tls, credentials, clock).await?;
    let listeners = Listeners {
        api: config.tls.listen(config.listen).await?,
        operations: Some(config.tls.listen(config.operations.listen).await?),
    };
    let broker = async { Ok::<_, anyhow::Error>(broker.run(&metrics, shutdown.clone()).await?) };
    let service = async { Ok(auth_service::run(deps, listeners, shutdown.clone()).await?) };
    tokio::try_join!(service, broker).map(drop)
}

pub(crate) async fn rotate_key(ctx: Context<Settings>) -> anyhow::Result<()> {
    let from = SigningKeys::rotate(&ctx.config.0.signing_key_file, ctx.clock.now())?;
    println!("The new key signs from {} on.", UtcMillis::from_secs(from));
    Ok(())
}

pub(crate) async fn provision(
    ctx: Context<Settings>,
    home: Home,
    hub_secret: Option<SecretString>,
) -> anyhow::Result<()> {
    let stores = open(&ctx.config.0).await?;
    let done = auth_service::provision(&*stores.accounts, &*ctx.clock, &home).await?;
    for deed in done.deeds(&home, ctx.clock.now()) {
        stores.audit.write_down(&deed).await?;
    }
    println!("{done}");
    if let Some(secret) = hub_secret {
        auth_service::provision_secret(&*stores.hub_credentials, &*ctx.clock, &home, done.household, &secret)
            .await?;
    }
    Ok(())
}

pub(crate) async fn enrol(ctx: Context<Settings>, household: HouseholdId, file: &Path) -> anyhow::Result<()> {
    let list = List::read(file)?;
    let Stores { accounts, hub_credentials, .. } = open(&ctx.config.0).await?;
    enrolment::enrol(&*accounts, &*hub_credentials, &*ctx.clock, household, &list).await?;
    println!("{} hubs are in household {household}", list.len());
    Ok(())
}

pub(crate) fn factory_list(count: u16, prefix: &str, first: u32, secrets: &Path) -> anyhow::Result<()> {
    print!("{}", enrolment::factory_list(count, prefix, first, secrets)?);
    Ok(())
}

pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("auth-service: {error:#}");
    ExitCode::FAILURE
}
