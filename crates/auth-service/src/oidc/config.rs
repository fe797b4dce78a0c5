//! Which providers people may log in through.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::names::is_printable;

const MAX_PROVIDERS: usize = 10;
const MAX_NAME_CHARS: usize = 40;
const MAX_ID_CHARS: usize = 20;

/// An OpenID Connect provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// By which addresses and settings know it: lower-case letters and digits. It is part of the address that the
    /// provider sends people back to.
    pub id: String,
    /// For people to read: "Continue with …".
    pub name: String,
    /// To the letter as the provider gives it. `https`, or `http` on a loopback address.
    pub issuer: String,
    pub client_id: String,
    /// Without it we are a public client. Better in `people.provider_secrets`.
    pub client_secret: Option<SecretString>,
    pub scopes: Vec<String>,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            scopes: ["openid", "email", "profile"].map(str::to_owned).into(),
        }
    }
}

/// Secrets of clients by the provider's id: variables of the environment cannot reach into a list.
pub type ProviderSecrets = BTreeMap<String, SecretString>;

/// Whether what is sent there is seen by nobody on the way.
pub(super) fn is_private(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether it leads nowhere but to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

pub(crate) fn validate(providers: &[ProviderConfig], secrets: &ProviderSecrets, faults: &mut Vec<String>) {
    if providers.len() > MAX_PROVIDERS {
        faults.push(format!("people.providers: at most {MAX_PROVIDERS}"));
    }
    let mut ids = BTreeSet::new();
    for provider in providers {
        let mut fault = |text: &str| faults.push(format!("people.providers, {:?}: {text}", provider.id));
        let is_id = (1..=MAX_ID_CHARS).contains(&provider.id.len())
            && provider.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !is_id {
            fault("the id must be 1 to 20 lower-case letters and digits");
        }
        if !ids.insert(provider.id.as_str()) {
            fault("the id is there twice");
        }
        if provider.name.trim().is_empty() || !is_printable(&provider.name, MAX_NAME_CHARS) {
            fault("the name must have 1 to 40 characters, all of them printable");
        }
        match Url::parse(&provider.issuer) {
            Ok(url) if !is_private(&url) => fault("the issuer must be an https address, or a loopback one"),
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                fault("the issuer must have neither a query nor a fragment");
            }
            Ok(_) => {}
            Err(_) => fault("the issuer is not an address"),
        }
        if provider.client_id.is_empty() {
            fault("the client_id must be set");
        }
        if !provider.scopes.iter().any(|scope| scope == "openid") {
            fault("the scopes must have openid among them");
        }
        if provider.client_secret.is_some() && secrets.contains_key(&provider.id) {
            fault("the client_secret is set, and another one in people.provider_secrets");
        }
    }
    for (id, secret) in secrets {
        if !ids.contains(id.as_str()) {
            faults.push(format!("people.provider_secrets.{id}: there is no such provider"));
        }
        if secret.expose_secret().is_empty() {
            faults.push(format!("people.provider_secrets.{id}: must not be empty"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(id: &str, issuer: &str) -> ProviderConfig {
        ProviderConfig {
            id: id.to_owned(),
            name: "Home".to_owned(),
            issuer: issuer.to_owned(),
            client_id: "wattline".to_owned(),
            ..ProviderConfig::default()
        }
    }

    fn faults(providers: &[ProviderConfig]) -> Vec<String> {
        let mut faults = Vec::new();
        validate(providers, &ProviderSecrets::default(), &mut faults);
        faults
    }

    #[test]
    fn secrets_travel_over_https_or_not_at_all() {
        for good in [
            "https://id.example.org/realms/home",
            "http://127.0.0.1:8180/realms/home",
            "http://localhost:8180",
            "http://[::1]:8180",
        ] {
            assert_eq!(faults(&[provider("home", good)]), [""; 0], "{good}");
        }
        for bad in [
            "http://id.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "ftp://127.0.0.1",
            "https://id.example.org/?realm=home",
            "id.example.org",
            "",
        ] {
            assert_eq!(faults(&[provider("home", bad)]).len(), 1, "{bad}");
        }
    }

    #[test]
    fn every_fault_of_a_provider_is_named() {
        let mut bad = provider("Home!", "https://id.example.org");
        bad.scopes = vec!["email".to_owned()];
        bad.client_id = String::new();
        assert_eq!(faults(&[bad]).len(), 3);
        let twice = provider("home", "https://id.example.org");
        assert_eq!(faults(&[twice.clone(), twice]), ["people.providers, \"home\": the id is there twice"]);
    }

    #[test]
    fn a_secret_is_of_a_provider_and_in_one_place() {
        let secrets =
            ProviderSecrets::from([("home".to_owned(), "s".into()), ("gone".to_owned(), "s".into())]);
        let mut home = provider("home", "https://id.example.org");
        home.client_secret = Some("s".into());
        let mut faults = Vec::new();
        validate(&[home], &secrets, &mut faults);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
