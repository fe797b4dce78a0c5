//! What must be known of a meter that is wired to the Pi.

/// A kind of meter, as people are asked about it.
pub(super) struct Wired {
    /// What is typed to choose it.
    pub(super) name: &'static str,
    /// Its key in the configuration.
    key: &'static str,
    /// What its entry always has.
    fixed: &'static str,
    pub(super) questions: &'static [Question],
}

/// A value of its entry.
pub(super) struct Question {
    key: &'static str,
    pub(super) text: &'static str,
    pub(super) default: &'static str,
    /// Text is written in quotation marks.
    is_text: bool,
}

const fn number(key: &'static str, text: &'static str, default: &'static str) -> Question {
    Question { key, text, default, is_text: false }
}

const fn port(default: &'static str) -> Question {
    Question { key: "port", text: "Serial port", default, is_text: true }
}

const CLAMP: Question = number("amps_per_volt", "Amperes per volt of the clamp", "30.0");

/// All of them.
pub(super) const KINDS: [Wired; 7] = [
    Wired {
        name: "pzem",
        key: "pzem",
        fixed: "",
        questions: &[port("/dev/serial0"), number("address", "Modbus address", "1")],
    },
    Wired { name: "cse7766", key: "cse7766", fixed: "", questions: &[port("/dev/serial0")] },
    Wired {
        name: "s0",
        key: "s0",
        fixed: "",
        questions: &[
            number("pin", "Pin (BCM number)", "17"),
            number("impulses_per_kwh", "Impulses per kWh, as printed on the meter", "1000.0"),
        ],
    },
    Wired {
        name: "hlw8012",
        key: "hlw8012",
        fixed: "chip = \"hlw8012\"",
        questions: &[number("pin", "Pin at CF (BCM number)", "27")],
    },
    Wired {
        name: "bl0937",
        key: "hlw8012",
        fixed: "chip = \"bl0937\"",
        questions: &[number("pin", "Pin at CF (BCM number)", "27")],
    },
    Wired {
        name: "ads1115",
        key: "ads1115",
        fixed: "",
        questions: &[number("channel", "Channel (0 to 3)", "0"), CLAMP],
    },
    Wired {
        name: "mcp3008",
        key: "mcp3008",
        fixed: "",
        questions: &[number("channel", "Channel (0 to 7)", "0"), CLAMP],
    },
];

impl Wired {
    /// Its line of an entry, with the answers in the order of the questions.
    pub(super) fn line(&self, answers: &[String]) -> String {
        let fixed = (!self.fixed.is_empty()).then(|| self.fixed.to_owned());
        let values = self.questions.iter().zip(answers).map(|(question, answer)| {
            let Question { key, is_text, .. } = question;
            if *is_text {
                format!("{key} = {}", super::draft::quoted(answer))
            } else {
                format!("{key} = {answer}")
            }
        });
        format!("{} = {{ {} }}", self.key, fixed.into_iter().chain(values).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::draft;

    #[test]
    fn every_kind_with_its_defaults_is_a_sound_entry() {
        for kind in &KINDS {
            let answers: Vec<String> =
                kind.questions.iter().map(|question| question.default.to_owned()).collect();
            let entry = draft::entry(0, kind.name, "", &kind.line(&answers));
            assert_eq!(draft::faults_of(&entry), Vec::<String>::new(), "{entry}");
        }
    }
}
