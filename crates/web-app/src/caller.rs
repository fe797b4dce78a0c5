//! Who asks: a browser with its cookie, or a program with a personal token.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use service::problem::Problem;

use crate::routes::AppState;
use crate::session::{Cookie, is_secret};

/// What the secret of every personal token begins with.
const PREFIX: &str = "wlp_";

/// Whether a program holds this secret.
pub(crate) fn is_of_program(secret: &str) -> bool {
    secret.starts_with(PREFIX)
}

pub(crate) struct Caller {
    secret: String,
    refusal: Refusal,
}

/// 401, in the words of the one who asked.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    /// It forgets its session.
    Browser(Cookie),
    /// Cookies are none of its business.
    Program,
}

impl Caller {
    /// `None` when nobody says who they are. A personal token wins over a cookie; other credentials than that are for
    /// whoever stands before us.
    pub(crate) fn of(cookie: Cookie, headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        match bearer(headers).filter(|token| is_of_program(token)) {
            Some(token) if is_secret(token) => {
                Ok(Some(Self { secret: token.to_owned(), refusal: Refusal::Program }))
            }
            Some(_) => Err(Refusal::Program),
            None => {
                let refusal = Refusal::Browser(cookie);
                Ok(cookie.read(headers).map(|secret| Self { secret, refusal }))
            }
        }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    pub(crate) const fn is_program(&self) -> bool {
        matches!(self.refusal, Refusal::Program)
    }

    pub(crate) fn refused(&self) -> Response {
        self.refusal.into_response()
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        Self::of(state.cookie, &parts.headers)?.ok_or(Refusal::Browser(state.cookie))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Browser(cookie) => cookie.logged_out(),
            Self::Program => {
                let problem = Problem::new(StatusCode::UNAUTHORIZED);
                let mut response = problem.detail("This personal token is not valid.").into_response();
                // RFC 6750.
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                response
            }
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "wlp_0123456789abcdefghij";
    const SESSION: &str = "wls_0123456789abcdefghij";

    fn of(authorization: &str) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("wattline_session={SESSION}").parse().unwrap());
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        let caller = Caller::of(Cookie::new(false), &headers).map_err(|_| ())?;
        Ok(caller.map(|caller| {
            assert_eq!(caller.is_program(), caller.secret().starts_with("wlp_"));
            caller.secret
        }))
    }

    #[test]
    fn a_personal_token_wins_over_the_cookie() {
        assert_eq!(of(&format!("Bearer {TOKEN}")), Ok(Some(TOKEN.to_owned())));
        assert_eq!(of(&format!("bearer  {TOKEN}")), Ok(Some(TOKEN.to_owned())));
    }

    #[test]
    fn a_malformed_personal_token_is_not_made_up_for_by_the_cookie() {
        for malformed in ["Bearer wlp_", "Bearer wlp_0123456789abcdef\"", "Bearer wlp_01234567 89abcdef"] {
            assert_eq!(of(malformed), Err(()), "{malformed}");
        }
    }

    #[test]
    fn the_credentials_of_a_proxy_before_us_are_none_of_ours() {
        for other in ["Basic YWRhOmE=", "Bearer eyJhbGciOiJFZERTQSJ9", &format!("Basic {TOKEN}"), TOKEN] {
            assert_eq!(of(other), Ok(Some(SESSION.to_owned())), "{other}");
        }
    }
}
