//! The live stream: server-sent events, one per tick.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::access::HubGrant;
use domain::live::LiveError;
use domain::{Clock, Container, TickEnergy, TimeRange, UtcMillis};
use futures_util::future::try_join_all;
use futures_util::{Stream, StreamExt, stream};
use http::HeaderValue;
use serde::Serialize;
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::home::Viewer;
use crate::routes::AppState;

/// A tick that began longer ago is history that is being caught up on, not news.
const NEWS_MILLIS: i64 = 5 * 60 * 1_000;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a browser comes back after the stream has ended.
const RETRY: Duration = Duration::from_millis(500);

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

/// What the household uses, as it happens: server-sent events.
///
/// An event `tick` per hub and tick; an event `end` before the server closes the stream, which happens when the
/// access token expires: come back with a new one.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/live",
    params(("household" = Uuid, Path)),
    responses(
        (status = 200, description = "Events; the data of `tick` is a LiveTick", body = LiveTick, content_type = "text/event-stream"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for watching", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The live feed is not available now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn live(State(state): State<AppState>, Viewer(claims): Viewer) -> Result<Response, Problem> {
    let clock = state.deps.clock.clone();
    let now = clock.now();

    let present = claims.hubs.iter().copied().filter(|grant| grant.until.is_none_or(|until| until > now));
    let feed = &state.deps.live;
    let hubs = try_join_all(present.map(async |grant| {
        let stream = feed.watch(grant.hub).await?;
        Ok::<_, LiveError>(stream.map(move |container| (grant, container)))
    }))
    .await
    .map_err(|error| Problem::unavailable(&error))?;

    let left = Duration::from_secs(u64::try_from(claims.exp - now.secs()).unwrap_or(0));
    let shutdown = state.shutdown.clone();
    let over = async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(left) => {}
        }
    };
    let news = stream::select_all(hubs)
        .flat_map(move |(grant, container)| stream::iter(events(&container, &grant, &*clock)))
        // Without hubs the stream stays open: one may be added, and the browser need not come back at once.
        .chain(stream::pending())
        .take_until(over);
    let opening = stream::once(async { Event::default().comment("welcome").retry(RETRY) });
    let farewell = stream::once(async { Event::default().event("end").data("") });
    let all = opening.chain(news).chain(farewell);
    Ok(respond(all))
}

fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let sse = Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = sse.into_response();
    // Proxies that buffer would hold the present back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn events(container: &Container, grant: &HubGrant, clock: &dyn Clock) -> Vec<Event> {
    let ours = grant.clip(TimeRange::new(clock.now().plus_millis(-NEWS_MILLIS), UtcMillis(i64::MAX)));
    container
        .ticks
        .iter()
        .filter(|tick| ours.contains(tick.start))
        .filter_map(|tick| {
            Event::default()
                .event("tick")
                .id(tick.start.0.to_string())
                .json_data(LiveTick::new(container, tick))
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
