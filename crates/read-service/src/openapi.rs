//! The API's description. The checked-in `openapi.json` is this, printed.

use std::io::Write;
use std::process::ExitCode;

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Wattline read-service",
        description = "A household's energy in buckets, and live.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    modifiers(&AccessToken),
)]
pub(crate) struct Document;

struct AccessToken;

impl Modify for AccessToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("access_token", SecurityScheme::Http(scheme));
    }
}

/// The document, as it is served and checked in.
pub fn json() -> String {
    let (_, document) = crate::routes::documented().split_for_parts();
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Prints the document.
pub fn print() -> ExitCode {
    match std::io::stdout().write_all(json().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_document_is_what_is_served() {
        let checked_in = include_str!("../openapi.json");
        assert!(
            checked_in == super::json(),
            "openapi.json is out of date: cargo run -p read-service -- openapi > crates/read-service/openapi.json"
        );
    }
}
