//! What each command does.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use auth_service::broker::Broker;
use auth_service::enrolment::{self, List};
use auth_service::{Config, Deps, SigningKeys, provision::Home};
use domain::{HouseholdId, UtcMillis};
use secrecy::SecretString;
use service::Context;

use crate::settings::open;

pub(crate) async fn run(ctx: Context<Config>) -> anyhow::Result<()> {
    let Context { config, clock, shutdown } = ctx;
    let deps = Deps::load(&config, open(&config).await?, Arc::clone(&clock))?;
    let broker = Broker::bind(config.broker, Arc::clone(&deps.stores.hub_credentials), clock).await?;
    let listener = tokio::net::TcpListener::bind(config.listen).await?;
    let broker = async { Ok::<_, anyhow::Error>(broker.run(shutdown.clone()).await?) };
    let service = async { Ok(auth_service::run(deps, listener, shutdown.clone()).await?) };
    tokio::try_join!(service, broker).map(drop)
}

pub(crate) async fn rotate_key(ctx: Context<Config>) -> anyhow::Result<()> {
    let from = SigningKeys::rotate(&ctx.config.signing_key_file, ctx.clock.now())?;
    println!("The new key signs from {} on.", UtcMillis::from_secs(from));
    Ok(())
}

pub(crate) async fn provision(
    ctx: Context<Config>,
    home: Home,
    hub_secret: Option<SecretString>,
) -> anyhow::Result<()> {
    let stores = open(&ctx.config).await?;
    let done = auth_service::provision(&*stores.accounts, &*ctx.clock, &home).await?;
    println!("{done}");
    if let Some(secret) = hub_secret {
        auth_service::provision_secret(&*stores.hub_credentials, &*ctx.clock, &home, done.household, &secret)
            .await?;
    }
    Ok(())
}

pub(crate) async fn enrol(ctx: Context<Config>, household: HouseholdId, file: &Path) -> anyhow::Result<()> {
    let list = List::read(file)?;
    let stores = open(&ctx.config).await?;
    enrolment::enrol(&*stores.accounts, &*stores.hub_credentials, &*ctx.clock, household, &list).await?;
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
