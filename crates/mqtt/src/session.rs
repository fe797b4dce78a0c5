//! One connection's life: what goes out, what is acknowledged, and whether somebody is still there.

use std::collections::HashMap;
use std::time::Duration;

use bytes::BytesMut;
use domain::presence::Presence;
use domain::transport::PublishError;
use rumqttc::v5::mqttbytes::v5::{DisconnectReasonCode, Packet, PingReq, PubAck};
use tokio::io::{self, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::connection::{Connection, Stream};
use crate::packets::{self, Limits};
use crate::task::{Answer, Request};

/// With more than this unsent, and be it one large container, nothing more is taken.
const UNSENT: usize = 64 << 10;
const FAREWELL: Duration = Duration::from_secs(2);

pub(crate) struct Session {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    incoming: BytesMut,
    limits: Limits,
    /// So long the broker may acknowledge nothing although there is something.
    patience: Duration,
    state: State,
}

/// All but the connection itself.
#[derive(Default)]
struct State {
    outgoing: BytesMut,
    unacknowledged: HashMap<u16, Answer>,
    /// Who waits for his message to be on its way.
    unsent: Vec<Answer>,
    last_id: u16,
    has_sent: bool,
    has_heard: bool,
    /// A question whether the broker is there is not answered yet.
    asked: bool,
}

impl Session {
    pub(crate) fn new(connection: Connection, patience: Duration) -> Self {
        let Connection { stream, incoming, limits } = connection;
        let (reader, writer) = io::split(stream);
        Self { reader, writer, incoming, limits, patience, state: State::default() }
    }

    /// Sends it when [`carry`](Self::carry) begins.
    pub(crate) fn tell(&mut self, presence: &Presence) -> Result<(), Error> {
        let (topic, body) = (packets::presence_topic(presence.hub), wire::encode_presence(presence));
        self.state.write(&packets::presence(topic, body))
    }

    /// Until the connection is lost, or `Ok` when it is time to stop.
    pub(crate) async fn carry(
        &mut self,
        inbox: &mut mpsc::Receiver<Request>,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let Self { reader, writer, incoming, limits, patience, state } = self;
        let mut beat = beat(limits.keep_alive_secs);
        let mut progress = Instant::now();
        loop {
            while let Some(packet) = packets::next(incoming)? {
                state.has_heard = true;
                if state.hear(packet)? {
                    progress = Instant::now();
                }
            }
            let waits = !state.unacknowledged.is_empty();
            let has_room =
                state.unacknowledged.len() < usize::from(limits.window) && state.outgoing.len() < UNSENT;
            let has_unsent = !state.outgoing.is_empty() || !state.unsent.is_empty();
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                read = reader.read_buf(incoming) => {
                    if read.map_err(Error::io("reading"))? == 0 {
                        return Err(Error::Lost);
                    }
                }
                sent = send(writer, &mut state.outgoing), if has_unsent => {
                    sent.map_err(Error::io("writing"))?;
                    state.all_sent();
                }
                Some(request) = inbox.recv(), if has_room => {
                    if !waits {
                        progress = Instant::now();
                    }
                    state.take(request, limits)?;
                }
                () = sleep_until(progress + *patience), if waits => {
                    let operation = "waiting for acknowledgements";
                    return Err(Error::TimedOut { operation, limit: *patience });
                }
                _ = beat.tick() => state.beat()?,
            }
        }
    }

    /// Says goodbye. What the broker does not hear in time it finds out.
    pub(crate) async fn end(mut self, quietly: bool) {
        let goodbye = async {
            self.state.write(&packets::farewell(quietly))?;
            send(&mut self.writer, &mut self.state.outgoing).await.map_err(Error::io("saying goodbye"))?;
            self.writer.shutdown().await.map_err(Error::io("closing the connection"))
        };
        if let Ok(Err(error)) = timeout(FAREWELL, goodbye).await {
            tracing::debug!(%error, "leaving the MQTT broker");
        }
    }
}

/// Twice within the time after which a silent peer is gone.
fn beat(keep_alive_secs: u16) -> Interval {
    let every = Duration::from_secs(keep_alive_secs.into()).max(Duration::from_secs(1)) / 2;
    let mut beat = interval_at(Instant::now() + every, every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

/// May be dropped at any time: what is not written stays.
async fn send(writer: &mut (impl AsyncWrite + Unpin), outgoing: &mut BytesMut) -> io::Result<()> {
    while !outgoing.is_empty() {
        if writer.write_buf(outgoing).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    writer.flush().await
}

impl State {
    fn write(&mut self, packet: &Packet) -> Result<(), Error> {
        self.has_sent = true;
        packet.write(&mut self.outgoing, None).map(drop).map_err(|error| Error::Protocol(error.to_string()))
    }

    fn take(&mut self, request: Request, limits: &Limits) -> Result<(), Error> {
        match request {
            Request::Container { topic, body, trace, answer } => {
                if answer.is_closed() {
                    return Ok(());
                }
                let id = self.fresh_id();
                self.publish(&packets::container(topic, body, trace, id), id, answer, limits)
            }
            Request::Presence { topic, body, answer } => {
                self.unsent.push(answer);
                self.write(&packets::presence(topic, body))
            }
        }
    }

    fn publish(&mut self, packet: &Packet, id: u16, answer: Answer, limits: &Limits) -> Result<(), Error> {
        if let Some(limit) = limits.packet
            && packet.size() > usize::try_from(limit).unwrap_or(usize::MAX)
        {
            let reason = format!("the broker takes at most {limit} bytes");
            answer.send(Err(PublishError::Refused(reason))).ok();
            return Ok(());
        }
        self.unacknowledged.insert(id, answer);
        self.write(packet)
    }

    /// There is one: the window is far smaller than their number.
    fn fresh_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if self.last_id != 0 && !self.unacknowledged.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    fn all_sent(&mut self) {
        for answer in self.unsent.drain(..) {
            answer.send(Ok(())).ok();
        }
    }

    /// Whether it brought a container to its end.
    fn hear(&mut self, packet: Packet) -> Result<bool, Error> {
        match packet {
            Packet::PubAck(PubAck { pkid, reason, .. }) => {
                let answer = self
                    .unacknowledged
                    .remove(&pkid)
                    .ok_or_else(|| Error::Protocol(format!("it acknowledges {pkid}, which was not sent")))?;
                // Whoever gave up waiting keeps the container and sends it again.
                answer.send(packets::outcome(reason)).ok();
                Ok(true)
            }
            Packet::PingResp(_) => {
                self.asked = false;
                Ok(false)
            }
            // RabbitMQ does so where it could acknowledge with that reason. The rights of a hub end with its credentials.
            Packet::Disconnect(ended) if ended.reason_code == DisconnectReasonCode::NotAuthorized => {
                Err(Error::LoginRefused)
            }
            Packet::Disconnect(ended) => Err(Error::Ended(format!("{:?}", ended.reason_code))),
            other => Err(Error::Protocol(format!("not expected: {other:?}"))),
        }
    }

    /// Asks whether the broker is there, unless both have just shown that they are.
    fn beat(&mut self) -> Result<(), Error> {
        if self.asked && !self.has_heard {
            return Err(Error::Lost);
        }
        if !(self.has_sent && self.has_heard) {
            self.write(&Packet::PingReq(PingReq))?;
            self.asked = true;
        }
        (self.has_sent, self.has_heard) = (false, false);
        Ok(())
    }
}
