use super::*;

fn toml_of(topic: &str, body: &str) -> Vec<String> {
    classify(topic, body.as_bytes()).iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_of_plug_is_known_by_what_it_says() {
    let one = r#"{"Time":"2026-11-25T02:00:00","ENERGY":{"Total":12.345,"Power":42}}"#;
    assert_eq!(toml_of("tele/washer/SENSOR", one), ["tasmota = { topic = \"washer\" }"]);
    let two = r#"{"ENERGY":{"Total":[1.0,2.0],"Power":[42,43]}}"#;
    assert_eq!(
        toml_of("tele/desk/SENSOR", two),
        ["tasmota = { topic = \"desk\", channel = 1 }", "tasmota = { topic = \"desk\", channel = 2 }"]
    );
    assert_eq!(
        toml_of("up/lamp/tele/SENSOR", one),
        ["tasmota = { topic = \"up/lamp\", full_topic = \"%topic%/%prefix%/\" }"]
    );
    assert_eq!(
        toml_of("shellies/shellyplug-s-1/relay/0/power", "3"),
        ["shelly1 = { id = \"shellyplug-s-1\" }"]
    );
    assert_eq!(
        toml_of("shellies/shellyem3-1/emeter/2/power", "3"),
        ["shelly1 = { id = \"shellyem3-1\", channel = 2, clamps = true }"]
    );
    let status = r#"{"id":1,"apower":8.9,"aenergy":{"total":6.532}}"#;
    assert_eq!(
        toml_of("home/plus2pm/status/switch:1", status),
        ["shelly2 = { prefix = \"home/plus2pm\", component = \"switch:1\" }"]
    );
    assert_eq!(
        toml_of("zigbee2mqtt/kitchen/fridge", r#"{"power":3,"energy":1.5}"#),
        ["zigbee2mqtt = { name = \"kitchen/fridge\" }"]
    );
    assert_eq!(
        toml_of("zigbee2mqtt/duo", r#"{"power_l1":3,"energy_l1":1.5,"power_l2":null}"#),
        ["zigbee2mqtt = { name = \"duo\", endpoint = \"l1\" }"]
    );
}

#[test]
fn what_does_not_measure_is_passed_over() {
    for (topic, body) in [
        ("tele/thermometer/SENSOR", r#"{"DS18B20":{"Temperature":21}}"#),
        ("tele/SENSOR", r#"{"ENERGY":{"Power":1}}"#),
        ("shellies/x/relay/0", "on"),
        ("x/status/switch:0", r#"{"id":0,"output":true}"#),
        ("zigbee2mqtt/bulb", r#"{"state":"ON","brightness":200}"#),
        ("zigbee2mqtt/bridge/devices", r#"{"power":3}"#),
        ("homeassistant/sensor/x/config", "{}"),
        ("", ""),
    ] {
        assert!(toml_of(topic, body).is_empty(), "{topic}");
    }
}

#[test]
fn a_name_cannot_break_out_of_its_line() {
    let found = classify("zigbee2mqtt/a\"]\nsocket = 9", br#"{"power":3,"energy":1}"#);
    let text = found[0].toml(4);
    let table: toml::Table = text.parse().unwrap();
    let entry = &table["agent"]["sensors"][0];
    assert_eq!(entry["socket"].as_integer(), Some(4));
    assert_eq!(entry["zigbee2mqtt"]["name"].as_str(), Some("a\"]\nsocket = 9"));
}

#[test]
fn what_is_pasted_finds_itself() {
    let status = r#"{"apower":1,"aenergy":{"total":1}}"#;
    for (topic, body) in [
        ("tele/desk/SENSOR", r#"{"ENERGY":{"Power":[42,43]}}"#),
        ("lamp/tele/SENSOR", r#"{"ENERGY":{"Power":42}}"#),
        ("shellies/shellyem3-1/emeter/2/power", "3"),
        ("plus/status/pm1:0", status),
        ("zigbee2mqtt/duo", r#"{"power_l1":3}"#),
    ] {
        for found in classify(topic, body.as_bytes()) {
            let table: toml::Table = found.toml(7).parse().unwrap();
            let entry: Entry = table["agent"]["sensors"][0].clone().try_into().unwrap();
            assert_eq!(Found::of(&entry), Some(found));
        }
    }
}
