//! A broker that says what the test wants.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{ConnAck, ConnAckProperties, ConnectReturnCode, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct FakeBroker {
    listener: TcpListener,
}

pub(crate) struct Guest {
    stream: TcpStream,
    incoming: BytesMut,
}

impl FakeBroker {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://{}", self.listener.local_addr().unwrap())
    }

    /// The next one who comes, welcomed so that it may have `window` publications unacknowledged.
    pub(crate) async fn welcome(&self, window: u16) -> Guest {
        let mut guest = self.guest().await;
        assert!(matches!(guest.hear().await, Some(Packet::Connect(..))));
        let properties = ConnAckProperties {
            session_expiry_interval: None,
            receive_max: Some(window),
            max_qos: None,
            retain_available: None,
            max_packet_size: Some(2_000),
            assigned_client_identifier: None,
            topic_alias_max: None,
            reason_string: None,
            user_properties: Vec::new(),
            wildcard_subscription_available: None,
            subscription_identifiers_available: None,
            shared_subscription_available: None,
            server_keep_alive: None,
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        };
        let code = ConnectReturnCode::Success;
        guest
            .say(&Packet::ConnAck(ConnAck { session_present: false, code, properties: Some(properties) }))
            .await;
        guest
    }

    pub(crate) async fn guest(&self) -> Guest {
        Guest { stream: self.listener.accept().await.unwrap().0, incoming: BytesMut::new() }
    }
}

impl Guest {
    /// `None` when it has gone.
    pub(crate) async fn hear(&mut self) -> Option<Packet> {
        loop {
            if let Ok(packet) = Packet::read(&mut self.incoming, None) {
                return Some(packet);
            }
            if self.stream.read_buf(&mut self.incoming).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    pub(crate) async fn say(&mut self, packet: &Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        self.say_bytes(&bytes).await;
    }

    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}
