use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use super::App;
use crate::post::Language;

/// The language that a browser asks for: letters come in it, unless the page says another.
#[derive(Clone, Copy)]
pub(super) struct Reader(Language);

impl Reader {
    /// `said`: by the page.
    pub(super) fn language(self, said: Option<Language>) -> Language {
        said.unwrap_or(self.0)
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Self::Rejection> {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Self(accepted.map_or_else(Language::default, Language::preferred)))
    }
}
