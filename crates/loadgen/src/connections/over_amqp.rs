//! A hub over AMQP: a channel for containers and one for presence, both with confirms.

use bytes::Bytes;
use domain::HubId;

use super::ConnectionsError;
use super::endpoint::Stream;
use super::hub::{Answer, Wire};
use super::tally::Outcome;
use crate::amqp::{Address, Connection, Error, Event, Events, put_heartbeat, put_message};

/// It is opened and holds what a channel holds. What is said over it, a word in two minutes, is left out.
const PRESENCE: u16 = 2;

pub(super) struct Amqp {
    events: Events,
    frame_max: usize,
    sent: u64,
}

pub(super) async fn greet(
    stream: Stream,
    address: &Address,
    heartbeat_secs: u16,
) -> Result<(Stream, Amqp), ConnectionsError> {
    let mut connection = Connection::greet(stream, address, heartbeat_secs).await?;
    connection.open_channel(PRESENCE).await?;
    let Connection { stream, events, frame_max } = connection;
    Ok((stream, Amqp { events, frame_max, sent: 0 }))
}

impl Wire for Amqp {
    fn put_container(&mut self, out: &mut Vec<u8>, hub: HubId, body: Bytes) -> Result<u64, ConnectionsError> {
        self.sent += 1;
        put_message(out, hub, self.sent, &body, self.frame_max);
        Ok(self.sent)
    }

    fn put_keep_alive(&mut self, out: &mut Vec<u8>) -> Result<(), ConnectionsError> {
        put_heartbeat(out);
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8], each: &mut dyn FnMut(Answer)) -> Result<(), ConnectionsError> {
        self.events.buffer().extend_from_slice(bytes);
        while let Some(event) = self.events.next().map_err(Error::Unexpected)? {
            match event {
                Event::Confirm { tag: number, multiple, taken } => {
                    let outcome = if taken { Outcome::Confirmed } else { Outcome::Refused };
                    each(Answer { number, multiple, outcome });
                }
                // Its confirm follows and finds nothing any more.
                Event::Returned(number) => {
                    each(Answer { number, multiple: false, outcome: Outcome::Returned });
                }
                Event::Closed(reason) => return Err(Error::Refused(reason).into()),
                Event::Blocked(_) | Event::Method(..) => {}
            }
        }
        Ok(())
    }
}
