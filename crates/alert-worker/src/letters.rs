//! What people read.

use domain::alerts::{Alert, AlertKind, Channel, Letter, LetterId, Watched};
use domain::energy::JOULES_PER_KWH;
use domain::tariff::Nano;
use domain::{Joules, UtcMillis};
use serde_json::json;
use uuid::Uuid;

use crate::config::AlertConfig;

/// One letter for each address, and one for the webhook, whatever the number of alerts. None for no alerts.
pub(crate) fn of(watched: &Watched, alerts: &[Alert], config: &AlertConfig, now: UtcMillis) -> Vec<Letter> {
    let settings = &watched.settings.alerts;
    let letter = |channel, to: &str, subject: String, body: String| Letter {
        id: LetterId::from_uuid(Uuid::new_v4()),
        household: watched.household.id,
        channel,
        to: to.to_owned(),
        subject,
        body,
        created: now,
        attempts: 0,
    };
    let mut letters = Vec::new();
    if alerts.is_empty() {
        return letters;
    }
    let words = Words { watched, is_german: settings.language == "de" };
    if settings.by_email && config.smtp.is_some() {
        let (subject, body) = (words.subject(alerts), words.text(alerts, config.page_url.as_deref()));
        let to = watched.emails.iter();
        letters.extend(to.map(|to| letter(Channel::Email, to, subject.clone(), body.clone())));
    }
    if let Some(url) = &settings.webhook {
        letters.push(letter(Channel::Webhook, url, String::new(), words.json(alerts)));
    }
    letters
}

struct Words<'a> {
    watched: &'a Watched,
    is_german: bool,
}

impl Words<'_> {
    const fn pick<'t>(&self, english: &'t str, german: &'t str) -> &'t str {
        if self.is_german { german } else { english }
    }

    fn subject(&self, alerts: &[Alert]) -> String {
        let home = &self.watched.household.name;
        match alerts {
            [alert] => format!("{} – {home}", self.title(alert)),
            all => {
                let what = self.pick("alerts", "Meldungen");
                format!("{} {what} – {home}", all.len())
            }
        }
    }

    fn title(&self, alert: &Alert) -> String {
        let name = self.name(alert);
        match alert.key.kind {
            AlertKind::HubOffline => format!("{name} {}", self.pick("is offline", "ist offline")),
            AlertKind::SocketSilent => format!("{name} {}", self.pick("is silent", "meldet sich nicht")),
            AlertKind::LeftOn => format!("{name} {}", self.pick("is still on", "ist noch an")),
            AlertKind::Unusual => format!("{name}: {}", self.pick("unusual use", "ungewöhnlicher Verbrauch")),
            AlertKind::Budget => self.pick("The budget is in danger", "Das Budget ist in Gefahr").to_owned(),
        }
    }

    fn text(&self, alerts: &[Alert], page: Option<&str>) -> String {
        let mut parts: Vec<String> = alerts.iter().map(|alert| self.sentence(alert)).collect();
        if let Some(page) = page {
            let see = self.pick("See it on the page:", "Auf der Seite ansehen:");
            parts.push(format!("{see} {page}"));
        }
        let home = &self.watched.household.name;
        parts.push(if self.is_german {
            format!(
                "Diese Nachricht kommt, weil E-Mails in den Einstellungen von „{home}“ eingeschaltet sind."
            )
        } else {
            format!("You get this because e-mails are switched on in the settings of “{home}”.")
        });
        parts.join("\n\n") + "\n"
    }

    fn sentence(&self, alert: &Alert) -> String {
        let (name, facts) = (self.name(alert), &alert.facts);
        let since = self.time(alert.began);
        match alert.key.kind {
            AlertKind::HubOffline | AlertKind::SocketSilent if self.is_german => {
                format!("Von {name} kommt seit {since} nichts mehr.")
            }
            AlertKind::HubOffline | AlertKind::SocketSilent => {
                format!("Nothing has come from {name} since {since}.")
            }
            AlertKind::LeftOn => {
                let watts = facts.power.map_or(0, |power| power.0 / 1_000);
                if self.is_german {
                    format!("{name} ist seit {since} an, mit etwa {watts} W.")
                } else {
                    format!("{name} has been on since {since}, at about {watts} W.")
                }
            }
            AlertKind::Unusual => {
                let (used, usual) = (self.kwh(facts.energy), self.kwh(facts.usual));
                if self.is_german {
                    format!(
                        "{name} hat in der Stunde ab {since} {used} kWh verbraucht; üblich sind um diese Zeit {usual} kWh."
                    )
                } else {
                    format!(
                        "{name} used {used} kWh in the hour from {since}; usual at that time are {usual} kWh."
                    )
                }
            }
            AlertKind::Budget => {
                let (expected, budget) = (self.money(facts.expected), self.money(facts.budget));
                if self.is_german {
                    format!(
                        "Der laufende Monat wird voraussichtlich {expected} kosten, mehr als das Budget von {budget}."
                    )
                } else {
                    format!("This month is expected to cost {expected}, more than the budget of {budget}.")
                }
            }
        }
    }

    /// What people call it.
    fn name(&self, alert: &Alert) -> String {
        let Some(hub) = alert.key.hub else { return self.watched.household.name.clone() };
        let Some(socket) = alert.key.socket else {
            let known = self.watched.hubs.iter().find(|(grant, _)| grant.hub == hub);
            return known
                .map(|(_, name)| name.clone())
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| hub.to_string());
        };
        let mut labels = self.watched.sockets.iter();
        let label = labels.find(|known| (known.hub, known.label.number) == (hub, socket));
        match label {
            Some(known) => match &known.label.room {
                Some(room) => format!("{} ({room})", known.label.name),
                None => known.label.name.clone(),
            },
            None => format!("{} {socket}", self.pick("Socket", "Steckdose")),
        }
    }

    fn time(&self, at: UtcMillis) -> String {
        let zoned = at.to_jiff().map(|at| at.to_zoned(self.watched.household.zone.tz().clone()));
        let format = self.pick("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M");
        zoned.map(|zoned| zoned.strftime(format).to_string()).unwrap_or_default()
    }

    #[expect(clippy::cast_precision_loss, reason = "a hundredth of a kWh is enough")]
    fn kwh(&self, energy: Option<Joules>) -> String {
        let kwh = energy.unwrap_or_default().0 as f64 / JOULES_PER_KWH as f64;
        self.decimal(kwh)
    }

    #[expect(clippy::cast_precision_loss, reason = "a hundredth is enough")]
    fn money(&self, nano: Option<Nano>) -> String {
        let units = nano.unwrap_or_default().0 as f64 / Nano::ONE.0 as f64;
        format!("{} {}", self.decimal(units), self.watched.settings.currency.as_str())
    }

    fn decimal(&self, number: f64) -> String {
        let text = format!("{number:.2}");
        if self.is_german { text.replace('.', ",") } else { text }
    }

    fn json(&self, alerts: &[Alert]) -> String {
        let alerts: Vec<_> = alerts
            .iter()
            .map(|alert| {
                json!({
                    "id": alert.id,
                    "kind": alert.key.kind,
                    "hub": alert.key.hub,
                    "socket": alert.key.socket,
                    "name": self.name(alert),
                    "began": alert.began.secs(),
                    "raised": alert.raised.secs(),
                    "text": self.sentence(alert),
                    "facts": alert.facts,
                })
            })
            .collect();
        let household = &self.watched.household;
        json!({ "household": household.id, "name": household.name, "alerts": alerts }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::access::HubGrant;
    use domain::accounts::{Household, SocketLabel};
    use domain::alerts::{AlertId, AlertKey, AlertSettings, Facts};
    use domain::registry::{HomeSettings, HomeSocket};
    use domain::{HouseholdId, HubId, Milliwatts, SocketNumber};

    use mail::{Security, SmtpConfig};

    const HUB: HubId = HubId::from_bytes([1; 16]);
    const AT: &str = "2026-11-24T13:15:00Z";

    fn watched(language: &str) -> Watched {
        let id = HouseholdId::from_bytes([2; 16]);
        let label = SocketLabel {
            number: SocketNumber::new(3).unwrap(),
            name: "Bügeleisen".into(),
            room: Some("Keller".into()),
            icon: None,
            hidden: false,
        };
        Watched {
            household: Household { id, name: "Am Park".into(), zone: "Europe/Berlin".parse().unwrap() },
            settings: HomeSettings {
                alerts: AlertSettings {
                    by_email: true,
                    webhook: Some("https://example.org/hook".into()),
                    language: language.into(),
                    ..AlertSettings::default()
                },
                ..HomeSettings::default()
            },
            hubs: vec![(HubGrant { hub: HUB, since: UtcMillis(0), until: None }, "Flur".into())],
            sockets: vec![HomeSocket { hub: HUB, label }],
            emails: vec!["a@example.org".into(), "b@example.org".into()],
        }
    }

    fn alert(kind: AlertKind, facts: Facts) -> Alert {
        let key = match kind {
            AlertKind::HubOffline => AlertKey::hub(kind, HUB),
            AlertKind::Budget => AlertKey::home(kind),
            _ => AlertKey::socket(kind, HUB, SocketNumber::new(3).unwrap()),
        };
        let began = UtcMillis::parse_rfc3339(AT).unwrap();
        let (id, household) = (AlertId::from_bytes([9; 16]), HouseholdId::from_bytes([2; 16]));
        Alert { id, household, key, began, raised: began, ended: None, acknowledged: None, facts }
    }

    fn config(has_smtp: bool) -> AlertConfig {
        let smtp = SmtpConfig {
            host: "localhost".into(),
            port: None,
            security: Security::None,
            user: None,
            password: None,
            from: "wattline@example.org".into(),
            ca: None,
        };
        AlertConfig { smtp: has_smtp.then_some(smtp), ..AlertConfig::default() }
    }

    fn sentence(language: &str, kind: AlertKind, facts: Facts) -> String {
        let watched = watched(language);
        Words { watched: &watched, is_german: language == "de" }.sentence(&alert(kind, facts))
    }

    #[test]
    fn each_kind_is_a_sentence_in_the_local_time_and_the_language() {
        let left_on = Facts { power: Some(Milliwatts(1_120_400)), ..Facts::default() };
        assert_eq!(
            sentence("en", AlertKind::LeftOn, left_on),
            "Bügeleisen (Keller) has been on since 2026-11-24 14:15, at about 1120 W."
        );
        let unusual =
            Facts { energy: Some(Joules(7_200_000)), usual: Some(Joules(180_000)), ..Facts::default() };
        assert_eq!(
            sentence("de", AlertKind::Unusual, unusual),
            "Bügeleisen (Keller) hat in der Stunde ab 24.11.2026 14:15 2,00 kWh verbraucht; \
             üblich sind um diese Zeit 0,05 kWh."
        );
        let budget = Facts {
            expected: Some(Nano(97_250_000_000)),
            budget: Some(Nano(90_000_000_000)),
            ..Facts::default()
        };
        assert_eq!(
            sentence("en", AlertKind::Budget, budget),
            "This month is expected to cost 97.25 EUR, more than the budget of 90.00 EUR."
        );
        assert_eq!(
            sentence("de", AlertKind::HubOffline, Facts::default()),
            "Von Flur kommt seit 24.11.2026 14:15 nichts mehr."
        );
    }

    #[test]
    fn everybody_gets_one_letter_however_many_alerts_there_are() {
        let alerts = [AlertKind::LeftOn, AlertKind::HubOffline].map(|kind| alert(kind, Facts::default()));
        let letters = of(&watched("en"), &alerts, &config(true), UtcMillis(5));
        let to: Vec<(Channel, &str)> = letters.iter().map(|letter| (letter.channel, &*letter.to)).collect();
        let hook = (Channel::Webhook, "https://example.org/hook");
        assert_eq!(to, [(Channel::Email, "a@example.org"), (Channel::Email, "b@example.org"), hook]);
        assert_eq!(letters[0].subject, "2 alerts – Am Park");
        assert!(letters[0].body.contains("Bügeleisen") && letters[0].body.contains("Flur"));
        let json: serde_json::Value = serde_json::from_str(&letters[2].body).unwrap();
        assert_eq!(json["alerts"][0]["kind"], "left_on");
        assert_eq!(json["alerts"][1]["socket"], serde_json::Value::Null);
    }

    #[test]
    fn without_a_mail_server_or_a_wish_there_is_no_letter() {
        let alerts = [alert(AlertKind::LeftOn, Facts::default())];
        let count = |watched: &Watched, has_smtp| of(watched, &alerts, &config(has_smtp), UtcMillis(5)).len();
        let mut home = watched("en");
        assert_eq!(count(&home, false), 1);
        home.settings.alerts.webhook = None;
        home.settings.alerts.by_email = false;
        assert_eq!(count(&home, true), 0);
    }
}
