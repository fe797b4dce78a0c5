//! Makes the database or the bucket when it is not there.

use std::time::Duration;

use domain::measurement::StoreError;
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

/// Makes what writes and questions need, unless it is there. May be called by several services at once, and again
/// after an error.
pub async fn prepare(config: &Config) -> Result<(), StoreError> {
    let connection = Connection::new(config).map_err(|error| unavailable(error.to_string()))?;
    match config.api {
        Api::V1 => prepare_database(config, &connection).await,
        // influxdb2 could speak TLS only with a stack of its own, years older than ours. Whoever is reached over
        // TLS is run by an operator, who makes the bucket.
        Api::V2 if config.base_url().is_ok_and(|url| url.scheme() == "https") => {
            tracing::info!(
                bucket = config.bucket,
                "the bucket must be there already: InfluxDB is reached over TLS"
            );
            connection.ping(SET_UP, config.query_timeout()).await
        }
        Api::V2 => within(config.query_timeout(), prepare_bucket(config)).await,
    }
}

async fn prepare_database(config: &Config, connection: &Connection) -> Result<(), StoreError> {
    let timeout = config.query_timeout();
    let tables = ask::<String>(connection, SET_UP, timeout, "", "SHOW DATABASES").await?;
    if tables.iter().flat_map(|table| &table.values).flatten().any(|name| *name == config.bucket) {
        return Ok(());
    }
    let mut statement = format!("CREATE DATABASE \"{}\"", config.bucket);
    if let Some(days) = config.retention_days {
        statement = format!("{statement} WITH DURATION {days}d");
    }
    ask::<String>(connection, SET_UP, timeout, "", &statement).await?;
    tracing::info!(database = config.bucket, retention_days = config.retention_days, "created the database");
    Ok(())
}

async fn prepare_bucket(config: &Config) -> Result<(), StoreError> {
    let client = client(config)?;
    let health = client.health().await.map_err(refused)?;
    if health.status != Status::Pass {
        return Err(unavailable(health.message.unwrap_or_else(|| "it is not healthy".to_owned())));
    }

    let request = ListBucketsRequest {
        name: Some(config.bucket.clone()),
        org: Some(config.org.clone()),
        ..ListBucketsRequest::default()
    };
    match client.list_buckets(Some(request)).await {
        Ok(found) if found.buckets.iter().any(|bucket| bucket.name == config.bucket) => return Ok(()),
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

    let mut request = PostBucketRequest::new(organisation, config.bucket.clone());
    if let Some(seconds) = config.retention_days.and_then(|days| i32::try_from(days * SECONDS_PER_DAY).ok()) {
        request.retention_rules.push(RetentionRule::new(Type::Expire, seconds));
    }
    match client.create_bucket(Some(request)).await {
        Ok(()) => {
            tracing::info!(
                bucket = config.bucket,
                retention_days = config.retention_days,
                "created the bucket"
            );
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

fn client(config: &Config) -> Result<Client, StoreError> {
    // influxdb2 panics on a URL it cannot read.
    let url = config.base_url().map_err(unavailable)?;
    let token = config.token.as_ref().map_or("", |token| token.expose_secret());
    let builder = reqwest_of_influxdb2::ClientBuilder::new()
        .connect_timeout(Duration::from_millis(config.connect_timeout_millis))
        .timeout(config.query_timeout())
        .redirect(reqwest_of_influxdb2::redirect::Policy::none())
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
