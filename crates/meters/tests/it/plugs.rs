use std::time::Duration;

use domain::energy::Microjoules;
use domain::metering::{Counter, MeterSetup, Reading, Restart, SocketMeter};
use domain::sensor::Observation;
use domain::ticker::Counted;
use domain::{Milliwatts, SocketNumber, UtcMillis};
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
    [[agent.sensors]]
    socket = 6
    feeds_in = true
    shelly2 = { prefix = "shelly1pmminig3-5432044e0001", poll_secs = 0 }
"#;

/// Two channels, whose counters are told as one sum.
const SUM: &str = include_str!("messages/tasmota-sum.txt");

const MESSAGES: [&str; 7] = [
    include_str!("messages/tasmota.txt"),
    include_str!("messages/tasmota-channels.txt"),
    include_str!("messages/shelly1.txt"),
    include_str!("messages/shelly1-clamps.txt"),
    include_str!("messages/shelly2.txt"),
    include_str!("messages/zigbee2mqtt.txt"),
    include_str!("messages/shelly2-feeds-in.txt"),
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
        // 200.25 Wh were drawn and 5,000.25 Wh fed in.
        (-310.5, -4_800.0),
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

/// What a Shelly counts, in watt-hours, by what it tells one after the other: `None` where that is no count.
#[expect(clippy::cast_precision_loss, reason = "some watt-hours")]
fn shelly_counts(told: &[(&str, &str)]) -> Vec<Option<f64>> {
    let mut plug = plugs().remove(6);
    let prefix = "shelly1pmminig3-5432044e0001";
    told.iter()
        .map(|(how, counters)| {
            let (topic, body) = match *how {
                "status" => ("status/switch:0", format!("{{{counters}}}")),
                _ => ("events/rpc", format!(r#"{{"params":{{"switch:0":{{{counters}}}}}}}"#)),
            };
            let said = plug.hear(&format!("{prefix}/{topic}"), body.as_bytes())?;
            said.unwrap().count.map(|count| count.0 as f64 / 3.6e9)
        })
        .collect()
}

#[test]
fn a_shelly_that_feeds_in_never_counts_without_its_second_counter() {
    let both = |drawn_and_returned: f64, returned: f64| {
        let counter = |name: &str, total| format!(r#""{name}":{{"total":{total}}}"#);
        let all = counter("aenergy", drawn_and_returned);
        (all.clone(), format!("{all},{}", counter("ret_aenergy", returned)))
    };
    let ((_, first), (alone, second)) = (both(100.0, 40.0), both(101.0, 41.0));
    // What an event leaves out has not changed since.
    let told = [("event", first.as_str()), ("event", &alone), ("event", &second), ("status", &second)];
    assert_eq!(shelly_counts(&told), [Some(20.0), Some(21.0), Some(19.0), Some(19.0)]);
    // Nothing is known at first: it may have a second counter.
    assert_eq!(shelly_counts(&[("event", &alone), ("status", &second)]), [None, Some(19.0)]);
    // One that has none says so with its whole status, or by never telling it.
    assert_eq!(shelly_counts(&[("status", &alone), ("event", &alone)]), [Some(101.0), Some(101.0)]);
    assert_eq!(shelly_counts(&[("event", &alone), ("event", &alone)]), [None, Some(101.0)]);
    let below = plugs()
        .remove(6)
        .hear("shelly1pmminig3-5432044e0001/status/switch:0", br#"{"aenergy":{"total":-1.0}}"#);
    assert!(below.unwrap().is_err(), "a counter does not stand below zero");
}

/// What a meter with clamps is told to have used, in watt-hours, by its two counters as they come, a minute apart each pair.
fn clamp_energies(told: [(&str, f64); 4], before: Option<i64>) -> Vec<i64> {
    let (mut plug, begin) = (plugs().remove(3), UtcMillis::from_secs(1_790_000_000));
    let socket = SocketNumber::new(3).unwrap();
    let mut meter = SocketMeter::new(MeterSetup {
        socket,
        counter: Some(Counter { resolution: Microjoules(360_000_000), restart: Restart::FromSaved }),
        max_power: Milliwatts::from_watts(3_680),
        feeds_in: true,
        hold: Duration::from_secs(30),
    });
    if let Some(count) = before {
        let (at, count) = (begin.plus_millis(-3_600_000), Microjoules(count * 3_600_000_000));
        meter = meter.resumed(&Counted { socket, at, count, tick: None, meter: None });
    }
    let mut energies = Vec::new();
    for ((topic, watt_hours), millis) in told.into_iter().zip([0, 40, 60_000, 60_040]) {
        let topic = format!("shellies/shellyem-B9E6F0/emeter/1/{topic}");
        let Some(reading) = plug.hear(&topic, watt_hours.to_string().as_bytes()) else { continue };
        let told = meter.read(begin.plus_millis(millis), reading.unwrap());
        assert_eq!(told.remark, None, "{topic} {watt_hours}");
        if let Some(Observation::Energy { energy, .. }) = told.observation {
            energies.push(energy.0 / 3_600_000_000);
        }
    }
    energies
}

#[test]
fn the_two_counters_of_a_clamp_say_the_same_in_either_order_and_after_a_restart() {
    let (drawn, returned) = (
        [("total", 12_000.0), ("total", 12_002.0)],
        [("total_returned", 5_000.0), ("total_returned", 5_012.0)],
    );
    for told in
        [[drawn[0], returned[0], drawn[1], returned[1]], [returned[0], drawn[0], returned[1], drawn[1]]]
    {
        assert_eq!(clamp_energies(told, None), [-10], "{told:?}");
        assert_eq!(clamp_energies(told, Some(7_005)), [-5, -10], "{told:?}");
    }
    // One that does not change may not be told again.
    let told = [drawn[0], returned[0], returned[0], returned[1]];
    assert_eq!(clamp_energies(told, None), [-12]);
}

#[test]
fn a_sum_over_the_channels_of_a_tasmota_is_the_counter_of_none() {
    let (topic, body) = SUM.trim_end().split_once(' ').unwrap();
    let read = |more: &str| {
        let text = format!("[[agent.sensors]]\nsocket = 0\ntasmota = {{ topic = \"plug25\"{more} }}");
        let mut plug = Plug::of(&entries(&text)[0]).unwrap();
        plug.hear(topic, body.as_bytes()).unwrap()
    };
    for channel in ["", ", channel = 1", ", channel = 2"] {
        let sentence = read(channel).unwrap_err().to_string();
        assert!(sentence.contains("SetOption129 1"), "{sentence}");
    }
    let by_power = Reading { power: Some(Milliwatts::from_watts(34)), count: None };
    assert_eq!(read(", channel = 2, counter = false"), Ok(by_power));
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
    let mut measuring = Measuring::start(HOME, &at(&broker));
    measuring.until_trouble(0, "the broker says that it is offline").await;
    measuring.until_trouble(1, "is not what such a plug sends").await;
    measuring
        .until("the absurd power is noted", |_, health| {
            broker.publish("zigbee2mqtt/kitchen/fridge", r#"{"power":-8388608,"energy":3}"#).unwrap();
            health.snapshot()[5].remark.as_ref().is_some_and(|remark| remark.1.contains("-8388608 W"))
        })
        .await;
    let status = ("shellyplusplugs-b0b21c10a9f4/status/switch:0", r#"{"apower":5,"aenergy":{"total":7}}"#);
    measuring.until_heard(4, &broker, status).await;
    measuring.until_trouble(2, "nothing was heard of it for").await;

    broker.kill();
    measuring.until_trouble(4, "cannot be heard").await;
    broker.restart().unwrap();
    // It is not known when it has subscribed anew, so it is told again and again.
    measuring.until_heard(4, &broker, status).await;
}

#[tokio::test]
async fn a_clamp_that_is_the_wrong_way_round_says_what_to_do() {
    let broker = Mosquitto::start().unwrap();
    let clamp = "[[agent.sensors]]\nsocket = 0\nshelly1 = { id = \"em\", clamps = true }";
    let mut measuring = Measuring::start(clamp, &at(&broker));
    let expected = "it reads -410 W, as a socket that feeds in; turn its clamp round, or set feeds_in = true if it may; \
                    that reading is left out";
    measuring
        .until("the clamp is odd", |_, health| {
            broker.publish("shellies/em/emeter/0/power", "-410.55").unwrap();
            health.snapshot()[0].remark.as_ref().is_some_and(|remark| remark.1 == expected)
        })
        .await;
}

#[tokio::test]
async fn what_the_broker_has_kept_is_a_fault_at_most_and_never_a_measurement() {
    let broker = Mosquitto::start().unwrap();
    let state = ("zigbee2mqtt/kitchen/fridge", r#"{"power":71,"energy":42.17}"#);
    broker.publish_retained(state.0, state.1).unwrap();
    broker.publish_retained("tele/washer/LWT", "Offline").unwrap();
    let mut measuring = Measuring::start(HOME, &at(&broker));
    measuring.until_trouble(0, "the broker says that it is offline").await;
    // What is new comes after all that was kept.
    let status = ("shellyplusplugs-b0b21c10a9f4/status/switch:0", r#"{"apower":5,"aenergy":{"total":7}}"#);
    measuring.until_heard(4, &broker, status).await;
    assert_eq!(measuring.condition(5), Condition::Waiting);
    measuring.until_heard(5, &broker, state).await;
}

#[tokio::test]
async fn a_broker_that_wants_a_password_says_who_may_come_in() {
    let broker = Mosquitto::start_with_login("hub", "geheim").unwrap();
    let mut stranger = Measuring::start(HOME, &at(&broker));
    stranger.until_trouble(0, "does not let us in; check username and password").await;

    let text = format!("url = {:?}\nusername = \"hub\"\npassword = \"geheim\"", broker.url());
    let known: Brokers = toml::from_str(&text).unwrap();
    let mut friend = Measuring::start(HOME, &known);
    friend.until_heard(5, &broker, ("zigbee2mqtt/kitchen/fridge", r#"{"power":8,"energy":3}"#)).await;
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
        "shelly2 = { prefix = \"shelly1pmminig3-5432044e0001\" }",
        "shelly2 = { prefix = \"shellyplusplugs-b0b21c10a9f4\" }",
        "zigbee2mqtt = { name = \"kitchen/fridge\" }",
    ];
    assert_eq!(lines, expected);
    let gone =
        listen(&Brokers { url: Some("mqtt://127.0.0.1:1".to_owned()), ..Brokers::default() }, LIMIT).await;
    assert!(gone.unwrap_err().to_string().contains("127.0.0.1:1 cannot be heard"));
}
