//! The live stream: server-sent events, one per tick, and when a hub says how it is.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::access::HubGrant;
use domain::live::{LiveError, News};
use domain::presence::Presence;
use domain::{Clock, Container, TickEnergy, TimeRange, UtcMillis};
use futures_util::future::try_join_all;
use futures_util::{Stream, StreamExt, stream};
use http::HeaderValue;
use serde::Serialize;
use service::metrics::InFlight;
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::home::Viewer;
use crate::routes::AppState;
use crate::tokens::{TokenError, TokenVerifier};

/// A tick that began longer ago is history that is being caught up on, not news.
const NEWS_MILLIS: i64 = 5 * 60 * 1_000;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often the token of an open stream is held against the keys.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// How soon a browser comes back after the stream has ended.
const RETRY: Duration = Duration::from_millis(500);

/// The data of an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LiveEvent {
    Tick(LiveTick),
    Hub(LiveHub),
}

/// The data of an event `tick`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveTick {
    hub: Uuid,
    /// Start of the tick, in Unix seconds.
    at: i64,
    /// Its length, in seconds. Mean power in watts = joules / seconds.
    tick_s: u32,
    /// Joules per socket number; a socket that was not measured is not there.
    energy_j: BTreeMap<u8, i64>,
}

/// The data of an event `hub`: whether a hub is there, and how it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveHub {
    hub: Uuid,
    /// When this was heard, in Unix seconds.
    at: i64,
    /// Whether the hub publishes what it measures. It says so every two minutes; where it is silent for six, it is not
    /// there. When it is not online it may still measure, and what it measures is kept on it.
    online: bool,
    /// Of the hub's software. This and what follows is not there when somebody else has noticed that the hub is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Since when its software has been running, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    /// How many messages with measurements wait on the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<u64>,
    /// Start of the tick that has waited longest, in Unix seconds; not there when none waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_waiting: Option<i64>,
    /// Whether the hub's clock is set by somebody who knows the time; not there when it does not know that.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_synchronised: Option<bool>,
}

/// What the household uses, as it happens: server-sent events.
///
/// An event `tick` per hub and tick; an event `hub` when a hub says how it is, or the broker that it is gone; an event `end` before the server closes the stream, which happens when the
/// access token expires or the key that signed it is withdrawn: come back with a new one.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/live",
    params(("household" = Uuid, Path)),
    responses(
        (status = 200, description = "Events; the data of `tick` is a LiveTick, that of `hub` a LiveHub", body = LiveEvent, content_type = "text/event-stream"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for watching", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The live feed is not available now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn live(
    State(state): State<AppState>,
    Viewer { claims, token }: Viewer,
) -> Result<Response, Problem> {
    let clock = state.deps.clock.clone();
    let now = clock.now();

    let present = claims.hubs.iter().copied().filter(|grant| grant.until.is_none_or(|until| until > now));
    let feed = &state.deps.live;
    let hubs = try_join_all(present.map(async |grant| {
        let stream = feed.watch(grant.hub).await?;
        Ok::<_, LiveError>(stream.map(move |news| (grant, news)))
    }))
    .await
    .map_err(|error| Problem::unavailable(&error))?;

    let left = Duration::from_secs(u64::try_from(claims.exp - now.secs()).unwrap_or(0));
    let (shutdown, tokens) = (state.shutdown.clone(), state.deps.tokens.clone());
    let over = async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(left) => {}
            () = disbelieved(&tokens, &token) => {}
        }
    };
    let news = stream::select_all(hubs)
        .flat_map(move |(grant, news)| stream::iter(events(&news, &grant, &*clock)))
        // Without hubs the stream stays open: one may be added, and the browser need not come back at once.
        .chain(stream::pending())
        .take_until(over);
    let viewer = InFlight::enter(state.measures.viewers.clone());
    let opening = stream::once(async { Event::default().comment("welcome").retry(RETRY) });
    let farewell = stream::once(async move {
        drop(viewer);
        Event::default().event("end").data("")
    });
    let all = opening.chain(news).chain(farewell);
    Ok(respond(all))
}

/// When the key that signed the token is published no more.
async fn disbelieved(tokens: &TokenVerifier, token: &str) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        if let Err(TokenError::Invalid(_)) = tokens.verify(token).await {
            return;
        }
    }
}

fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let sse = Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = sse.into_response();
    // Proxies that buffer would hold the present back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn events(news: &News, grant: &HubGrant, clock: &dyn Clock) -> Vec<Event> {
    match news {
        News::Measured(container) => ticks(container, grant, clock),
        News::Presence(presence) => {
            let now = clock.now();
            let is_ours = grant.since <= now && grant.until.is_none_or(|until| now < until);
            let event = is_ours.then(|| LiveEvent::Hub(LiveHub::new(presence, now)));
            event.and_then(|data| Event::default().event("hub").json_data(data).ok()).into_iter().collect()
        }
    }
}

fn ticks(container: &Container, grant: &HubGrant, clock: &dyn Clock) -> Vec<Event> {
    let ours = grant.clip(TimeRange::new(clock.now().plus_millis(-NEWS_MILLIS), UtcMillis(i64::MAX)));
    container
        .ticks
        .iter()
        .filter(|tick| ours.contains(tick.start))
        .filter_map(|tick| {
            Event::default()
                .event("tick")
                .id(tick.start.0.to_string())
                .json_data(LiveEvent::Tick(LiveTick::new(container, tick)))
                .ok()
        })
        .collect()
}

impl LiveTick {
    fn new(container: &Container, tick: &TickEnergy) -> Self {
        Self {
            hub: container.hub.as_uuid(),
            at: tick.start.secs(),
            tick_s: container.tick_length.secs(),
            energy_j: tick.energy.iter().map(|(socket, joules)| (socket.get(), joules.0)).collect(),
        }
    }
}

impl LiveHub {
    fn new(presence: &Presence, heard: UtcMillis) -> Self {
        let about = presence.about.as_ref();
        let started = about.and_then(|about| {
            let running = i64::try_from(about.running_secs).ok()?;
            heard.secs().checked_sub(running)
        });
        Self {
            hub: presence.hub.as_uuid(),
            at: heard.secs(),
            online: presence.online,
            version: about.map(|about| about.version.clone()),
            started,
            waiting: about.map(|about| about.waiting),
            oldest_waiting: about.and_then(|about| about.oldest_waiting).map(UtcMillis::secs),
            clock_synchronised: about.and_then(|about| about.clock_synchronised),
        }
    }
}
