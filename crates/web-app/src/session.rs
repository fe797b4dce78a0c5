//! Cookies: that of the browser's session, which holds the secret the auth-service gave out, and two of a shorter life.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use service::problem::Problem;

/// Where the archive is; its permit is sent there and nowhere else.
pub(crate) const ARCHIVE: &str = "/api/people/current/archive";

/// How a cookie is set.
#[derive(Clone, Copy)]
pub(crate) struct Cookie {
    secure: bool,
    purpose: Purpose,
}

#[derive(Clone, Copy)]
enum Purpose {
    /// Somebody is logged in.
    Session,
    /// A log-in at a provider.
    Flow,
    /// For a while the browser may fetch an archive.
    Permit,
}

impl Cookie {
    /// That of the session.
    pub(crate) const fn new(secure: bool) -> Self {
        Self { secure, purpose: Purpose::Session }
    }

    /// That of a log-in at a provider. The way back from there begins at another site, so that it comes along with
    /// such navigations too, and with nothing else of other sites.
    pub(crate) const fn of_flow(self) -> Self {
        Self { purpose: Purpose::Flow, ..self }
    }

    /// That which lets a browser fetch an archive.
    pub(crate) const fn of_permit(self) -> Self {
        Self { purpose: Purpose::Permit, ..self }
    }

    /// `__Host-` binds the cookie to this very host, and wants it to be sent to all of it; browsers take it, and
    /// `__Secure-`, with `Secure` only.
    const fn name(self) -> &'static str {
        match (self.purpose, self.secure) {
            (Purpose::Session, true) => "__Host-wattline_session",
            (Purpose::Session, false) => "wattline_session",
            (Purpose::Flow, true) => "__Host-wattline_flow",
            (Purpose::Flow, false) => "wattline_flow",
            (Purpose::Permit, true) => "__Secure-wattline_archive",
            (Purpose::Permit, false) => "wattline_archive",
        }
    }

    /// Where it is sent, and with what of other sites.
    const fn reach(self) -> (&'static str, &'static str) {
        match self.purpose {
            Purpose::Session => ("/", "Strict"),
            Purpose::Flow => ("/", "Lax"),
            Purpose::Permit => (ARCHIVE, "Strict"),
        }
    }

    /// What a permit is made of is the auth-service's to know.
    fn may_be(self, value: &str) -> bool {
        matches!(self.purpose, Purpose::Permit) || is_secret(value)
    }

    /// The secret, if the request brings one.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<String> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == self.name() && self.may_be(value))
            .map(|(_, value)| value.to_owned())
    }

    pub(crate) fn set(self, response: &mut Response, secret: &str, max_age_secs: i64) {
        let (path, same_site) = self.reach();
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={secret}; Path={path}; HttpOnly; SameSite={same_site}; Max-Age={}{secure}",
            self.name(),
            max_age_secs.max(0)
        );
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }

    pub(crate) fn clear(self, response: &mut Response) {
        self.set(response, "", 0);
    }

    /// 401, and the browser forgets the session.
    pub(crate) fn logged_out(self) -> Response {
        let mut response = Problem::new(StatusCode::UNAUTHORIZED).detail("Please log in.").into_response();
        self.clear(&mut response);
        response
    }
}

/// What may be passed on in a header.
pub(crate) fn is_secret(text: &str) -> bool {
    (16..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_well_formed_cookie_is_read() {
        let cookie = Cookie::new(false);
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(text));
            cookie.read(&headers)
        };
        let secret = "wls_0123456789abcdefghij";
        assert_eq!(read("a=b; wattline_session=wls_0123456789abcdefghij").as_deref(), Some(secret));
        assert_eq!(read("wattline_session=short"), None);
        assert_eq!(read("wattline_session=evil\"0123456789abcdefghij"), None);
        assert_eq!(read("other=wls_0123456789abcdefghij"), None);
    }
}
