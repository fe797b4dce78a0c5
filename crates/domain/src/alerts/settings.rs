use serde::{Deserialize, Serialize};

use super::{AlertKey, AlertKind};
use crate::energy::Milliwatts;
use crate::ids::{HubId, SocketNumber};
use crate::tariff::Fault;
use crate::time::UtcMillis;

/// What a household wants to be told, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSettings {
    /// Minutes without anything from a hub, 5 to 1,440. `None`: it is not told.
    pub hub_offline_mins: Option<u16>,
    /// Minutes without anything from a socket while its hub measures others, 15 to 1,440. `None`: it is not told.
    pub socket_silent_mins: Option<u16>,
    /// Sockets that should not be on for long.
    pub left_on: Vec<LeftOn>,
    /// Whether unusual hours are told.
    pub unusual: bool,
    /// Whether it is told that the month will cost more than the budget.
    pub budget: bool,
    pub mutes: Vec<Mute>,
    /// Whether owners and members get an e-mail.
    pub by_email: bool,
    /// Where each alert is sent as JSON.
    pub webhook: Option<String>,
    /// The language of e-mails: `en` or `de`.
    pub language: String,
}

/// A socket that should not be on for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOn {
    pub hub: HubId,
    pub socket: SocketNumber,
    /// Watts, 1 to 20,000: what draws that much is on.
    pub above_w: u16,
    /// How long it may be on, 15 to 1,440, a whole number of quarter hours.
    pub mins: u16,
}

impl LeftOn {
    pub fn above(&self) -> Milliwatts {
        Milliwatts(i64::from(self.above_w) * 1_000)
    }
}

/// What is not told, for a time. What is left out stands for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    #[serde(default)]
    pub kind: Option<AlertKind>,
    #[serde(default)]
    pub hub: Option<HubId>,
    #[serde(default)]
    pub socket: Option<SocketNumber>,
    /// Unix seconds; not included. Without it for ever.
    #[serde(default)]
    pub until: Option<i64>,
}

impl Mute {
    fn holds(&self, key: AlertKey, now: UtcMillis) -> bool {
        self.until.is_none_or(|until| now < UtcMillis::from_secs(until))
            && self.kind.is_none_or(|kind| kind == key.kind)
            && self.hub.is_none_or(|hub| Some(hub) == key.hub)
            && self.socket.is_none_or(|socket| Some(socket) == key.socket)
    }
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            hub_offline_mins: Some(15),
            socket_silent_mins: Some(60),
            left_on: Vec::new(),
            unusual: true,
            budget: true,
            mutes: Vec::new(),
            by_email: false,
            webhook: None,
            language: "en".to_owned(),
        }
    }
}

pub(super) const LANGUAGES: [&str; 2] = ["en", "de"];
const MAX_MINS: u16 = 1_440;
const MAX_WATTS: u16 = 20_000;
const MAX_LEFT_ON: usize = 100;
const MAX_MUTES: usize = 200;
const MAX_WEBHOOK: usize = 500;

impl AlertSettings {
    pub fn is_muted(&self, key: AlertKey, now: UtcMillis) -> bool {
        self.mutes.iter().any(|mute| mute.holds(key, now))
    }

    /// The first thing that makes no sense. Fields are named as in the settings of a home.
    pub fn check(&self) -> Result<(), Fault> {
        let fault = |field: &str, detail: String| Err(Fault::new(format!("alerts.{field}"), detail));
        if self.hub_offline_mins.is_some_and(|mins| !(5..=MAX_MINS).contains(&mins)) {
            return fault("hub_offline_mins", format!("It is 5 to {MAX_MINS} minutes."));
        }
        if self.socket_silent_mins.is_some_and(|mins| !(15..=MAX_MINS).contains(&mins)) {
            return fault("socket_silent_mins", format!("It is 15 to {MAX_MINS} minutes."));
        }
        if self.left_on.len() > MAX_LEFT_ON {
            return fault("left_on", format!("There are at most {MAX_LEFT_ON}."));
        }
        for (n, rule) in self.left_on.iter().enumerate() {
            if !(1..=MAX_WATTS).contains(&rule.above_w) {
                return fault(&format!("left_on[{n}].above_w"), format!("It is 1 to {MAX_WATTS} W."));
            }
            if !(15..=MAX_MINS).contains(&rule.mins) || rule.mins % 15 != 0 {
                let detail = format!("It is 15 to {MAX_MINS} minutes, in whole quarter hours.");
                return fault(&format!("left_on[{n}].mins"), detail);
            }
            let same = |other: &LeftOn| (other.hub, other.socket) == (rule.hub, rule.socket);
            if self.left_on[..n].iter().any(same) {
                return fault(&format!("left_on[{n}].socket"), "This socket is there twice.".to_owned());
            }
        }
        if self.mutes.len() > MAX_MUTES {
            return fault("mutes", format!("There are at most {MAX_MUTES}."));
        }
        for (n, mute) in self.mutes.iter().enumerate() {
            if mute.socket.is_some() && mute.hub.is_none() {
                return fault(&format!("mutes[{n}].hub"), "A socket is one of a hub.".to_owned());
            }
        }
        if let Some(webhook) = &self.webhook {
            let is_address = webhook.starts_with("https://") || webhook.starts_with("http://");
            let is_plain = !webhook.chars().any(|c| c.is_whitespace() || c.is_control());
            if !is_address || !is_plain || webhook.len() > MAX_WEBHOOK {
                let detail = format!(
                    "It is an address that starts with https:// or http://, up to {MAX_WEBHOOK} characters."
                );
                return fault("webhook", detail);
            }
        }
        if !LANGUAGES.contains(&self.language.as_str()) {
            return fault("language", "It is en or de.".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub() -> HubId {
        HubId::from_bytes([1; 16])
    }

    fn socket(number: u8) -> SocketNumber {
        SocketNumber::new(number).unwrap()
    }

    #[test]
    fn the_defaults_tell_what_nobody_needs_to_set_up() {
        let defaults = AlertSettings::default();
        assert_eq!(defaults.check(), Ok(()));
        assert_eq!(serde_json::from_str::<AlertSettings>("{}").unwrap(), defaults);
        let off: AlertSettings = serde_json::from_str(r#"{"hub_offline_mins": null}"#).unwrap();
        assert_eq!(off.hub_offline_mins, None);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let field = |change: fn(&mut AlertSettings)| {
            let mut settings = AlertSettings::default();
            change(&mut settings);
            settings.check().unwrap_err().field
        };
        let rule = LeftOn { hub: hub(), socket: socket(1), above_w: 50, mins: 30 };
        assert_eq!(field(|settings| settings.hub_offline_mins = Some(4)), "alerts.hub_offline_mins");
        assert_eq!(field(|settings| settings.socket_silent_mins = Some(1_441)), "alerts.socket_silent_mins");
        assert_eq!(field(|settings| settings.webhook = Some("file:///etc".into())), "alerts.webhook");
        assert_eq!(field(|settings| settings.language = "fr".into()), "alerts.language");
        let left_on = |rules: Vec<LeftOn>| {
            AlertSettings { left_on: rules, ..AlertSettings::default() }.check().unwrap_err().field
        };
        assert_eq!(left_on(vec![LeftOn { above_w: 0, ..rule }]), "alerts.left_on[0].above_w");
        assert_eq!(left_on(vec![LeftOn { mins: 20, ..rule }]), "alerts.left_on[0].mins");
        assert_eq!(left_on(vec![rule, rule]), "alerts.left_on[1].socket");
        let mutes = vec![Mute { kind: None, hub: None, socket: Some(socket(1)), until: None }];
        let settings = AlertSettings { mutes, ..AlertSettings::default() };
        assert_eq!(settings.check().unwrap_err().field, "alerts.mutes[0].hub");
    }

    #[test]
    fn a_mute_is_for_what_it_names_and_ends() {
        let mute = Mute { kind: Some(AlertKind::Unusual), hub: Some(hub()), socket: None, until: Some(10) };
        let settings = AlertSettings { mutes: vec![mute], ..AlertSettings::default() };
        let key = AlertKey::socket(AlertKind::Unusual, hub(), socket(3));
        assert!(settings.is_muted(key, UtcMillis(9_999)));
        assert!(!settings.is_muted(key, UtcMillis(10_000)));
        assert!(!settings.is_muted(AlertKey { kind: AlertKind::LeftOn, ..key }, UtcMillis(0)));
        assert!(!settings.is_muted(AlertKey { hub: Some(HubId::from_bytes([9; 16])), ..key }, UtcMillis(0)));
        assert!(!settings.is_muted(AlertKey::home(AlertKind::Unusual), UtcMillis(0)));
    }
}
