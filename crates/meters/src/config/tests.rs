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
fn a_clamp_without_the_voltage_is_an_estimate_and_nothing_else_is() {
    let text = r#"
        [[sensors]]
        ads1115 = { channel = 0, amps_per_volt = 30.0 }
        [[sensors]]
        mcp3008 = { channel = 0, amps_per_volt = 30.0 }
        [[sensors]]
        mcp3008 = { channel = 0, amps_per_volt = 30.0, voltage_channel = 1, volts_per_volt = 400.0 }
        [[sensors]]
        shelly1 = { id = "em", clamps = true }
        [[sensors]]
        pzem = { port = "/dev/serial0" }
    "#;
    let file: File = toml::from_str(text).unwrap();
    let apparent: Vec<bool> = file.sensors.iter().map(Entry::is_apparent).collect();
    assert_eq!(apparent, [true, true, false, false, false]);
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
fn a_wrong_pin_is_no_fault_of_the_configuration_but_its_meters_trouble() {
    let text = r#"
        [[sensors]]
        socket = 1
        s0 = { pin = 42, impulses_per_kwh = 1000.0 }
        [[sensors]]
        socket = 2
        hlw8012 = { pin = 3 }
        [[sensors]]
        socket = 3
        ads1115 = { channel = 0, amps_per_volt = 30.0 }
        [[sensors]]
        socket = 4
        s0 = { pin = 8, impulses_per_kwh = 1000.0 }
        [[sensors]]
        socket = 5
        mcp3008 = { channel = 0, amps_per_volt = 30.0 }
        [[sensors]]
        socket = 6
        s0 = { pin = 15, impulses_per_kwh = 1000.0 }
        [[sensors]]
        socket = 7
        pzem = { port = "/dev/serial0" }
        [[sensors]]
        socket = 8
        s0 = { pin = 17, impulses_per_kwh = 1000.0 }
    "#;
    assert_eq!(faults(text), Vec::<String>::new());
    let file: File = toml::from_str(text).unwrap();
    let expected = [
        (0, "there is no GPIO 42 here; pins go by their BCM numbers, 0 to 27"),
        (1, "GPIO 3 is a line of I²C bus 1, where the ads1115 of socket 3 is; take another pin"),
        (3, "GPIO 8 is a line of SPI bus 0, where the mcp3008 of socket 5 is; take another pin"),
        (
            5,
            "GPIO 15 is a line of the serial port /dev/serial0, where the pzem of socket 7 is; take another pin",
        ),
    ];
    assert_eq!(misplaced(&file.sensors), expected.map(|(place, why)| (place, why.to_owned())));
}

#[test]
fn two_meters_that_need_the_same_line_are_a_fault() {
    let all = faults(
        r#"
        [[sensors]]
        socket = 1
        pzem = { port = "/dev/serial0", address = 1 }
        [[sensors]]
        socket = 2
        cse7766 = { port = "/dev/serial0" }
        [[sensors]]
        socket = 3
        pzem = { port = "/dev/serial0", address = 2 }
        [[sensors]]
        socket = 4
        pzem = { port = "/dev/ttyUSB0", address = 2 }
        [[sensors]]
        socket = 5
        pzem = { port = "/dev/ttyUSB0", address = 2 }
        [[sensors]]
        socket = 6
        s0 = { pin = 17, impulses_per_kwh = 1000.0 }
        [[sensors]]
        socket = 7
        hlw8012 = { pin = 17 }
    "#,
    );
    let expected = [
        "sensors.1: /dev/serial0 is that of sensors.0 already",
        "sensors.2: /dev/serial0 is that of sensors.1 already",
        "sensors.4: address 2 of /dev/ttyUSB0 is that of sensors.3 already",
        "sensors.6: pin 17 is that of sensors.5 already",
    ];
    assert_eq!(all, expected);
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
