//! The questions as `rabbitmq_auth_backend_http` puts them: forms; and our answers: one word.
//!
//! When we do not know, we say so with a 503: RabbitMQ refuses then, and asks again the next time. A plain `deny` it may
//! be told to keep.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::routing::post;
use axum::{Router, response::IntoResponse};
use domain::Clock;
use domain::hubs::HubCredentials;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::rights::{Wish, hub_named, may};

/// The longest names and a secret fit in many times.
const MAX_BODY_BYTES: usize = 8 * 1_024;
/// RabbitMQ waits for 5 s as we configure it.
const PATIENCE: Duration = Duration::from_secs(4);

type Answer = (StatusCode, &'static str);

const ALLOW: Answer = (StatusCode::OK, "allow");
const DENY: Answer = (StatusCode::OK, "deny");
const UNKNOWN: Answer = (StatusCode::SERVICE_UNAVAILABLE, "unavailable");

struct Desk {
    vhost: String,
    credentials: Arc<dyn HubCredentials>,
    clock: Arc<dyn Clock>,
}

/// What follows is in every question; more fields may be there.
trait Question {
    fn apart(self) -> (String, Wish);
}

#[derive(Deserialize)]
struct AboutUser {
    username: String,
    password: SecretString,
}

#[derive(Deserialize)]
struct AboutVhost {
    username: String,
    vhost: String,
}

#[derive(Deserialize)]
struct AboutResource {
    username: String,
    vhost: String,
    resource: String,
    name: String,
    permission: String,
}

#[derive(Deserialize)]
struct AboutTopic {
    username: String,
    vhost: String,
    resource: String,
    name: String,
    permission: String,
    routing_key: String,
}

impl Question for AboutUser {
    fn apart(self) -> (String, Wish) {
        let password_hash = Sha256::digest(self.password.expose_secret()).into();
        (self.username, Wish::LogIn { password_hash })
    }
}

impl Question for AboutVhost {
    fn apart(self) -> (String, Wish) {
        (self.username, Wish::Enter { vhost: self.vhost })
    }
}

impl Question for AboutResource {
    fn apart(self) -> (String, Wish) {
        let Self { username, vhost, resource, name, permission } = self;
        (username, Wish::Use { vhost, resource, name, permission })
    }
}

impl Question for AboutTopic {
    fn apart(self) -> (String, Wish) {
        let Self { username, vhost, resource, name, permission, routing_key } = self;
        (username, Wish::Publish { vhost, resource, name, permission, routing_key })
    }
}

pub(super) fn router(vhost: String, credentials: Arc<dyn HubCredentials>, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/broker/user", post(answer::<AboutUser>))
        .route("/broker/vhost", post(answer::<AboutVhost>))
        .route("/broker/resource", post(answer::<AboutResource>))
        .route("/broker/topic", post(answer::<AboutTopic>))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Desk { vhost, credentials, clock }))
}

async fn answer<Q: Question>(
    State(desk): State<Arc<Desk>>,
    question: Result<Form<Q>, FormRejection>,
) -> impl IntoResponse {
    // The rejection may repeat what was sent, which may be a secret.
    let Ok(Form(question)) = question else { return DENY };
    let (user, wish) = question.apart();
    let Some(hub) = hub_named(&user) else { return DENY };
    let secret = timeout(PATIENCE, desk.credentials.valid_secret(hub, desk.clock.now())).await;
    let reason = match secret {
        Ok(Ok(secret)) if may(hub, secret.as_ref(), &desk.vhost, &wish) => return ALLOW,
        Ok(Ok(secret)) => {
            tracing::debug!(%hub, has_credential = secret.is_some(), "the broker is to refuse this hub");
            return DENY;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    tracing::warn!(%hub, reason, "the broker cannot be told whether to let this hub in");
    UNKNOWN
}
