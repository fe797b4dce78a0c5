//! Any message, the topic in the first line and the body after it: no plug of any kind panics, whatever power and count it
//! reads is one that a meter can have, and what discovery prints is TOML that names what it found.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meters::Entry;
use meters::mqtt::Plug;
use meters::mqtt::discover::{Found, classify};

const ENTRIES: &str = r#"
[[sensors]]
tasmota = { topic = "a", channel = 2 }
[[sensors]]
shelly1 = { id = "a" }
[[sensors]]
shelly1 = { id = "a", clamps = true }
[[sensors]]
shelly2 = { prefix = "a" }
[[sensors]]
zigbee2mqtt = { name = "a" }
"#;

fuzz_target!(|message: &[u8]| {
    let Some(end) = message.iter().position(|byte| *byte == b'\n') else { return };
    let Ok(topic) = std::str::from_utf8(&message[..end]) else { return };
    let body = &message[end + 1..];
    let table: toml::Table = ENTRIES.parse().expect("it is TOML");
    let entries: Vec<Entry> = table["sensors"].clone().try_into().expect("they are entries");
    for mut plug in entries.iter().filter_map(Plug::of) {
        // Under each of its topics, as the body is what is foreign.
        for topic in plug.topics() {
            if let Some(Ok(reading)) = plug.hear(&topic, body) {
                assert!(reading.power.is_none_or(|power| power.0.abs() <= 1_000_000_000_000));
                assert!(reading.count.is_none_or(|count| count.0.abs() <= 7_200_000_000_000_000_000));
            }
        }
    }
    for found in classify(topic, body) {
        let text: toml::Table = found.toml(5).parse().expect("what is printed is TOML");
        let sensors = text["agent"]["sensors"].as_array().expect("a list");
        let [entry] = &sensors[..] else { panic!("one entry") };
        let entry: Entry = entry.clone().try_into().expect("an entry");
        assert_eq!(Found::of(&entry), Some(found));
    }
});
