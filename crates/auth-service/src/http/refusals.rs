//! What may be answered in place of what was asked for, for the description of the API.

use std::collections::BTreeMap;

use service::problem::Problem;
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

type Responses = BTreeMap<String, RefOr<Response>>;

fn problems(all: &[(u16, &str)]) -> Responses {
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(utoipa::openapi::Ref::from_schema_name(Problem::name()))));
    let content = content.build();
    let response = |description: &str| {
        let builder = ResponseBuilder::new().description(description);
        builder.content("application/problem+json", content.clone()).build()
    };
    all.iter().map(|&(status, text)| (status.to_string(), RefOr::T(response(text)))).collect()
}

const STORE: (u16, &str) = (503, "Not now");
const BODY: [(u16, &str); 4] = [
    (400, "The request ended early"),
    (413, "Too large"),
    (415, "Not JSON"),
    (422, "Malformed; `field` says what"),
];

/// Of a request with a body.
pub(super) struct OfBody;

/// Of a request of somebody who is logged in.
pub(super) struct OfSession;

/// Of a request about a household.
pub(super) struct OfHousehold;

/// Of a request that is limited.
pub(super) struct OfLimit;

impl IntoResponses for OfBody {
    fn responses() -> Responses {
        let mut all = problems(&BODY);
        all.extend(problems(&[STORE]));
        all
    }
}

impl IntoResponses for OfSession {
    fn responses() -> Responses {
        problems(&[(401, "Not logged in"), (403, "A personal token cannot do this"), STORE])
    }
}

impl IntoResponses for OfHousehold {
    fn responses() -> Responses {
        problems(&[
            (401, "Not logged in"),
            (403, "The role, or the scope of the token, is not enough"),
            (404, "Unknown, or not a member"),
            STORE,
        ])
    }
}

impl IntoResponses for OfLimit {
    fn responses() -> Responses {
        problems(&[(429, "Too many tries; `Retry-After` says when the next one is due")])
    }
}
