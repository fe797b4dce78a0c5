//! What can be set.

use std::time::Duration;

use mail::SmtpConfig;
use serde::Deserialize;
use service::operations::OperationsConfig;
use service::tls::Trusted;

/// Where operators ask.
pub const DEFAULT_OPERATIONS: OperationsConfig = OperationsConfig::at(9405);

const MAX_PARTS: u32 = 1_024;

/// Which households are watched over, and how their people are told.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertConfig {
    /// Seconds between two looks at the hubs.
    pub every_secs: u64,
    /// Seconds between two looks at the sockets and the month of a household.
    pub sockets_every_secs: u32,
    /// Households that are looked at at the same time.
    pub households_at_once: usize,
    /// Which of the `parts` of all households is this worker's, from 0 on.
    pub part: u32,
    /// How many workers share the households.
    pub parts: u32,
    /// Where people find the page, for the link in e-mails.
    pub page_url: Option<String>,
    /// Without it no e-mails are sent.
    pub smtp: Option<SmtpConfig>,
    /// Whether webhooks may go to addresses that are not public, such as one in the home. Whoever serves the homes of
    /// others should not let them reach what is inside.
    pub allow_private_webhooks: bool,
    /// Authorities that webhooks may be certified by besides the system's. The binary takes them from the setting that
    /// holds for every connection.
    #[serde(skip)]
    pub trusted: Trusted,
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self {
            every_secs: 60,
            sockets_every_secs: 900,
            households_at_once: 4,
            part: 0,
            parts: 1,
            page_url: None,
            smtp: None,
            allow_private_webhooks: false,
            trusted: Trusted::default(),
        }
    }
}

impl AlertConfig {
    pub fn validate(&self, faults: &mut Vec<String>) {
        if !(1..=600).contains(&self.every_secs) {
            faults.push("alerts.every_secs: must be 1 to 600".to_owned());
        }
        if !(10..=3_600).contains(&self.sockets_every_secs) {
            faults.push("alerts.sockets_every_secs: must be 10 to 3,600".to_owned());
        }
        if !(1..=64).contains(&self.households_at_once) {
            faults.push("alerts.households_at_once: must be 1 to 64".to_owned());
        }
        if !(1..=MAX_PARTS).contains(&self.parts) {
            faults.push("alerts.parts: must be 1 to 1,024".to_owned());
        } else if self.part >= self.parts {
            faults.push(format!("alerts.part: must be 0 to {}, one less than alerts.parts", self.parts - 1));
        }
        if let Some(url) = &self.page_url
            && reqwest::Url::parse(url).is_err()
        {
            faults.push(format!("alerts.page_url: {url:?} is not a URL"));
        }
        if let Some(smtp) = &self.smtp {
            smtp.validate("alerts.smtp", faults);
        }
    }

    pub(crate) fn sockets_every_millis(&self) -> i64 {
        i64::from(self.sockets_every_secs) * 1_000
    }

    pub(crate) const fn every(&self) -> Duration {
        Duration::from_secs(self.every_secs)
    }
}

#[cfg(test)]
mod tests {
    use mail::Security;

    use super::*;

    fn keys(config: &AlertConfig) -> Vec<String> {
        let mut faults = Vec::new();
        config.validate(&mut faults);
        faults.iter().filter_map(|fault| Some(fault.split_once(": ")?.0.to_owned())).collect()
    }

    #[test]
    fn the_defaults_are_valid_and_every_fault_is_named() {
        assert!(keys(&AlertConfig::default()).is_empty());
        let smtp = SmtpConfig {
            host: String::new(),
            port: None,
            security: Security::None,
            user: Some("somebody".to_owned()),
            password: None,
            from: "nobody".to_owned(),
            ca: None,
        };
        let wrong = AlertConfig {
            every_secs: 0,
            sockets_every_secs: 0,
            households_at_once: 0,
            part: 2,
            parts: 2,
            page_url: Some("here".to_owned()),
            smtp: Some(smtp),
            ..AlertConfig::default()
        };
        let expected = [
            "every_secs",
            "sockets_every_secs",
            "households_at_once",
            "part",
            "page_url",
            "smtp.host",
            "smtp.from",
            "smtp",
            "smtp",
        ];
        assert_eq!(keys(&wrong), expected.map(|key| format!("alerts.{key}")));
    }
}
