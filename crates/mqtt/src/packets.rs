//! What is said and heard, as packets. <https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html>

use bytes::{Bytes, BytesMut};
use domain::HubId;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::PublishError;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, ConnectReturnCode, Disconnect, DisconnectReasonCode, LastWill,
    LastWillProperties, Login, Packet, PacketType, PubAckReason, Publish, PublishProperties, check,
};
use rumqttc::v5::mqttbytes::{Error as Malformed, QoS};

use crate::{Config, Error};

/// Only acknowledgements come to us.
const MAX_INCOMING: u32 = 64 << 10;

/// RabbitMQ reads a topic's `/` as the `.` of a routing key.
pub(crate) fn topic(hub: HubId) -> String {
    format!("hub/{hub}")
}

pub(crate) fn presence_topic(hub: HubId) -> String {
    format!("presence/{hub}")
}

/// Takes the next packet out of what was read; `None` until there is more.
pub(crate) fn next(incoming: &mut BytesMut) -> Result<Option<Packet>, Error> {
    let header = match check(incoming.iter(), Some(MAX_INCOMING)) {
        Ok(header) => header,
        Err(Malformed::InsufficientBytes(_)) => return Ok(None),
        Err(error) => return Err(Error::Protocol(error.to_string())),
    };
    let kind = header.packet_type().map_err(|error| Error::Protocol(error.to_string()))?;
    // The codec does not know that a reason may be left out.
    if kind == PacketType::Disconnect && header.frame_length() == 2 {
        return Err(Error::Ended("without a reason".to_owned()));
    }
    Packet::read(incoming, Some(MAX_INCOMING)).map(Some).map_err(|error| Error::Protocol(error.to_string()))
}

/// The greeting. The broker keeps nothing of us when we are gone: what it has not acknowledged is in the spool. That we
/// are gone it tells those who ask about us.
pub(crate) fn connect(config: &Config, hub: HubId) -> Result<BytesMut, Error> {
    let properties = ConnectProperties {
        session_expiry_interval: Some(0),
        max_packet_size: Some(MAX_INCOMING),
        ..ConnectProperties::new()
    };
    let greeting = Connect {
        keep_alive: config.keep_alive_secs,
        client_id: hub.to_string(),
        clean_start: true,
        properties: Some(properties),
    };
    let will = LastWill {
        topic: presence_topic(hub).into(),
        message: wire::encode_presence(&Presence::gone(hub)),
        qos: QoS::AtMostOnce,
        retain: false,
        properties: Some(LastWillProperties {
            delay_interval: None,
            payload_format_indicator: None,
            message_expiry_interval: None,
            content_type: Some(wire::PRESENCE_CONTENT_TYPE.to_owned()),
            response_topic: None,
            correlation_data: None,
            user_properties: Vec::new(),
        }),
    };
    let login = config
        .login()
        .map(|(name, password)| Login { username: name.to_owned(), password: password.to_owned() });
    written(&Packet::Connect(greeting, Some(will), login), None)
}

/// What the broker takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Publications without acknowledgement.
    pub(crate) window: u16,
    /// Bytes of a packet.
    pub(crate) packet: Option<u32>,
    pub(crate) keep_alive_secs: u16,
}

/// Reads the answer to the greeting.
pub(crate) fn welcome(config: &Config, answer: &ConnAck) -> Result<Limits, Error> {
    match answer.code {
        ConnectReturnCode::Success => {}
        ConnectReturnCode::BadUserNamePassword
        | ConnectReturnCode::NotAuthorized
        | ConnectReturnCode::Banned => return Err(Error::LoginRefused),
        other => return Err(Error::Refused(format!("{other:?}"))),
    }
    let said = answer.properties.as_ref();
    if said.and_then(|said| said.max_qos) == Some(0) {
        return Err(Error::Refused("it acknowledges nothing".to_owned()));
    }
    Ok(Limits {
        window: said.and_then(|said| said.receive_max).unwrap_or(u16::MAX).min(config.window).max(1),
        packet: said.and_then(|said| said.max_packet_size),
        // None at all, which is 0, is too few for a line that fails without a word.
        keep_alive_secs: said
            .and_then(|said| said.server_keep_alive)
            .filter(|secs| *secs > 0)
            .map_or(config.keep_alive_secs, |secs| secs.min(config.keep_alive_secs)),
    })
}

/// A container, which the broker acknowledges by this id. Its trace is a property, of which RabbitMQ makes a header.
pub(crate) fn container(topic: String, body: Bytes, trace: Option<TraceContext>, id: u16) -> Packet {
    let header = |trace: TraceContext| (TraceContext::HEADER.to_owned(), trace.to_string());
    publish(
        topic,
        body,
        Some(id),
        PublishProperties {
            content_type: Some(wire::CONTENT_TYPE.to_owned()),
            user_properties: trace.map(header).into_iter().collect(),
            ..PublishProperties::default()
        },
    )
}

/// How a hub is, which nobody acknowledges.
pub(crate) fn presence(topic: String, body: Bytes) -> Packet {
    publish(
        topic,
        body,
        None,
        PublishProperties {
            content_type: Some(wire::PRESENCE_CONTENT_TYPE.to_owned()),
            ..PublishProperties::default()
        },
    )
}

fn publish(topic: String, body: Bytes, id: Option<u16>, properties: PublishProperties) -> Packet {
    Packet::Publish(Publish {
        dup: false,
        qos: if id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce },
        retain: false,
        topic: topic.into(),
        pkid: id.unwrap_or_default(),
        payload: body,
        properties: Some(properties),
    })
}

/// The last word. Without `quietly` the broker tells that we are gone.
pub(crate) fn farewell(quietly: bool) -> Packet {
    let reason_code = if quietly {
        DisconnectReasonCode::NormalDisconnection
    } else {
        DisconnectReasonCode::DisconnectWithWillMessage
    };
    Packet::Disconnect(Disconnect { reason_code, properties: None })
}

/// What an acknowledgement means for the container.
pub(crate) fn outcome(reason: PubAckReason) -> Result<(), PublishError> {
    match reason {
        PubAckReason::Success => Ok(()),
        PubAckReason::NotAuthorized => Err(PublishError::LoginRefused),
        PubAckReason::NoMatchingSubscribers => Err(PublishError::Refused("no queue takes it".to_owned())),
        PubAckReason::QuotaExceeded | PubAckReason::ImplementationSpecificError => {
            Err(PublishError::Refused("the queue is full or not available".to_owned()))
        }
        other => Err(PublishError::Refused(format!("{other:?}"))),
    }
}

/// Appended to nothing, as the codec's greeting has to be.
fn written(packet: &Packet, limit: Option<u32>) -> Result<BytesMut, Error> {
    let mut bytes = BytesMut::with_capacity(packet.size());
    packet.write(&mut bytes, limit).map_err(|error| Error::Protocol(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::v5::{ConnAckProperties, PingResp, PubAck};

    use super::*;

    fn hub() -> HubId {
        HubId::from_bytes([7; 16])
    }

    fn bytes(packet: &Packet) -> BytesMut {
        written(packet, None).unwrap()
    }

    #[test]
    fn packets_are_taken_one_by_one_and_only_when_they_are_whole() {
        let mut both = bytes(&Packet::PingResp(PingResp));
        both.unsplit(bytes(&Packet::PubAck(PubAck::new(7, None))));
        let mut incoming = BytesMut::new();
        let mut seen = Vec::new();
        for byte in both {
            incoming.extend_from_slice(&[byte]);
            seen.extend(next(&mut incoming).unwrap());
        }
        assert_eq!(seen, [Packet::PingResp(PingResp), Packet::PubAck(PubAck::new(7, None))]);
        assert!(incoming.is_empty());
    }

    #[test]
    fn what_is_no_packet_or_too_much_is_an_error_and_no_wait() {
        for wrong in
            [&[0xf0, 0][..], &[0x40, 0x80, 0x80, 0x80, 0x01], &[0x40, 1, 0], &[0x40, 0xff, 0xff, 0x7f]]
        {
            let outcome = next(&mut BytesMut::from(wrong));
            assert!(matches!(outcome, Err(Error::Protocol(_))), "{wrong:?}: {outcome:?}");
        }
        // The answer of a broker that speaks MQTT 3.1.1: "that version I do not know".
        let old = next(&mut BytesMut::from(&[0x20, 2, 0, 1][..]));
        assert!(matches!(old, Err(Error::Protocol(_))), "{old:?}");
        let ended = next(&mut BytesMut::from(&[0xe0, 0][..]));
        assert!(matches!(ended, Err(Error::Ended(_))), "{ended:?}");
    }

    #[test]
    fn a_greeting_leaves_a_will_and_nothing_else() {
        let config =
            Config { user: Some("me".to_owned()), password: Some("word".into()), ..Config::default() };
        let mut greeting = connect(&config, hub()).unwrap();
        let Some(Packet::Connect(said, Some(will), Some(login))) = next(&mut greeting).unwrap() else {
            panic!("no greeting");
        };
        assert!(said.clean_start);
        assert_eq!(said.properties.unwrap().session_expiry_interval, Some(0));
        assert_eq!((login.username.as_str(), login.password.as_str()), ("me", "word"));
        assert_eq!(will.topic, presence_topic(hub()));
        assert_eq!(wire::decode_presence(&will.message).unwrap(), Presence::gone(hub()));
    }

    #[test]
    fn a_broker_may_take_less_than_we_would_send() {
        let answer = |code, properties| ConnAck { session_present: false, code, properties };
        let config = Config { window: 50, ..Config::default() };
        let limits = welcome(&config, &answer(ConnectReturnCode::Success, None)).unwrap();
        assert_eq!(limits, Limits { window: 50, packet: None, keep_alive_secs: 30 });
        let refusals = [ConnectReturnCode::BadUserNamePassword, ConnectReturnCode::NotAuthorized];
        for code in refusals {
            assert!(matches!(welcome(&config, &answer(code, None)), Err(Error::LoginRefused)));
        }
        let busy = welcome(&config, &answer(ConnectReturnCode::ServerBusy, None));
        assert!(matches!(busy, Err(Error::Refused(_))));
        let said = ConnAckProperties {
            session_expiry_interval: None,
            receive_max: Some(10),
            max_qos: Some(1),
            retain_available: None,
            max_packet_size: Some(1_000),
            assigned_client_identifier: None,
            topic_alias_max: None,
            reason_string: None,
            user_properties: Vec::new(),
            wildcard_subscription_available: None,
            subscription_identifiers_available: None,
            shared_subscription_available: None,
            server_keep_alive: Some(9),
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        };
        let none = ConnAckProperties { max_qos: Some(0), ..said.clone() };
        assert!(welcome(&config, &answer(ConnectReturnCode::Success, Some(none))).is_err());
        let limits = welcome(&config, &answer(ConnectReturnCode::Success, Some(said))).unwrap();
        assert_eq!(limits, Limits { window: 10, packet: Some(1_000), keep_alive_secs: 9 });
    }

    #[test]
    fn only_success_confirms() {
        assert!(outcome(PubAckReason::Success).is_ok());
        assert!(matches!(outcome(PubAckReason::NotAuthorized), Err(PublishError::LoginRefused)));
        for reason in [
            PubAckReason::NoMatchingSubscribers,
            PubAckReason::QuotaExceeded,
            PubAckReason::ImplementationSpecificError,
            PubAckReason::UnspecifiedError,
            PubAckReason::PacketIdentifierInUse,
        ] {
            assert!(matches!(outcome(reason), Err(PublishError::Refused(_))), "{reason:?}");
        }
    }
}
