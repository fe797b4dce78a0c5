//! All that can be set.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use agent::config::SpoolConfig;
use alert_worker::AlertConfig;
use auth_service::PeopleConfig;
use domain::calendar::Zone;
use mail::SmtpConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service::operations::OperationsConfig;
use service::telemetry::TelemetryConfig;
use service::tls::TlsConfig;
use write_service::{BatchConfig, DoorConfig};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the page is served.
    pub(crate) listen: SocketAddr,
    /// Where operators ask; without it nobody is answered.
    pub(crate) operations: Option<OperationsConfig>,
    pub(crate) tls: TlsConfig,
    pub(crate) telemetry: TelemetryConfig,
    /// Where everything is kept.
    pub(crate) data_dir: PathBuf,
    /// Whether browsers may send the session's cookie over HTTPS only: for use behind a proxy with TLS. With
    /// `tls.certificate` they always do.
    pub(crate) secure_cookies: bool,
    /// How many proxies stand before the page and add who asked them to `X-Forwarded-For`.
    pub(crate) forwarded_hops: u8,
    pub(crate) people: PeopleSettings,
    /// Days after which single ticks are forgotten; for ever when not set. Quarter hours are kept for ever.
    pub(crate) retention_days: Option<u32>,
    pub(crate) home: HomeSettings,
    pub(crate) alerts: AlertConfig,
    pub(crate) agent: agent::Config,
    pub(crate) batch: BatchConfig,
    pub(crate) door: DoorConfig,
}

/// How others come in.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PeopleSettings {
    /// Whether anybody may sign up who reaches the page. Without it only those who are invited.
    pub(crate) sign_up: bool,
    /// Where people find the page, for the links in letters.
    pub(crate) page_url: Option<String>,
    /// Without it no letters are sent.
    pub(crate) smtp: Option<SmtpConfig>,
}

/// Who may log in, and whose sockets these are.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HomeSettings {
    pub(crate) email: String,
    pub(crate) name: String,
    /// Without it, one that is made up and kept beside the data.
    pub(crate) password: Option<SecretString>,
    pub(crate) household: String,
    pub(crate) zone: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            operations: None,
            tls: TlsConfig::default(),
            telemetry: TelemetryConfig::default(),
            data_dir: PathBuf::from("wattline-data"),
            secure_cookies: false,
            forwarded_hops: 0,
            people: PeopleSettings::default(),
            retention_days: None,
            home: HomeSettings::default(),
            // Who runs this is at home: their webhook may be so too, and one home is looked at often.
            alerts: AlertConfig {
                every_secs: 20,
                sockets_every_secs: 60,
                allow_private_webhooks: true,
                ..AlertConfig::default()
            },
            agent: agent::Config::default(),
            batch: BatchConfig::default(),
            door: DoorConfig::default(),
        }
    }
}

impl Default for HomeSettings {
    fn default() -> Self {
        Self {
            email: "demo@wattline.example".to_owned(),
            name: "Demo".to_owned(),
            password: None,
            household: "Home".to_owned(),
            zone: "Europe/Berlin".to_owned(),
        }
    }
}

impl Settings {
    /// The spool lies with everything else, unless it has got a place of its own.
    pub(crate) fn place_spool(&mut self) {
        if self.agent.spool.path == SpoolConfig::default().path {
            self.agent.spool.path = self.data_dir.join("spool.db");
        }
    }

    /// In a demonstration on this machine, for nobody else, links are shown, so that all can be tried without a mail server.
    pub(crate) fn people(&self, is_demo: bool, page_url: &str, ca: Option<String>) -> PeopleConfig {
        let PeopleSettings { sign_up, page_url: configured, smtp } = self.people.clone();
        let smtp = smtp.map(|smtp| SmtpConfig { ca, ..smtp });
        let people = PeopleConfig {
            sign_up: sign_up || is_demo,
            page_url: configured.unwrap_or_else(|| page_url.to_owned()),
            smtp,
            ..PeopleConfig::default()
        };
        let show_links = is_demo && people.page_is_local();
        if show_links {
            tracing::warn!(
                "links are shown to whoever asks for them, who can be anybody: this is a demonstration"
            );
        }
        PeopleConfig { show_links, ..people }
    }
}

/// A century.
const MAX_RETENTION_DAYS: u32 = 36_500;

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        if self.data_dir.as_os_str().is_empty() {
            faults.push("data_dir: it is empty".to_owned());
        }
        if self.retention_days.is_some_and(|days| !(2..=MAX_RETENTION_DAYS).contains(&days)) {
            faults.push(format!("retention_days: must be 2 to {MAX_RETENTION_DAYS}"));
        }
        if !self.home.email.contains('@') {
            faults.push(format!("home.email: {:?} is not an e-mail address", self.home.email));
        }
        self.people(false, "http://localhost", None).validate(faults);
        if self.home.password.as_ref().is_some_and(|password| password.expose_secret().len() < 8) {
            faults.push("home.password: must have at least 8 characters".to_owned());
        }
        if let Err(fault) = self.home.zone.parse::<Zone>() {
            faults.push(format!("home.zone: {fault}"));
        }
        let mut of_agent = Vec::new();
        self.agent.validate(&mut of_agent);
        faults.extend(of_agent.into_iter().map(|fault| format!("agent.{fault}")));
        self.alerts.validate(faults);
        self.batch.validate(faults);
        self.door.validate(faults);
        self.tls.validate(faults);
        self.telemetry.validate(&self.tls, faults);
        self.tls.may_listen("listen", self.listen, faults);
        if let Some(operations) = &self.operations {
            operations.validate(&self.tls, faults);
        }
        for (key, smtp) in
            [("people.smtp.security", &self.people.smtp), ("alerts.smtp.security", &self.alerts.smtp)]
        {
            self.tls.may_reach(key, smtp.as_ref().and_then(SmtpConfig::plain_text_host), faults);
        }
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }

    fn telemetry(&self) -> Option<(&TelemetryConfig, &TlsConfig)> {
        Some((&self.telemetry, &self.tls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_of_another_size_stays_with_the_data() {
        let mut settings = Settings { data_dir: PathBuf::from("/data"), ..Settings::default() };
        settings.agent.spool.max_bytes = 1 << 20;
        settings.place_spool();
        assert_eq!(settings.agent.spool.path, PathBuf::from("/data/spool.db"));
        assert_eq!(settings.agent.spool.max_bytes, 1 << 20);

        settings.agent.spool.path = PathBuf::from("/elsewhere/hub.db");
        settings.place_spool();
        assert_eq!(settings.agent.spool.path, PathBuf::from("/elsewhere/hub.db"));
    }

    #[test]
    fn links_are_shown_in_a_demonstration_on_this_machine_only() {
        let here = "http://127.0.0.1:8080";
        let shown = |is_demo, page_url: Option<&str>| {
            let people =
                PeopleSettings { page_url: page_url.map(str::to_owned), ..PeopleSettings::default() };
            Settings { people, ..Settings::default() }.people(is_demo, here, None).show_links
        };
        assert!(shown(true, None) && shown(true, Some("http://localhost:8080")));
        // Behind a proxy for others.
        assert!(!shown(true, Some("https://home.example.org")));
        assert!(!shown(false, None));
    }

    #[test]
    fn plain_text_to_and_for_other_machines_is_refused_unless_told_so() {
        let faults = |variables: Vec<(String, String)>| {
            service::config::load::<Settings>(None, variables)
                .err()
                .map(|faults| faults.0)
                .unwrap_or_default()
        };
        let own = [
            ("AGENT__SENSOR__SIMULATED__SEED", "1"),
            ("ALERTS__SMTP__HOST", "mail.example"),
            ("ALERTS__SMTP__FROM", "me@example.org"),
            ("PEOPLE__SMTP__HOST", "mail.example"),
            ("PEOPLE__SMTP__FROM", "me@example.org"),
        ];
        let addresses = [
            ("listen", "0.0.0.0:9400", "[::1]:9400"),
            ("operations.listen", "0.0.0.0:9400", "[::1]:9400"),
            ("people.smtp.security", "none", "tls"),
            ("alerts.smtp.security", "none", "starttls"),
            ("telemetry.otlp_endpoint", "http://collector:4318", "https://collector:4318"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
