//! A hub over MQTT 5: the packets that `mqtt`, the hub's own adapter, sends. They are rumqttc's.

use bytes::{Bytes, BytesMut};
use domain::HubId;
use domain::presence::Presence;
use rumqttc::v5::mqttbytes::v5::{
    Connect, ConnectProperties, ConnectReturnCode, LastWill, LastWillProperties, Login, Packet, PingReq,
    PubAckReason, Publish, PublishProperties,
};
use rumqttc::v5::mqttbytes::{Error as Malformed, QoS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ConnectionsError;
use super::endpoint::Stream;
use super::hub::{Answer, Wire};
use super::tally::Outcome;

/// As hubs ask for.
pub(super) const KEEP_ALIVE_SECS: u16 = 30;
const MAX_INCOMING: u32 = 64 << 10;

pub(super) struct LogIn {
    user: String,
    password: String,
}

pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
    pub(super) log_in: LogIn,
}

impl std::str::FromStr for Address {
    type Err = ConnectionsError;

    fn from_str(url: &str) -> Result<Self, ConnectionsError> {
        let url = reqwest::Url::parse(url).map_err(|_| ConnectionsError::Url)?;
        let (is_tls, usual_port) = match url.scheme() {
            "mqtts" => (true, 8_883),
            "mqtt" => (false, 1_883),
            _ => return Err(ConnectionsError::Url),
        };
        let log_in = LogIn {
            user: url.username().to_owned(),
            password: url.password().ok_or(ConnectionsError::Url)?.to_owned(),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ConnectionsError::Url)?.to_owned();
        Ok(Self { host, port: url.port().unwrap_or(usual_port), is_tls, log_in })
    }
}

#[derive(Default)]
pub(super) struct Mqtt {
    incoming: BytesMut,
    last_id: u16,
}

pub(super) async fn greet(
    mut stream: Stream,
    log_in: &LogIn,
    hub: HubId,
    keep_alive_secs: u16,
) -> Result<(Stream, Mqtt), ConnectionsError> {
    let mut out = Vec::new();
    put(&mut out, &greeting(log_in, hub, keep_alive_secs))?;
    stream.write_all(&out).await.map_err(ConnectionsError::io("greeting"))?;
    stream.flush().await.map_err(ConnectionsError::io("greeting"))?;
    let mut wire = Mqtt::default();
    loop {
        match wire.next()? {
            Some(Packet::ConnAck(answer)) if answer.code == ConnectReturnCode::Success => {
                return Ok((stream, wire));
            }
            Some(other) => return Err(ConnectionsError::Refused(format!("{other:?}"))),
            None => {}
        }
        let read = stream.read_buf(&mut wire.incoming).await;
        if read.map_err(ConnectionsError::io("waiting for the welcome"))? == 0 {
            return Err(ConnectionsError::Refused("it closed the connection".to_owned()));
        }
    }
}

/// With a last will, which the broker keeps for each.
fn greeting(who: &LogIn, hub: HubId, keep_alive: u16) -> Packet {
    let properties = ConnectProperties {
        session_expiry_interval: Some(0),
        max_packet_size: Some(MAX_INCOMING),
        ..ConnectProperties::new()
    };
    let greeting =
        Connect { keep_alive, client_id: hub.to_string(), clean_start: true, properties: Some(properties) };
    let will = LastWill {
        topic: format!("presence/{hub}").into(),
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
    let LogIn { user, password } = who;
    let named = Login { username: user.clone(), password: password.clone() };
    Packet::Connect(greeting, Some(will), Some(named))
}

impl Mqtt {
    fn next(&mut self) -> Result<Option<Packet>, ConnectionsError> {
        match Packet::read(&mut self.incoming, Some(MAX_INCOMING)) {
            Ok(packet) => Ok(Some(packet)),
            Err(Malformed::InsufficientBytes(_)) => Ok(None),
            Err(error) => Err(malformed(&error)),
        }
    }
}

impl Wire for Mqtt {
    fn put_container(&mut self, out: &mut Vec<u8>, hub: HubId, body: Bytes) -> Result<u64, ConnectionsError> {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        let message = Publish {
            dup: false,
            qos: QoS::AtLeastOnce,
            retain: false,
            topic: format!("hub/{hub}").into(),
            pkid: self.last_id,
            payload: body,
            properties: Some(PublishProperties {
                content_type: Some(wire::CONTENT_TYPE.to_owned()),
                ..PublishProperties::default()
            }),
        };
        put(out, &Packet::Publish(message))?;
        Ok(self.last_id.into())
    }

    fn put_keep_alive(&mut self, out: &mut Vec<u8>) -> Result<(), ConnectionsError> {
        put(out, &Packet::PingReq(PingReq))
    }

    fn hear(&mut self, bytes: &[u8], each: &mut dyn FnMut(Answer)) -> Result<(), ConnectionsError> {
        self.incoming.extend_from_slice(bytes);
        while let Some(packet) = self.next()? {
            match packet {
                Packet::PubAck(answer) => {
                    let outcome = match answer.reason {
                        PubAckReason::Success => Outcome::Confirmed,
                        PubAckReason::NoMatchingSubscribers => Outcome::Returned,
                        _ => Outcome::Refused,
                    };
                    each(Answer { number: answer.pkid.into(), multiple: false, outcome });
                }
                Packet::PingResp(_) => {}
                other => return Err(ConnectionsError::Refused(format!("{other:?}"))),
            }
        }
        Ok(())
    }
}

/// The codec's greeting has to be appended to nothing.
fn put(out: &mut Vec<u8>, packet: &Packet) -> Result<(), ConnectionsError> {
    let mut bytes = BytesMut::with_capacity(packet.size());
    packet.write(&mut bytes, None).map_err(|error| malformed(&error))?;
    out.extend_from_slice(&bytes);
    Ok(())
}

fn malformed(error: &Malformed) -> ConnectionsError {
    ConnectionsError::Refused(format!("what came is not MQTT 5: {error}"))
}
