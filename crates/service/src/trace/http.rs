//! Each request has a trace: a new one, or that of the service that asks.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::trace::TraceContext;
use http::HeaderMap;

use super::{Attributes, Begun, CURRENT, EndedSpan, HEADER, SpanKind, begin, is_exported, next};
use crate::metrics::known;

/// Who asks, and so whose word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Whoever could choose an id could give the requests of others the same one, or make ours unfindable.
    Anybody,
    Services,
}

/// Middleware: behind the routing, and around all that logs.
pub(crate) async fn follow(State(callers): State<Callers>, mut request: Request, next: Next) -> Response {
    let begun = Begun::now();
    let parent = match callers {
        Callers::Services => passed_on(request.headers()),
        Callers::Anybody => None,
    };
    let context = parent.map_or_else(begin, self::next);
    request.extensions_mut().insert(context);
    let described = is_exported().then(|| Described::of(&request)).flatten();
    let response = CURRENT.scope(context, next.run(request)).await;
    if let Some(described) = described {
        described.tell(context, parent, begun, response.status());
    }
    response
}

/// Two of them are as good as none.
fn passed_on(headers: &HeaderMap) -> Option<TraceContext> {
    let mut all = headers.get_all(HEADER).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => TraceContext::parse(one.to_str().ok()?),
        _ => None,
    }
}

/// What may be told to others of a request: never its path, which may hold what is nobody's business.
struct Described {
    method: &'static str,
    route: Option<String>,
}

impl Described {
    /// `None` for what machines ask every few seconds.
    fn of(request: &Request) -> Option<Self> {
        let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
        let is_check = |route: &str| route == "/metrics" || route.starts_with("/health/");
        if route.as_deref().is_some_and(is_check) {
            return None;
        }
        Some(Self { method: known(request.method()), route })
    }

    fn tell(
        &self,
        context: TraceContext,
        parent: Option<TraceContext>,
        begun: Begun,
        status: http::StatusCode,
    ) {
        let name = match &self.route {
            Some(route) => format!("{} {route}", self.method),
            None => self.method.to_owned(),
        };
        EndedSpan {
            name: &name,
            kind: SpanKind::Server,
            context,
            parent: parent.map(|parent| parent.span),
            begun,
            failed: status.is_server_error(),
            attributes: Attributes {
                method: Some(self.method),
                route: self.route.as_deref(),
                status: Some(status.as_u16()),
                ..Attributes::default()
            },
        }
        .tell();
    }
}
