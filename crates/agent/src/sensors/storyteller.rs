use std::time::Duration;

use async_trait::async_trait;
use domain::UtcMillis;
use domain::sensor::{Observation, Outlet, Sensor};

use super::pace::Pace;
use super::replay::Recorded;
use super::simulated::MadeUp;

/// About so many readings are told at once.
const BATCH: usize = 512;

/// Readings that are known beforehand, in order of time.
pub(super) enum Story {
    Recorded(Recorded),
    MadeUp(MadeUp),
}

impl Story {
    /// When the next readings are; `None` at the end.
    fn peek(&mut self) -> Option<UtcMillis> {
        match self {
            Self::Recorded(story) => story.peek(),
            Self::MadeUp(story) => story.peek(),
        }
    }

    /// All readings of the instant that [`Story::peek`] gave.
    fn take(&mut self, at: UtcMillis, out: &mut Vec<Observation>) {
        match self {
            Self::Recorded(story) => story.take(at, out),
            Self::MadeUp(story) => story.take(at, out),
        }
    }
}

/// A sensor that tells a story: its past at a certain speed, its present as it happens.
pub struct Storyteller {
    outlets: Vec<Outlet>,
    story: Story,
    pace: Pace,
    hold_millis: i64,
    /// The last readings told.
    last: Option<UtcMillis>,
    /// The last [`Observation::Until`] told.
    until: UtcMillis,
}

impl Storyteller {
    pub(super) fn new(outlets: Vec<Outlet>, story: Story, pace: Pace, hold: Duration) -> Self {
        let hold_millis = i64::try_from(hold.as_millis()).unwrap_or(i64::MAX / 4);
        Self { outlets, story, pace, hold_millis, last: None, until: UtcMillis(i64::MIN) }
    }

    /// Tells what may be told, at most about a batch. `Err`: when the next readings are.
    fn tell(&mut self, mut next: UtcMillis, out: &mut Vec<Observation>) -> Result<(), UtcMillis> {
        let before = out.len();
        let reached = self.pace.reached(next);
        while next <= reached {
            self.story.take(next, out);
            self.last = Some(next);
            match self.story.peek() {
                Some(_) if out.len() >= before + BATCH => return Ok(()),
                Some(later) => next = later,
                None => return Ok(()),
            }
        }
        if reached > self.until {
            self.until = reached;
            out.push(Observation::Until(reached));
        }
        if out.len() == before { Err(next) } else { Ok(()) }
    }
}

#[async_trait]
impl Sensor for Storyteller {
    // Files are read here and not on a thread of their own: a batch is a few kilobytes of a local file.
    async fn observe(&mut self, out: &mut Vec<Observation>) -> bool {
        while let Some(next) = self.story.peek() {
            match self.tell(next, out) {
                Ok(()) => return true,
                Err(next) => self.pace.sleep(next).await,
            }
        }
        let Some(end) = self.last.map(|last| last.plus_millis(self.hold_millis)) else { return false };
        if end <= self.until {
            return false;
        }
        while self.pace.reached(end) < end {
            self.pace.sleep(end).await;
        }
        self.until = end;
        out.push(Observation::Until(end));
        true
    }

    fn outlets(&self) -> Vec<Outlet> {
        self.outlets.clone()
    }
}
