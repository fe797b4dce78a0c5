use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    sensors: Vec<Entry>,
    #[serde(default)]
    mqtt: Brokers,
}

fn faults(text: &str) -> Vec<String> {
    let file: File = toml::from_str(text).unwrap();
    let mut faults = Vec::new();
    validate(&file.sensors, &file.mqtt, &mut faults);
    faults
}

#[test]
fn a_few_lines_are_enough() {
    let text = r#"
        [[sensors]]
        socket = 3
        name = "Washing machine"
        tasmota = { topic = "washer", channel = 2 }
        [[sensors]]
        socket = 4
        zigbee2mqtt = { name = "kitchen/fridge" }
    "#;
    assert_eq!(faults(text), Vec::<String>::new());
    let file: File = toml::from_str(text).unwrap();
    assert_eq!(file.sensors[0].kind(), "tasmota");
    assert_eq!(file.sensors[1].label().unwrap().name, "Socket 4");
}

#[test]
fn every_fault_is_named_with_its_key() {
    let text = r#"
        [mqtt]
        url = "https://broker"
        password = "x"
        [[sensors]]
        socket = 1
        tasmota = { topic = "a/+", channel = 0 }
        scale = 0.0
        [[sensors]]
        socket = 1
        shelly1 = { id = "x" }
        shelly2 = { prefix = "y", poll_secs = 99999 }
        [[sensors]]
        max_watts = 0
    "#;
    let all = faults(text);
    let keys: Vec<&str> = all.iter().filter_map(|fault| fault.split(": ").next()).collect();
    let expected = [
        "mqtt.url",
        "mqtt.username",
        "sensors.0.scale",
        "sensors.0.tasmota.topic",
        "sensors.0.tasmota.channel",
        "sensors.1",
        "sensors.1.shelly2.poll_secs",
        "sensors.1.socket",
        "sensors.2.socket",
        "sensors.2",
        "sensors.2.max_watts",
    ];
    assert_eq!(keys, expected, "{all:#?}");
}

#[test]
fn a_broker_is_where_its_url_says() {
    let address = |url: &str| {
        let brokers = Brokers { url: Some(url.to_owned()), ..Brokers::default() };
        brokers.address().map(|address| (address.host, address.port))
    };
    assert_eq!(address("mqtt://broker.lan:1884/"), Some(("broker.lan".to_owned(), 1_884)));
    assert_eq!(address("mqtt://10.0.0.2"), Some(("10.0.0.2".to_owned(), 1_883)));
    assert_eq!(address("mqtt://[::1]:7"), Some(("::1".to_owned(), 7)));
    for bad in ["mqtts://broker", "mqtt://", "mqtt://a:b@broker", "mqtt://broker:x", "broker"] {
        assert_eq!(address(bad), None, "{bad}");
    }
}

#[test]
fn a_password_is_not_shown() {
    let file: File = toml::from_str("[mqtt]\nusername = \"hub\"\npassword = \"geheim\"").unwrap();
    assert!(!format!("{:?}", file.mqtt).contains("geheim"));
    assert_eq!(file.mqtt.password.unwrap().expose(), "geheim");
}
