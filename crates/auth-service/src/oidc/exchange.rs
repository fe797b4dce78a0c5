//! From a code to whose account it is.

use domain::UtcMillis;
use http::StatusCode;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::flow::{self, Part};
use super::id_token::{self, Claims, Expected, IdTokenError, Profile};
use super::metadata::Metadata;
use super::{Provider, ProviderError, fetch};
use crate::secret::FlowSecret;

/// An error's name is all that is told of what a provider says.
const MAX_ERROR_CHARS: usize = 60;

/// Whose account at the provider somebody has shown to have.
pub(crate) struct Account {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// As the provider writes it.
    pub(crate) email: Option<String>,
    /// Whether the provider has seen that letters to the address reach this person.
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
    pub(crate) user_name: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
    access_token: Option<SecretString>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Userinfo {
    sub: String,
    #[serde(flatten)]
    profile: Profile,
}

impl Provider {
    pub(super) async fn exchange(
        &self,
        secret: &FlowSecret,
        code: &str,
        now: UtcMillis,
    ) -> Result<Account, ProviderError> {
        let metadata = self.metadata(now).await?;
        let answer = self.redeem(&metadata, secret, code).await?;
        let token = answer.id_token.ok_or(IdTokenError::Malformed)?;
        let claims = self.verify(&metadata, &token, &flow::part(secret, Part::Nonce), now).await?;
        let Claims { sub, mut profile, .. } = claims;
        // What the scopes are for is in the token or behind this address, as the provider likes it.
        if profile.email.is_none()
            && let Some(access_token) = answer.access_token
        {
            profile = self.ask(&metadata, &access_token, &sub).await?.unwrap_or(profile);
        }
        Ok(Account {
            issuer: self.config.issuer.clone(),
            subject: sub,
            email: profile.email,
            email_verified: profile.email_verified,
            name: profile.name,
            user_name: profile.preferred_username,
        })
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        secret: &FlowSecret,
        code: &str,
    ) -> Result<TokenAnswer, ProviderError> {
        let verifier = flow::part(secret, Part::Verifier);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &verifier),
        ];
        let request = self.http.post(metadata.token_endpoint.clone());
        let request = self.authenticated(metadata, request, &mut form);
        match fetch::json::<TokenAnswer>("the answer to a code", request.form(&form)).await? {
            (StatusCode::OK, Some(answer)) => Ok(answer),
            (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED, Some(TokenAnswer { error, .. })) => {
                Err(ProviderError::Code(error_name(error.as_deref())))
            }
            (status, _) => {
                let reason = format!("it is {status}");
                Err(ProviderError::Away { what: "the answer to a code", reason })
            }
        }
    }

    /// Says who we are, in the way that the provider takes.
    fn authenticated<'a>(
        &'a self,
        metadata: &Metadata,
        request: RequestBuilder,
        form: &mut Vec<(&'a str, &'a str)>,
    ) -> RequestBuilder {
        let id = &self.config.client_id;
        let Some(secret) = &self.client_secret else {
            form.push(("client_id", id));
            return request;
        };
        if metadata.takes_basic {
            // RFC 6749, section 2.3.1: each is encoded as in a form first.
            return request.basic_auth(form_encoded(id), Some(form_encoded(secret.expose_secret())));
        }
        form.push(("client_id", id));
        form.push(("client_secret", secret.expose_secret()));
        request
    }

    async fn verify(
        &self,
        metadata: &Metadata,
        token: &str,
        nonce: &str,
        now: UtcMillis,
    ) -> Result<Claims, ProviderError> {
        let (issuer, client_id) = (&self.config.issuer, &self.config.client_id);
        let expected = Expected { issuer, client_id, nonce, now };
        // Before anything is asked for its sake.
        id_token::header(token)?;
        let fetch = async || self.fetch_keys(metadata).await;
        let keys = self.keys.get(now, fetch).await?;
        match id_token::verify(token, &keys, &expected) {
            Err(IdTokenError::UnknownKey) => {
                let keys = self.keys.refreshed(now, async || self.fetch_keys(metadata).await).await?;
                Ok(id_token::verify(token, &keys, &expected)?)
            }
            other => Ok(other?),
        }
    }

    /// What the provider says of the account when it is asked; `None` where there is nobody to ask.
    async fn ask(
        &self,
        metadata: &Metadata,
        access_token: &SecretString,
        subject: &str,
    ) -> Result<Option<Profile>, ProviderError> {
        let Some(endpoint) = metadata.userinfo_endpoint.clone() else { return Ok(None) };
        let request = self.http.get(endpoint).bearer_auth(access_token.expose_secret());
        let answer: Userinfo = fetch::found("the account", request).await?;
        // Core, section 5.3.2.
        if answer.sub != subject {
            return Err(ProviderError::Userinfo);
        }
        Ok(Some(answer.profile))
    }
}

fn form_encoded(text: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://form/", [("", text)]);
    url.ok().and_then(|url| url.query().map(|query| query[1..].to_owned())).unwrap_or_default()
}

/// Of a provider's error what may stand in a log.
fn error_name(error: Option<&str>) -> String {
    let name = error.unwrap_or("it does not say why");
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ' '))
        .take(MAX_ERROR_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_nothing_that_needs_encoding() {
        assert_eq!(form_encoded("a b:c%d&e=f+ü"), "a+b%3Ac%25d%26e%3Df%2B%C3%BC");
        assert_eq!(form_encoded("plain-_.~9"), "plain-_.%7E9");
    }

    #[test]
    fn what_a_provider_says_does_not_write_our_log() {
        assert_eq!(error_name(Some("invalid_grant\nERROR forged")), "invalid_grantERROR forged");
        assert_eq!(error_name(Some(&"x".repeat(500))).len(), MAX_ERROR_CHARS);
    }
}
