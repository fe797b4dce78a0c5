//! The API's description. The checked-in `openapi.json` is this, printed.

use serde::Serialize;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Wattline auth-service",
        description = "People, households, hubs, and the tokens for them; what is set for a home, and what it is told.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    modifiers(&Bearers),
)]
struct Document;

struct Bearers;

impl Modify for Bearers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("session", "The secret that logging in gave."),
            ("personal_token", "A personal token that has the scope."),
            ("hub", "The secret that the hub made."),
        ] {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// One of these words.
pub(super) fn one_of<T: Serialize>(words: impl IntoIterator<Item = T>) -> ObjectBuilder {
    let words = words.into_iter().filter_map(|word| serde_json::to_value(word).ok());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// A list of at least one of these words.
pub(super) fn some_of<T: Serialize>(words: impl IntoIterator<Item = T>) -> ArrayBuilder {
    ArrayBuilder::new().items(one_of(words)).min_items(Some(1))
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
