//! Requests: how many, how long, with what outcome.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::InFlight;

/// Of what nobody waits for to what nobody waits for any more.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// The route of a request that none is for: its path is whatever somebody liked to ask.
const NO_ROUTE: &str = "none";

/// As many as there are routes, not as many as there are addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug)]
pub(crate) struct HttpMeasures {
    requests: Family<Answer, Counter>,
    seconds: Family<Route, Histogram>,
    in_flight: Gauge,
}

impl HttpMeasures {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let measures = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            in_flight: Gauge::default(),
        };
        let help = "Requests answered";
        registry.register("wattline_http_requests", help, measures.requests.clone());
        let help = "Time from a request's head to the head of its answer";
        registry.register("wattline_http_request_duration_seconds", help, measures.seconds.clone());
        let help = "Requests whose answer has not begun";
        registry.register("wattline_http_requests_in_flight", help, measures.in_flight.clone());
        measures
    }
}

/// Middleware: behind the routing, so that the route is known.
pub(crate) async fn measure(State(measures): State<HttpMeasures>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = known(request.method());
    let begin = Instant::now();
    let in_flight = InFlight::enter(measures.in_flight.clone());
    let response = next.run(request).await;
    drop(in_flight);
    let seconds = begin.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    measures.requests.get_or_create(&Answer { method, route: route.clone(), status }).inc();
    measures.seconds.get_or_create(&Route { method, route }).observe(seconds);
    response
}

/// Anybody may make up a method.
pub(crate) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
