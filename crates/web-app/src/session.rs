//! The browser's session: a cookie that holds the secret the auth-service gave out.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use service::problem::Problem;

/// How the cookie is set.
#[derive(Clone, Copy)]
pub(crate) struct Cookie {
    secure: bool,
    is_of_flow: bool,
}

impl Cookie {
    pub(crate) const fn new(secure: bool) -> Self {
        Self { secure, is_of_flow: false }
    }

    /// That of a log-in at a provider. The way back from there begins at another site, so that it comes along with
    /// such navigations too, and with nothing else of other sites.
    pub(crate) const fn of_flow(self) -> Self {
        Self { is_of_flow: true, ..self }
    }

    /// `__Host-` binds the cookie to this very host; browsers take it with `Secure` only.
    const fn name(self) -> &'static str {
        match (self.secure, self.is_of_flow) {
            (true, false) => "__Host-wattline_session",
            (false, false) => "wattline_session",
            (true, true) => "__Host-wattline_flow",
            (false, true) => "wattline_flow",
        }
    }

    /// The secret, if the request brings one.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<String> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == self.name() && is_secret(value))
            .map(|(_, value)| value.to_owned())
    }

    pub(crate) fn set(self, response: &mut Response, secret: &str, max_age_secs: i64) {
        self.write(response, secret, max_age_secs);
    }

    pub(crate) fn clear(self, response: &mut Response) {
        self.write(response, "", 0);
    }

    fn write(self, response: &mut Response, value: &str, max_age_secs: i64) {
        let secure = if self.secure { "; Secure" } else { "" };
        let same_site = if self.is_of_flow { "Lax" } else { "Strict" };
        let text = format!(
            "{}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={}{secure}",
            self.name(),
            max_age_secs.max(0)
        );
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }

    /// 401, and the browser forgets the session.
    pub(crate) fn logged_out(self) -> Response {
        let mut response = Problem::new(StatusCode::UNAUTHORIZED).detail("Please log in.").into_response();
        self.clear(&mut response);
        response
    }
}

/// The cookie that lets a browser fetch an archive for a while; it is sent there and nowhere else.
pub(crate) struct PermitCookie {
    secure: bool,
}

const PERMIT_PATH: &str = "/api/people/current/archive";

impl PermitCookie {
    /// As that of the session is.
    pub(crate) const fn of(Cookie { secure, .. }: Cookie) -> Self {
        Self { secure }
    }

    /// Browsers take `__Secure-` with `Secure` only.
    const fn name(&self) -> &'static str {
        if self.secure { "__Secure-wattline_archive" } else { "wattline_archive" }
    }

    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<String> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name()).map(|(_, value)| value.to_owned())
    }

    pub(crate) fn set(&self, response: &mut Response, permit: &str, max_age_secs: i64) {
        let (name, secure) = (self.name(), if self.secure { "; Secure" } else { "" });
        let text = format!(
            "{name}={permit}; Path={PERMIT_PATH}; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            max_age_secs.max(0)
        );
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }

    pub(crate) fn clear(&self, response: &mut Response) {
        self.set(response, "", 0);
    }
}

/// What may be passed on in a header.
pub(crate) fn is_secret(text: &str) -> bool {
    (16..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Browsers say where a request comes from; one made by another site is refused, cookie or not.
pub(crate) fn from_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
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

    #[test]
    fn requests_of_other_sites_are_told_apart() {
        let site = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("sec-fetch-site", HeaderValue::from_static(text));
            from_another_site(&headers)
        };
        assert!(site("cross-site") && site("same-site"));
        assert!(!site("same-origin") && !site("none") && !from_another_site(&HeaderMap::new()));
    }
}
