//! Which letters are meant, and by which name.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use clap::Args;
use domain::HubId;
use sha2::{Digest, Sha256};

use super::DeadLetter;

/// The beginning of SHA-256 over the routing key and the body: the same for ever, whatever the broker does. Equal
/// letters share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LetterId([u8; 6]);

impl LetterId {
    pub(super) fn of(letter: &DeadLetter) -> Self {
        let digest = Sha256::new().chain_update(&letter.routing_key).chain_update(&letter.body).finalize();
        let mut id = [0; 6];
        id.copy_from_slice(&digest[..6]);
        Self(id)
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for LetterId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "an id has 12 hexadecimal digits, as `list` shows it";
        if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SHAPE);
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| SHAPE)?;
        let mut id = [0; 6];
        id.copy_from_slice(&number.to_be_bytes()[2..]);
        Ok(Self(id))
    }
}

/// Which of all letters. When both are given, both must hold.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Filter {
    /// Those whose reason contains this text; capitals and small letters are the same.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// Those of this hub.
    #[arg(long, value_name = "ID")]
    pub(super) hub: Option<HubId>,
}

impl Filter {
    pub(super) fn takes(&self, letter: &DeadLetter) -> bool {
        let reason = self.reason.as_ref().map(|wanted| wanted.to_lowercase());
        reason.is_none_or(|wanted| why(letter).to_lowercase().contains(&wanted))
            && self.hub.is_none_or(|hub| letter.hub == Some(hub))
    }
}

/// What to act on: letters by their ids, or by a filter, or all of them.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(super) struct Chosen {
    /// As `list` shows them. Equal letters share an id and are treated together.
    #[arg(value_name = "ID", required_unless_present_any = ["reason", "hub", "all"])]
    pub(super) ids: Vec<LetterId>,
    #[command(flatten)]
    pub(super) filter: Filter,
    /// Every letter that is there at the beginning.
    #[arg(long, conflicts_with_all = ["ids", "reason", "hub"])]
    pub(super) all: bool,
}

impl Chosen {
    /// With ids given, a filter narrows them down.
    pub(super) fn takes(&self, id: LetterId, letter: &DeadLetter) -> bool {
        (self.ids.is_empty() || self.ids.contains(&id)) && self.filter.takes(letter)
    }

    /// Those asked for by id that were not found.
    pub(super) fn missing(&self, found: &BTreeSet<LetterId>) -> Vec<String> {
        self.ids.iter().filter(|id| !found.contains(id)).map(ToString::to_string).collect()
    }
}

/// One sentence of why it is here.
pub(super) fn why(letter: &DeadLetter) -> String {
    if let Some(reason) = &letter.reason {
        return reason.clone();
    }
    let Some(death) = letter.deaths.first() else { return "nobody says why".to_owned() };
    let queue = &death.queue;
    match death.reason.as_str() {
        "delivery_limit" => format!("it came back too often (the broker, delivery limit of {queue})"),
        "rejected" => {
            format!("refused while the quarantine took nothing, so without a reason (the broker, {queue})")
        }
        other => format!("{other} (the broker, {queue})"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use clap::Parser;
    use testkit::containers::hub;

    pub(in super::super) fn letter(number: u64, reason: Option<&str>, body: &'static [u8]) -> DeadLetter {
        DeadLetter {
            routing_key: format!("hub.{}", hub(number)),
            hub: Some(hub(number)),
            reason: reason.map(str::to_owned),
            body: body.into(),
            ..DeadLetter::default()
        }
    }

    #[test]
    fn an_id_is_the_beginning_of_a_well_known_digest() {
        let letter = DeadLetter {
            routing_key: "hub.kitchen".to_owned(),
            body: "energy".into(),
            ..DeadLetter::default()
        };
        // printf hub.kitchenenergy | sha256sum
        assert_eq!(LetterId::of(&letter).to_string(), "6f2865c5d748");
        assert_eq!("6f2865c5d748".parse(), Ok(LetterId::of(&letter)));
    }

    #[test]
    fn an_id_depends_on_key_and_body_and_nothing_else() {
        let one = letter(1, Some("no ticks in it"), b"a");
        let again = DeadLetter { returned: 7, reason: None, ..one.clone() };
        assert_eq!(LetterId::of(&one), LetterId::of(&again));
        assert_ne!(LetterId::of(&one), LetterId::of(&letter(2, None, b"a")));
        assert_ne!(LetterId::of(&one), LetterId::of(&letter(1, None, b"b")));
    }

    #[test]
    fn what_is_no_id_is_said_so() {
        for text in ["", "12345", "0123456789abc", "+123456789ab", "0123456789ag"] {
            assert!(text.parse::<LetterId>().is_err(), "{text}");
        }
        assert_eq!("0123456789AB".parse::<LetterId>().unwrap().to_string(), "0123456789ab");
    }

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        chosen: Chosen,
    }

    fn chosen(line: &[&str]) -> Option<Chosen> {
        let line = std::iter::once("drop").chain(line.iter().copied());
        Line::try_parse_from(line).ok().map(|line| line.chosen)
    }

    #[test]
    fn one_has_to_say_what_is_meant_and_not_twice() {
        let hub = hub(1).to_string();
        for wrong in [
            &[][..],
            &["no-id"],
            &["--hub", "kitchen"],
            &["--all", "0123456789ab"],
            &["--all", "--reason", "x"],
            &["--all", "--hub", &hub],
        ] {
            assert!(chosen(wrong).is_none(), "{wrong:?}");
        }
        for right in [&["0123456789ab", "ba9876543210"][..], &["--all"], &["--reason", "x", "--hub", &hub]] {
            assert!(chosen(right).is_some(), "{right:?}");
        }
    }

    #[test]
    fn a_choice_takes_what_it_says() {
        let garbage = letter(1, Some("Not a protobuf container"), b"x");
        let late = letter(2, Some("its first tick is too old"), b"y");
        let takes = |line: &[&str]| {
            let chosen = chosen(line).unwrap();
            [&garbage, &late].map(|letter| chosen.takes(LetterId::of(letter), letter))
        };
        let hub_of_late = hub(2).to_string();
        assert_eq!(takes(&["--all"]), [true, true]);
        assert_eq!(takes(&["--reason", "PROTObuf"]), [true, false]);
        assert_eq!(takes(&["--hub", &hub_of_late]), [false, true]);
        assert_eq!(takes(&["--hub", &hub_of_late, "--reason", "protobuf"]), [false, false]);
        assert_eq!(takes(&[&LetterId::of(&late).to_string()]), [false, true]);
    }

    #[test]
    fn an_id_that_no_letter_has_is_missing() {
        let known = LetterId::of(&letter(1, None, b"x"));
        let chosen = chosen(&[&known.to_string(), "0123456789ab"]).unwrap();
        assert_eq!(chosen.missing(&BTreeSet::from([known])), ["0123456789ab"]);
    }

    #[test]
    fn the_brokers_own_reasons_are_sentences_too() {
        let by_broker = |reason: &str| {
            let mut letter = letter(1, None, b"x");
            letter.deaths.resize_with(1, Default::default);
            letter.deaths[0].queue = "telemetry.2".to_owned();
            letter.deaths[0].reason = reason.to_owned();
            why(&letter)
        };
        assert!(by_broker("delivery_limit").starts_with("it came back too often"));
        assert!(by_broker("rejected").contains("while the quarantine took nothing"));
        assert_eq!(by_broker("maxlen"), "maxlen (the broker, telemetry.2)");
        assert_eq!(why(&letter(1, None, b"x")), "nobody says why");
    }
}
