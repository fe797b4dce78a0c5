//! Makes the databases or the buckets when they are not there.

use std::time::Duration;

use domain::measurement::StoreError;
use futures_util::future::try_join_all;
use influxdb2::api::buckets::ListBucketsRequest;
use influxdb2::api::organization::ListOrganizationRequest;
use influxdb2::models::PostBucketRequest;
use influxdb2::models::health::Status;
use influxdb2::models::retention_rule::{RetentionRule, Type};
use influxdb2::{Client, ClientBuilder, RequestError};
use secrecy::ExposeSecret as _;

use crate::config::{Api, Config};
use crate::connection::Connection;
use crate::query::ask;

const SET_UP: &str = "setting up InfluxDB";
const SECONDS_PER_DAY: u32 = 86_400;
/// InfluxDB's own choice is a week. What it took into its newest shard and has not written to a file yet, it copies for
/// every question about that shard, however short: with a home of 30 sockets the last hour takes 40 ms at the end of a week,
/// and 6 ms at the end of a day (measured with 1.6).
const TICK_SHARD_DAYS: u32 = 1;
/// InfluxDB's own choice is a week, which would be seven lines of each hub. Measured with 1.6: the energy of a year of
/// 30 sockets takes 11 ms with a week, 7 ms with four, and no less with more.
const ROLLUP_SHARD_DAYS: u32 = 28;

/// A database or bucket to make.
struct Place {
    name: String,
    /// For ever without.
    retention_days: Option<u32>,
    shard_days: u32,
}

/// Makes what writes and questions need, unless it is there. May be called by several services at once, and again
/// after an error.
pub async fn prepare(config: &Config) -> Result<(), StoreError> {
    let each = config.each();
    try_join_all(each.iter().map(|(_, store)| prepare_one(store))).await.map(|_| ())
}

async fn prepare_one(config: &Config) -> Result<(), StoreError> {
    let connection = Connection::new(config).map_err(|error| unavailable(error.to_string()))?;
    let places = [
        Place {
            name: config.bucket.clone(),
            retention_days: config.retention_days,
            shard_days: TICK_SHARD_DAYS,
        },
        Place { name: config.rollup_bucket(), retention_days: None, shard_days: ROLLUP_SHARD_DAYS },
    ];
    match config.api {
        Api::V1 => prepare_databases(config, &connection, &places).await,
        // influxdb2 could speak TLS only with a stack of its own, years older than ours. Whoever is reached over
        // TLS is run by an operator, who makes the buckets.
        Api::V2 if config.base_url().is_ok_and(|url| url.scheme() == "https") => {
            tracing::info!(
                bucket = config.bucket,
                rollup_bucket = config.rollup_bucket(),
                "the buckets must be there already: InfluxDB is reached over TLS"
            );
            connection.ping(SET_UP, config.query_timeout()).await
        }
        Api::V2 => within(config.query_timeout(), prepare_buckets(config, &places)).await,
    }
}

async fn prepare_databases(
    config: &Config,
    connection: &Connection,
    places: &[Place],
) -> Result<(), StoreError> {
    let timeout = config.query_timeout();
    let tables = ask::<String>(connection, SET_UP, timeout, "", "SHOW DATABASES").await?;
    let is_there = |place: &Place| {
        tables.iter().flat_map(|table| &table.values).flatten().any(|name| *name == place.name)
    };
    for place in places.iter().filter(|place| !is_there(place)) {
        let Place { name: database, retention_days, shard_days } = place;
        let retention = retention_days.map(|days| format!("DURATION {days}d ")).unwrap_or_default();
        let statement =
            format!("CREATE DATABASE \"{database}\" WITH {retention}SHARD DURATION {shard_days}d");
        ask::<String>(connection, SET_UP, timeout, "", &statement).await?;
        tracing::info!(database, retention_days, "created the database");
    }
    Ok(())
}

async fn prepare_buckets(config: &Config, places: &[Place]) -> Result<(), StoreError> {
    let client = client(config)?;
    let health = client.health().await.map_err(refused)?;
    if health.status != Status::Pass {
        return Err(unavailable(health.message.unwrap_or_else(|| "it is not healthy".to_owned())));
    }
    for place in places {
        prepare_bucket(config, &client, place).await?;
    }
    Ok(())
}

async fn prepare_bucket(config: &Config, client: &Client, place: &Place) -> Result<(), StoreError> {
    let request = ListBucketsRequest {
        name: Some(place.name.clone()),
        org: Some(config.org.clone()),
        ..ListBucketsRequest::default()
    };
    match client.list_buckets(Some(request)).await {
        Ok(found) if found.buckets.iter().any(|bucket| bucket.name == place.name) => return Ok(()),
        Ok(_) => {}
        // Some versions answer an empty list, some this.
        Err(RequestError::Http { status, .. }) if status.as_u16() == 404 => {}
        Err(error) => return Err(refused(error)),
    }
    let request =
        ListOrganizationRequest { org: Some(config.org.clone()), ..ListOrganizationRequest::default() };
    let organisations = client.list_organizations(request).await.map_err(refused)?;
    let organisation = organisations
        .orgs
        .into_iter()
        .find(|organisation| organisation.name == config.org)
        .and_then(|organisation| organisation.id)
        .ok_or_else(|| unavailable(format!("there is no organisation {:?}", config.org)))?;

    let mut request = PostBucketRequest::new(organisation, place.name.clone());
    request.retention_rules.extend(rule(place));
    match client.create_bucket(Some(request)).await {
        Ok(()) => {
            let Place { name: bucket, retention_days, .. } = place;
            tracing::info!(bucket, retention_days, "created the bucket");
            Ok(())
        }
        // Somebody was quicker.
        Err(RequestError::Http { status, text })
            if status.as_u16() == 422 && text.contains("already exists") =>
        {
            Ok(())
        }
        Err(error) => Err(refused(error)),
    }
}

/// In 2.x's words 0 s is for ever.
fn rule(place: &Place) -> Option<RetentionRule> {
    let seconds = i32::try_from(place.retention_days.unwrap_or(0) * SECONDS_PER_DAY).ok()?;
    let shard_group_duration_seconds = Some(i64::from(place.shard_days * SECONDS_PER_DAY));
    Some(RetentionRule { shard_group_duration_seconds, ..RetentionRule::new(Type::Expire, seconds) })
}

fn client(config: &Config) -> Result<Client, StoreError> {
    // influxdb2 panics on a URL it cannot read.
    let url = config.base_url().map_err(unavailable)?;
    let token = config.token.as_ref().map_or("", |token| token.expose_secret());
    let builder = reqwest_of_influxdb2::ClientBuilder::new()
        .connect_timeout(Duration::from_millis(config.connect_timeout_millis))
        .timeout(config.query_timeout())
        .redirect(reqwest_of_influxdb2::redirect::Policy::none())
        // Its HTTP/2 is an old one with RUSTSEC-2026-0258: never to be spoken.
        .http1_only()
        .no_proxy();
    ClientBuilder::with_builder(builder, url, config.org.as_str(), token)
        .build()
        .map_err(|error| unavailable(error.to_string()))
}

async fn within<T>(
    limit: Duration,
    set_up: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(limit, set_up)
        .await
        .unwrap_or_else(|_| Err(unavailable("no answer in time".to_owned())))
}

fn refused(error: RequestError) -> StoreError {
    match error {
        RequestError::Http { status, text } if matches!(status.as_u16(), 401 | 403) => {
            StoreError::Unauthorised { operation: SET_UP, reason: format!("HTTP {status}: {text}") }
        }
        error => unavailable(error.to_string()),
    }
}

fn unavailable(reason: String) -> StoreError {
    StoreError::Unavailable { operation: SET_UP, reason, retry_after: None }
}
