//! What the browser's API consists of. The router is built from it and from nothing else, and it can be read: a test asks each
//! of them as everybody who could ask.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{self, MethodRouter};

use super::AppState;

/// Endpoints, each with its method and its path.
#[derive(Default)]
pub(super) struct Endpoints {
    router: Router<AppState>,
    listed: Vec<(&'static str, String)>,
}

impl Endpoints {
    pub(super) fn get<H: Handler<T, AppState>, T: 'static>(
        self,
        path: impl Into<String>,
        handler: H,
    ) -> Self {
        self.with("GET", path.into(), routing::get(handler))
    }

    pub(super) fn post<H: Handler<T, AppState>, T: 'static>(
        self,
        path: impl Into<String>,
        handler: H,
    ) -> Self {
        self.with("POST", path.into(), routing::post(handler))
    }

    pub(super) fn put<H: Handler<T, AppState>, T: 'static>(
        self,
        path: impl Into<String>,
        handler: H,
    ) -> Self {
        self.with("PUT", path.into(), routing::put(handler))
    }

    pub(super) fn delete<H: Handler<T, AppState>, T: 'static>(
        self,
        path: impl Into<String>,
        handler: H,
    ) -> Self {
        self.with("DELETE", path.into(), routing::delete(handler))
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        self.listed.extend(other.listed);
        Self { router: self.router.merge(other.router), listed: self.listed }
    }

    pub(super) fn into_router(self) -> Router<AppState> {
        self.router
    }

    pub(super) fn into_list(self) -> Vec<(&'static str, String)> {
        self.listed
    }

    fn with(mut self, method: &'static str, path: String, handler: MethodRouter<AppState>) -> Self {
        let router = self.router.route(&path, handler);
        self.listed.push((method, path));
        Self { router, listed: self.listed }
    }
}
