//! How a provider describes itself (OpenID Connect Discovery 1.0).

use reqwest::Url;
use serde::Deserialize;

use super::ProviderError;
use super::config::is_private;

#[derive(Deserialize)]
pub(super) struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// A [`Document`] that was looked at.
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    /// Whether the client's secret goes into the `Authorization` header, which is what is meant when nothing is said.
    pub(super) takes_basic: bool,
    /// Whether every answer says whose it is.
    pub(super) says_iss: bool,
}

pub(super) fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl Document {
    pub(super) fn checked(self, issuer: &str) -> Result<Metadata, ProviderError> {
        if self.issuer != issuer {
            return Err(ProviderError::Metadata("it is of another issuer".to_owned()));
        }
        let lacks = |all: &Option<Vec<String>>, one: &str| {
            all.as_ref().is_some_and(|all| all.iter().all(|other| other != one))
        };
        if lacks(&self.code_challenge_methods_supported, "S256") {
            return Err(ProviderError::Metadata("it does not know PKCE with S256".to_owned()));
        }
        Ok(Metadata {
            takes_basic: !lacks(&self.token_endpoint_auth_methods_supported, "client_secret_basic"),
            authorization_endpoint: endpoint(&self.authorization_endpoint, issuer)?,
            token_endpoint: endpoint(&self.token_endpoint, issuer)?,
            jwks_uri: endpoint(&self.jwks_uri, issuer)?,
            userinfo_endpoint: self.userinfo_endpoint.map(|url| endpoint(&url, issuer)).transpose()?,
            says_iss: self.authorization_response_iss_parameter_supported,
        })
    }
}

/// What begins with TLS stays there.
fn endpoint(text: &str, issuer: &str) -> Result<Url, ProviderError> {
    let url =
        Url::parse(text).map_err(|_| ProviderError::Metadata("an endpoint is no address".to_owned()))?;
    if !is_private(&url) || (issuer.starts_with("https:") && url.scheme() != "https") {
        return Err(ProviderError::Metadata(format!("{} is not https", url.path())));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example.org";

    fn check(changes: &Value) -> Result<Metadata, ProviderError> {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.org/authorize",
            "token_endpoint": "https://id.example.org/token",
            "jwks_uri": "https://keys.example.org/keys",
        });
        for (key, value) in changes.as_object().unwrap() {
            document[key] = value.clone();
        }
        serde_json::from_value::<Document>(document).unwrap().checked(ISSUER)
    }

    #[test]
    fn what_a_provider_leaves_out_is_as_the_standard_says() {
        let plain = check(&json!({})).unwrap();
        assert!(plain.takes_basic && !plain.says_iss);
        let keycloak = json!({
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["plain", "S256"],
        });
        let keycloak = check(&keycloak).unwrap();
        assert!(!keycloak.takes_basic && keycloak.says_iss);
    }

    #[test]
    fn what_leads_elsewhere_is_not_believed() {
        for change in [
            json!({ "issuer": "https://id.example.org/" }),
            json!({ "issuer": "https://evil.example.org" }),
            json!({ "token_endpoint": "http://id.example.org/token" }),
            // Such a document comes over TLS, and so does the rest.
            json!({ "jwks_uri": "http://127.0.0.1/keys" }),
            json!({ "userinfo_endpoint": "file:///etc/passwd" }),
            json!({ "code_challenge_methods_supported": ["plain"] }),
        ] {
            assert!(matches!(check(&change), Err(ProviderError::Metadata(_))), "{change}");
        }
    }
}
