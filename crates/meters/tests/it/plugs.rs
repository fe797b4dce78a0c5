use std::time::Duration;

use domain::metering::Reading;
use meters::mqtt::{Fault, Plug, listen};
use meters::{Brokers, Condition};
use testkit::servers::Mosquitto;

use crate::support::{LIMIT, Measuring, at, entries, joules};

const HOME: &str = r#"
    [[agent.sensors]]
    socket = 0
    name = "Washing machine"
    tasmota = { topic = "washer", poll_secs = 1 }
    [[agent.sensors]]
    socket = 1
    tasmota = { topic = "desk", channel = 2, poll_secs = 0 }
    [[agent.sensors]]
    socket = 2
    shelly1 = { id = "shellyplug-s-4022D8" }
    [[agent.sensors]]
    socket = 3
    feeds_in = true
    shelly1 = { id = "shellyem-B9E6F0", channel = 1, clamps = true }
    [[agent.sensors]]
    socket = 4
    shelly2 = { prefix = "shellyplusplugs-b0b21c10a9f4", poll_secs = 1 }
    [[agent.sensors]]
    socket = 5
    zigbee2mqtt = { name = "kitchen/fridge" }
"#;

const MESSAGES: [&str; 6] = [
    include_str!("messages/tasmota.txt"),
    include_str!("messages/tasmota-channels.txt"),
    include_str!("messages/shelly1.txt"),
    include_str!("messages/shelly1-clamps.txt"),
    include_str!("messages/shelly2.txt"),
    include_str!("messages/zigbee2mqtt.txt"),
];

pub(crate) fn messages() -> impl Iterator<Item = (&'static str, &'static str)> {
    MESSAGES.iter().flat_map(|file| file.lines()).map(|line| line.split_once(' ').unwrap())
}

pub(crate) fn plugs() -> Vec<Plug> {
    entries(HOME).iter().filter_map(Plug::of).collect()
}

/// The last power and count that each plug tells, in watts and watt-hours.
#[expect(clippy::cast_precision_loss, reason = "a plug has six digits")]
fn read(messages: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<(f64, f64)> {
    let mut plugs: Vec<(Plug, f64, f64)> = plugs().into_iter().map(|plug| (plug, 0.0, 0.0)).collect();
    for (topic, body) in messages {
        for (plug, power, count) in &mut plugs {
            let Some(reading) = plug.hear(topic, body.as_bytes()) else { continue };
            let reading: Reading = reading.unwrap();
            if let Some(read) = reading.power {
                *power = read.0 as f64 / 1_000.0;
            }
            if let Some(read) = reading.count {
                *count = read.0 as f64 / 3.6e9;
            }
        }
    }
    plugs.into_iter().map(|(_, power, count)| (power, count)).collect()
}

#[test]
fn each_plug_reads_its_own_messages_and_no_others() {
    let expected = [
        (412.0, 345_678.0),
        (34.0, 7_750.0),
        (36.14, 2_005.75),
        (-410.55, 7_000.5),
        (60.3, 6_532.25),
        (71.0, 42_170.0),
    ];
    assert_eq!(read(messages()), expected);
}

#[test]
fn an_answer_to_a_question_reads_as_the_plug_s_own_telling() {
    let tasmota = r#"{"StatusSNS":{"Time":"2026-11-25T02:00:00","ENERGY":{"Total":1.5,"Power":7}}}"#;
    let shelly = r#"{"id":1,"src":"shellyplusplugs-b0b21c10a9f4","dst":"x","result":{"id":0,"apower":8.0,"aenergy":{"total":9.5}}}"#;
    let answers =
        [("stat/washer/STATUS10", tasmota), ("wattline/shellyplusplugs-b0b21c10a9f4/switch-0/rpc", shelly)];
    let read = read(answers.into_iter());
    assert_eq!((read[0], read[4]), ((7.0, 1_500.0), (8.0, 9.5)));
}

#[test]
fn nonsense_has_a_reason() {
    let mut plugs = plugs();
    let mut fault = |plug: usize, topic: &str, body: &str| {
        plugs[plug].hear(topic, body.as_bytes()).unwrap().unwrap_err().to_string()
    };
    let energy = |body: &str| format!(r#"{{"ENERGY":{body}}}"#);
    let tele = "tele/washer/SENSOR";
    for (said, part) in [
        (fault(0, tele, "{"), "is not what such a plug sends (EOF"),
        (fault(0, tele, &energy(r#"{"Power":"viel"}"#)), "is not what such a plug sends"),
        (fault(0, tele, &energy(r#"{"Power":1e12,"Total":1}"#)), "says 1000000000000 for Power"),
        (fault(0, tele, &energy("{}")), "has no Power of channel 1"),
        (fault(0, tele, r#"{"DS18B20":{}}"#), "has no ENERGY"),
        (fault(0, tele, &"x".repeat(70_000)), "70000 bytes"),
        (fault(1, "tele/desk/SENSOR", &energy(r#"{"Power":[1]}"#)), "has no Power of channel 2"),
        (fault(2, "shellies/shellyplug-s-4022D8/relay/0/power", "on"), "not a number"),
        (fault(2, "shellies/shellyplug-s-4022D8/relay/0/energy", "NaN"), "says NaN for energy"),
        (fault(4, "shellyplusplugs-b0b21c10a9f4/status/switch:0", r#"{"apower":[1]}"#), "is not what"),
        (fault(5, "zigbee2mqtt/kitchen/fridge", r#"{"linkquality":9}"#), "has no power and no energy"),
    ] {
        assert!(said.contains(part), "{said}");
    }
    let gone = plugs[0].hear("tele/washer/LWT", b"Offline");
    assert_eq!(gone, Some(Err(Fault::Offline)));
}

#[tokio::test]
async fn several_plugs_at_once_become_sockets_through_a_broker() {
    let broker = Mosquitto::start().unwrap();
    let mut measuring = Measuring::start(HOME, &at(&broker));
    // A question shows that it listens.
    for topic in ["cmnd/washer/STATUS", "shellyplusplugs-b0b21c10a9f4/rpc"] {
        let port = broker.port();
        let next = tokio::task::spawn_blocking(move || Mosquitto::next_on(port, topic, LIMIT));
        measuring.until("it is asked", |_, _| next.is_finished()).await;
        let question = next.await.unwrap().unwrap();
        assert!(
            question.trim() == "10" || question.contains("\"method\":\"Switch.GetStatus\""),
            "{question}"
        );
    }
    for (topic, body) in messages() {
        broker.publish(topic, body).unwrap();
    }
    for place in 0..6 {
        measuring.until_measures(place).await;
    }
    // Later each counter stands higher by a watt-hour.
    for (topic, body) in [
        ("tele/washer/SENSOR", r#"{"ENERGY":{"Power":412,"Total":345.698}}"#),
        ("tele/desk/SENSOR", r#"{"ENERGY":{"Power":[12,34],"Total":[3.250,7.770]}}"#),
        ("shellies/shellyplug-s-4022D8/relay/0/energy", "121545"),
        ("shellies/shellyem-B9E6F0/emeter/1/total_returned", "5020.0"),
        ("shellies/shellyem-B9E6F0/emeter/1/total", "12000.5"),
        (
            "shellyplusplugs-b0b21c10a9f4/events/rpc",
            r#"{"method":"NotifyStatus","params":{"ts":1,"switch:0":{"id":0,"aenergy":{"total":6552.25}}}}"#,
        ),
        ("zigbee2mqtt/kitchen/fridge", r#"{"power":71,"energy":42.19}"#),
    ] {
        broker.publish(topic, body).unwrap();
    }
    let near = |joules: i64, wh: i64, off: i64| (joules - wh * 3_600).abs() <= off * 3_600;
    measuring
        .until("every counter is told", |told, _| {
            near(joules(told, 0), 20, 1)
                && near(joules(told, 1), 20, 1)
                && near(joules(told, 2), 20, 1)
                && near(joules(told, 3), -20, 1)
                && near(joules(told, 4), 20, 1)
                && near(joules(told, 5), 20, 10)
        })
        .await;
}

#[tokio::test]
async fn a_plug_in_trouble_says_so_in_a_sentence_and_the_others_go_on() {
    let mut broker = Mosquitto::start().unwrap();
    broker.publish_retained("tele/washer/LWT", "Offline").unwrap();
    broker.publish_retained("tele/desk/SENSOR", "garbage").unwrap();
    broker.publish_retained("zigbee2mqtt/kitchen/fridge", r#"{"power":-8388608,"energy":3}"#).unwrap();
    broker
        .publish_retained(
            "shellyplusplugs-b0b21c10a9f4/status/switch:0",
            r#"{"apower":5,"aenergy":{"total":7}}"#,
        )
        .unwrap();
    let mut measuring = Measuring::start(HOME, &at(&broker));
    measuring.until_trouble(0, "the broker says that it is offline").await;
    measuring.until_trouble(1, "is not what such a plug sends").await;
    measuring
        .until("the absurd power is noted", |_, health| {
            health.snapshot()[5].remark.as_ref().is_some_and(|remark| remark.1.contains("-8388608 W"))
        })
        .await;
    measuring.until_measures(4).await;
    measuring.until_trouble(2, "nothing was heard of it for").await;

    broker.kill();
    measuring.until_trouble(4, "cannot be heard").await;
    broker.restart().unwrap();
    let again = r#"{"apower":5,"aenergy":{"total":8}}"#;
    // It is not known when it has subscribed anew; the broker keeps the message until then.
    broker.publish_retained("shellyplusplugs-b0b21c10a9f4/status/switch:0", again).unwrap();
    measuring.until_measures(4).await;
}

#[tokio::test]
async fn a_broker_that_wants_a_password_says_who_may_come_in() {
    let broker = Mosquitto::start_with_login("hub", "geheim").unwrap();
    let mut stranger = Measuring::start(HOME, &at(&broker));
    stranger.until_trouble(0, "does not let us in; check username and password").await;

    let text = format!("url = {:?}\nusername = \"hub\"\npassword = \"geheim\"", broker.url());
    let known: Brokers = toml::from_str(&text).unwrap();
    broker.publish_retained("zigbee2mqtt/kitchen/fridge", r#"{"power":8,"energy":3}"#).unwrap();
    let mut friend = Measuring::start(HOME, &known);
    friend.until_measures(5).await;
    assert_eq!(friend.condition(0), Condition::Waiting);
}

#[tokio::test]
async fn discovery_lists_what_measures() {
    let broker = Mosquitto::start().unwrap();
    for (topic, body) in messages() {
        broker.publish_retained(topic, body).unwrap();
    }
    let found = listen(&at(&broker), Duration::from_secs(2)).await.unwrap();
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "tasmota = { topic = \"desk\", channel = 1 }",
        "tasmota = { topic = \"desk\", channel = 2 }",
        "tasmota = { topic = \"washer\" }",
        "shelly1 = { id = \"shellyem-B9E6F0\", channel = 1, clamps = true }",
        "shelly1 = { id = \"shellyplug-s-4022D8\" }",
        "shelly2 = { prefix = \"shellyplusplugs-b0b21c10a9f4\", component = \"switch:0\" }",
        "zigbee2mqtt = { name = \"kitchen/fridge\" }",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    let gone =
        listen(&Brokers { url: Some("mqtt://127.0.0.1:1".to_owned()), ..Brokers::default() }, LIMIT).await;
    assert!(gone.unwrap_err().to_string().contains("127.0.0.1:1 cannot be heard"));
}
