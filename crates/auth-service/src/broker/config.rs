use std::net::SocketAddr;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service::tls::{TlsConfig, Trusted};

/// How RabbitMQ is answered, and reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where RabbitMQ asks; nowhere when it is not set. RabbitMQ sends no credentials: let nobody else reach it.
    pub listen: Option<SocketAddr>,
    /// Where hubs may publish.
    pub vhost: String,
    /// RabbitMQ's management, `http://rabbitmq:15672`: to close the connections of released hubs.
    pub management_url: Option<String>,
    /// With the tag `administrator`.
    pub management_user: String,
    pub management_password: SecretString,
    /// `auth_cache.cache_ttl` of RabbitMQ. For so long it may let in whom it has let in before.
    pub cache_ttl_seconds: u32,
    /// Authorities that are believed besides the system's. The binary takes them from the setting that holds for every
    /// connection.
    #[serde(skip)]
    pub trusted: Trusted,
}

/// With what comes on top, a released hub is out within a minute.
const MAX_CACHE_TTL_SECONDS: u32 = 40;

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: None,
            vhost: "/".to_owned(),
            management_url: None,
            management_user: String::new(),
            management_password: SecretString::default(),
            cache_ttl_seconds: 30,
            trusted: Trusted::default(),
        }
    }
}

impl Config {
    pub(crate) fn validate(&self, faults: &mut Vec<String>) {
        if self.vhost.is_empty() {
            faults.push("broker.vhost: must be set".to_owned());
        }
        if self.cache_ttl_seconds > MAX_CACHE_TTL_SECONDS {
            faults.push(format!("broker.cache_ttl_seconds: must be 0 to {MAX_CACHE_TTL_SECONDS}"));
        }
        if let Some(url) = &self.management_url {
            if !is_base(url) {
                faults.push("broker.management_url: must be like http://rabbitmq:15672".to_owned());
            }
            if self.management_user.is_empty() || self.management_password.expose_secret().is_empty() {
                faults
                    .push("broker.management_url: needs management_user and management_password".to_owned());
            }
        }
    }

    /// Hubs' secrets come in, and a password for the management goes out.
    pub(crate) fn validate_ways(&self, tls: &TlsConfig, faults: &mut Vec<String>) {
        if let Some(listen) = self.listen {
            tls.may_listen("broker.listen", listen, faults);
        }
        if let Some(url) = &self.management_url {
            tls.may_ask("broker.management_url", url, faults);
        }
    }

    pub(super) fn cache_ttl_millis(&self) -> i64 {
        i64::from(self.cache_ttl_seconds) * 1_000
    }
}

/// Without user and password, which have keys of their own.
fn is_base(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.query().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(config: &Config) -> usize {
        let mut faults = Vec::new();
        config.validate(&mut faults);
        assert!(faults.iter().all(|fault| fault.starts_with("broker.")), "{faults:?}");
        faults.len()
    }

    #[test]
    fn nothing_need_be_set_and_every_fault_is_named() {
        assert_eq!(faults(&Config::default()), 0);
        let good = Config {
            management_url: Some("http://rabbitmq:15672".to_owned()),
            management_user: "wattline".to_owned(),
            management_password: "secret".into(),
            ..Config::default()
        };
        assert_eq!(faults(&good), 0);
        for (config, count) in [
            (Config { management_user: String::new(), ..good.clone() }, 1),
            (Config { management_url: Some("http://user:word@rabbitmq".to_owned()), ..good.clone() }, 1),
            (Config { management_url: Some("rabbitmq:15672".to_owned()), ..good.clone() }, 1),
            (Config { cache_ttl_seconds: 41, vhost: String::new(), ..good }, 2),
        ] {
            assert_eq!(faults(&config), count, "{config:?}");
        }
    }
}
