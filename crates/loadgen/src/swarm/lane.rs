//! One connection and the hubs behind it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::HubId;
use tokio::io::Interest;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::flights::{Flight, Flights, Landing};
use super::schedule::Schedule;
use crate::amqp::{Address, Connection, Error, Event, HEARTBEAT_SECS, put_heartbeat, put_message};
use crate::chance::mixed;
use crate::item::Item;
use crate::population::Population;

const CONNECT: Duration = Duration::from_secs(10);
/// Written and not yet taken by the socket, in bytes; one message may go beyond.
const OUT: usize = 1 << 18;
/// What is due within so much time is sent at once: waking up for each costs more than sending it.
const TOGETHER: Duration = Duration::from_millis(5);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const FOR_PAUSE: u64 = 21;

/// What all lanes have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) address: Address,
    pub(super) population: Population,
    pub(super) window: usize,
    pub(super) begin: Instant,
    /// Within which the connections come back after a storm.
    pub(super) storm_spread: Duration,
    /// Nothing new is sent any more.
    pub(super) finish: CancellationToken,
    /// Nothing is waited for any more.
    pub(super) give_up: CancellationToken,
    pub(super) book: Mutex<Book>,
}

impl Shared {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Lane {
    pub(super) shared: Arc<Shared>,
    pub(super) number: u32,
    pub(super) schedule: Schedule,
    /// When it first connects.
    pub(super) opens: Duration,
    pub(super) storm: watch::Receiver<u64>,
    /// To be published again, first of all.
    pub(super) again: VecDeque<Item>,
    /// When the last confirm came.
    pub(super) confirmed: Option<Instant>,
}

/// Why a connection is no longer used.
enum Ending {
    /// All is confirmed, or nobody waits any more.
    Done,
    Storm,
    Lost(Error),
}

impl Lane {
    /// Until all is confirmed, or the swarm gives up; what is open then is unknown.
    pub(super) async fn run(mut self) {
        let give_up = self.shared.give_up.clone();
        give_up.run_until_cancelled(sleep(self.opens)).await;
        let mut attempts = 0;
        let mut connections = 0u64;
        while !self.is_done() && !give_up.is_cancelled() {
            let opening = Connection::open(&self.shared.address, CONNECT);
            let Some(opened) = give_up.run_until_cancelled(opening).await else { break };
            let ending = match opened {
                Ok(connection) => {
                    attempts = 0;
                    connections += 1;
                    self.shared.book().connected(connections > 1);
                    Session::new(&mut self, connection).run().await
                }
                Err(error) => Ending::Lost(error),
            };
            let pause = match ending {
                Ending::Done => break,
                Ending::Storm => self.jittered(self.shared.storm_spread, connections),
                Ending::Lost(error) => {
                    self.shared.book().trouble = Some(error.to_string());
                    attempts += 1;
                    let longest = FIRST_PAUSE.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE);
                    longest / 2 + self.jittered(longest / 2, connections)
                }
            };
            give_up.run_until_cancelled(sleep(pause)).await;
        }
        let mut book = self.shared.book();
        for item in self.again.drain(..) {
            book.unknown(item);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a jitter")]
    fn jittered(&self, spread: Duration, count: u64) -> Duration {
        let number = mixed([self.shared.population.seed, FOR_PAUSE, self.number.into(), count]);
        spread.mul_f64(number as f64 / u64::MAX as f64)
    }

    /// Nothing is to be sent any more.
    fn is_done(&mut self) -> bool {
        self.again.is_empty() && (self.shared.finish.is_cancelled() || self.schedule.due().is_none())
    }
}

/// A lane while it is connected.
struct Session<'a> {
    lane: &'a mut Lane,
    connection: Connection,
    flights: Flights,
    out: Vec<u8>,
    written: usize,
    blocked: bool,
    /// After refusals nothing is sent until then.
    resume: Instant,
    pause: Duration,
    heard: Instant,
    /// The hub of the last message: its id takes some reckoning.
    known: Option<(u32, HubId)>,
}

impl<'a> Session<'a> {
    fn new(lane: &'a mut Lane, connection: Connection) -> Self {
        let now = Instant::now();
        Self {
            lane,
            connection,
            flights: Flights::new(),
            out: Vec::with_capacity(OUT),
            written: 0,
            blocked: false,
            resume: now,
            pause: FIRST_PAUSE,
            heard: now,
            known: None,
        }
    }

    async fn run(mut self) -> Ending {
        self.lane.storm.mark_unchanged();
        let ending = match self.publish().await {
            Ok(ending) => ending,
            Err(error) => Ending::Lost(error),
        };
        // What never left this process would be confirmed by nobody either, so both are sent again.
        self.lane.again.extend(self.flights.lost());
        ending
    }

    async fn publish(&mut self) -> Result<Ending, Error> {
        let shared = Arc::clone(&self.lane.shared);
        let mut heartbeat = interval(Duration::from_secs(u64::from(HEARTBEAT_SECS) / 2));
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = self.send();
            if self.flights.count() == 0 && self.lane.is_done() {
                return Ok(Ending::Done);
            }
            let mut interest = Interest::READABLE;
            if self.written < self.out.len() {
                interest = interest.add(Interest::WRITABLE);
            }
            tokio::select! {
                biased;
                () = shared.give_up.cancelled() => return Ok(Ending::Done),
                Ok(()) = self.lane.storm.changed() => return Ok(Ending::Storm),
                ready = self.connection.stream.ready(interest) => {
                    let ready = ready.map_err(Error::io("waiting for RabbitMQ"))?;
                    if ready.is_readable() || ready.is_read_closed() {
                        self.read()?;
                    }
                    if ready.is_writable() {
                        self.write()?;
                    }
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
                () = shared.finish.cancelled(), if !shared.finish.is_cancelled() => {}
                _ = heartbeat.tick() => self.beat()?,
            }
        }
    }

    /// Takes what is due, as far as window and buffer allow. Gives the time when there is more to send, unless that
    /// depends on the broker.
    fn send(&mut self) -> Option<Instant> {
        let window = self.lane.shared.window;
        let now = Instant::now();
        while !self.blocked
            && self.flights.count() < window
            && self.flights.span() < 4 * window
            && self.out.len() - self.written < OUT
        {
            if self.resume > now {
                return Some(self.resume);
            }
            let item = match self.lane.again.pop_front() {
                Some(item) => {
                    self.lane.shared.book().tally.retried += 1;
                    item
                }
                None if self.lane.shared.finish.is_cancelled() => return None,
                None => {
                    let due = self.lane.shared.begin + self.lane.schedule.due()?;
                    if due > now {
                        return Some(due.max(now + TOGETHER));
                    }
                    self.lane.schedule.take()?
                }
            };
            self.put(item, now);
        }
        None
    }

    fn put(&mut self, item: Item, since: Instant) {
        let population = &self.lane.shared.population;
        let hub = match self.known {
            Some((index, hub)) if index == item.hub => hub,
            _ => population.hub(item.hub),
        };
        self.known = Some((item.hub, hub));
        let body = item.body(population);
        put_message(&mut self.out, hub, self.flights.next_tag(), &body, self.connection.frame_max);
        self.flights.sent(Flight { item, since });
    }

    fn write(&mut self) -> Result<(), Error> {
        while self.written < self.out.len() {
            match self.connection.stream.try_write(&self.out[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(Error::io("writing to RabbitMQ")(error)),
            }
        }
        if self.written == self.out.len() {
            self.out.clear();
            self.written = 0;
            self.out.shrink_to(4 * OUT);
        } else if self.written > OUT {
            self.out.drain(..self.written);
            self.written = 0;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), Error> {
        loop {
            let buffer = self.connection.events.buffer();
            buffer.reserve(1 << 14);
            match self.connection.stream.try_read_buf(buffer) {
                Ok(0) => return Err(Error::Refused("it closed the connection".to_owned())),
                Ok(_) => self.hear()?,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Error::io("reading from RabbitMQ")(error)),
            }
        }
    }

    fn hear(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        self.heard = now;
        let (mut refused, mut taken_any) = (false, false);
        let mut book = self.lane.shared.book();
        while let Some(event) = self.connection.events.next().map_err(Error::Unexpected)? {
            match event {
                Event::Confirm { tag, multiple, taken } => {
                    self.flights.landed(tag, multiple, taken, |flight, landing| match landing {
                        Landing::Taken => {
                            taken_any = true;
                            book.confirmed(flight.item, now - flight.since);
                        }
                        Landing::Refused | Landing::Returned => {
                            refused = true;
                            self.lane.again.push_back(flight.item);
                            if landing == Landing::Refused {
                                book.tally.refused += 1;
                            } else {
                                book.tally.returned += 1;
                            }
                        }
                    });
                }
                Event::Returned(tag) => self.flights.returned(tag),
                Event::Blocked(blocked) => {
                    self.blocked = blocked;
                    book.trouble = blocked.then(|| "the broker takes nothing more for now".to_owned());
                }
                Event::Closed(reason) => return Err(Error::Refused(reason)),
                Event::Method(..) => {}
            }
        }
        if taken_any && let Some(last) = self.lane.confirmed.replace(now) {
            book.gap(now - last);
        }
        drop(book);
        if !refused {
            self.pause = FIRST_PAUSE;
        } else if self.resume <= now {
            self.resume = now + self.pause;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    fn beat(&mut self) -> Result<(), Error> {
        let limit = Duration::from_secs(2 * u64::from(HEARTBEAT_SECS));
        if self.heard.elapsed() > limit {
            return Err(Error::TimedOut(limit));
        }
        put_heartbeat(&mut self.out);
        Ok(())
    }
}
