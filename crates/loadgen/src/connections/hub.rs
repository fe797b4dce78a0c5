//! One hub while it is connected.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::HubId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::endpoint::{Protocol, Stream};
use super::tally::Outcome;
use super::{ConnectionsError, Shared, over_amqp, over_mqtt};
use crate::chance::mixed;

/// For a few hundred bytes.
const WRITING: Duration = Duration::from_secs(30);
/// Confirms and keep-alives are shorter; what is longer comes in pieces.
const READ: usize = 256;
const FOR_MOMENT: u64 = 31;

/// What all hubs are to do now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    Idle,
    Publishing { since: Instant, until: Instant },
}

/// A protocol, without IO.
pub(super) trait Wire: Send {
    /// Appends the message; gives the number by which its answer is known.
    fn put_container(&mut self, out: &mut Vec<u8>, hub: HubId, body: Bytes) -> Result<u64, ConnectionsError>;
    /// Appends what tells the broker that we are there.
    fn put_keep_alive(&mut self, out: &mut Vec<u8>) -> Result<(), ConnectionsError>;
    /// Tells each answer in what has come.
    fn hear(&mut self, bytes: &[u8], each: &mut dyn FnMut(Answer)) -> Result<(), ConnectionsError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) number: u64,
    /// It is for all up to this number.
    pub(super) multiple: bool,
    pub(super) outcome: Outcome,
}

pub(super) struct Hub {
    shared: Arc<Shared>,
    index: u32,
    id: HubId,
    stream: Stream,
    wire: Box<dyn Wire>,
    /// Containers without an answer, and since when.
    open: BTreeMap<u64, Instant>,
    /// When the next container is due.
    next: Option<Instant>,
    until: Instant,
    /// All that was due is sent.
    is_done: bool,
    round: i64,
    heard: Instant,
    /// Something since the last keep-alive.
    has_sent: bool,
}

impl Hub {
    pub(super) async fn open(shared: Arc<Shared>, index: u32) -> Result<Self, ConnectionsError> {
        let (id, endpoint) = (shared.hub(index), &shared.endpoint);
        let stream = endpoint.connect(index).await?;
        let (stream, wire): (Stream, Box<dyn Wire>) = match &endpoint.protocol {
            Protocol::Amqp(address) => {
                let (stream, wire) = over_amqp::greet(stream, address, endpoint.keep_alive_secs).await?;
                (stream, Box::new(wire))
            }
            Protocol::Mqtt(log_in) => {
                let (stream, wire) = over_mqtt::greet(stream, log_in, id, endpoint.keep_alive_secs).await?;
                (stream, Box::new(wire))
            }
        };
        let now = Instant::now();
        Ok(Self {
            shared,
            index,
            id,
            stream,
            wire,
            open: BTreeMap::new(),
            next: None,
            until: now,
            is_done: false,
            round: 0,
            heard: now,
            has_sent: false,
        })
    }

    /// Until nobody says any more what to do, or until it is lost.
    pub(super) async fn run(mut self, phase: watch::Receiver<Phase>) {
        if let Err(error) = self.live(phase).await {
            self.shared.tally().lost(&error, self.is_done);
        }
    }

    async fn live(&mut self, mut phase: watch::Receiver<Phase>) -> Result<(), ConnectionsError> {
        let limit = 2 * Duration::from_secs(self.shared.endpoint.keep_alive_secs.into());
        // Twice within the time after which a silent peer is suspect, as hubs do.
        let mut beat = interval_at(Instant::now() + limit / 4, limit / 4);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut incoming = [0; READ];
        loop {
            let next = self.next;
            // Asked only when there is one.
            let due = next.unwrap_or(self.until);
            tokio::select! {
                changed = phase.changed() => match changed {
                    Ok(()) => self.turn_to(*phase.borrow_and_update()),
                    Err(_) => return Ok(()),
                },
                read = self.stream.read(&mut incoming) => {
                    match read.map_err(ConnectionsError::io("reading"))? {
                        0 => return Err(ConnectionsError::Refused("it closed the connection".to_owned())),
                        read => self.hear(&incoming[..read])?,
                    }
                }
                () = sleep_until(due), if next.is_some() => self.publish(due).await?,
                _ = beat.tick() => {
                    if self.heard.elapsed() > limit {
                        return Err(ConnectionsError::Silent(limit));
                    }
                    if !std::mem::take(&mut self.has_sent) {
                        let mut out = Vec::new();
                        self.wire.put_keep_alive(&mut out)?;
                        self.write(&out).await?;
                    }
                }
            }
        }
    }

    /// Each hub has its moment, so that all together they are even.
    #[expect(clippy::cast_precision_loss, reason = "a moment, about")]
    fn turn_to(&mut self, phase: Phase) {
        if let Phase::Publishing { since, until } = phase {
            let moment = mixed([FOR_MOMENT, self.index.into()]) as f64 / u64::MAX as f64;
            self.until = until;
            self.next_is(since + self.shared.every.mul_f64(moment));
        }
    }

    fn next_is(&mut self, next: Instant) {
        self.next = Some(next).filter(|next| *next < self.until);
        if self.next.is_none() {
            self.is_done = true;
            self.shared.tally().done += 1;
        }
    }

    async fn publish(&mut self, due: Instant) -> Result<(), ConnectionsError> {
        let body = self.shared.population.body(self.index, self.round);
        let mut out = Vec::new();
        let number = self.wire.put_container(&mut out, self.id, body)?;
        self.open.insert(number, Instant::now());
        self.shared.tally().published += 1;
        self.round += 1;
        self.next_is(due + self.shared.every);
        self.has_sent = true;
        self.write(&out).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ConnectionsError> {
        let writing = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        let written = timeout(WRITING, writing).await.map_err(|_| ConnectionsError::Silent(WRITING))?;
        written.map_err(ConnectionsError::io("writing"))
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<(), ConnectionsError> {
        self.heard = Instant::now();
        let Self { shared, wire, open, heard, .. } = self;
        wire.hear(bytes, &mut |Answer { number, multiple, outcome }| {
            let later = if multiple { open.split_off(&(number + 1)) } else { BTreeMap::new() };
            let answered = if multiple {
                std::mem::replace(open, later)
            } else {
                open.remove_entry(&number).into_iter().collect()
            };
            for since in answered.into_values() {
                shared.tally().landed(outcome, *heard - since);
            }
        })
    }
}
