//! The API's description. The checked-in `openapi.json` is this, printed.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Wattline auth-service",
        description = "People, households, hubs, and the tokens for them.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    modifiers(&Session),
)]
struct Document;

struct Session;

impl Modify for Session {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some("The secret that logging in gave.".to_owned());
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("session", SecurityScheme::Http(scheme));
    }
}

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document, as it is served and checked in.
pub fn json() -> String {
    let (_, document) = super::documented().split_for_parts();
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_document_is_what_is_served() {
        let checked_in = include_str!("../../openapi.json");
        assert!(
            checked_in == super::json(),
            "openapi.json is out of date: cargo run -p auth-service -- openapi > crates/auth-service/openapi.json"
        );
    }
}
