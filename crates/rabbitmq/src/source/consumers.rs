//! One consumer per queue, taken from in turn.

use std::task::{Context, Poll};

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::BasicCancelOptions;
use lapin::{Channel, Consumer};

use crate::connection::answered;
use crate::{Config, Error};

/// The most taken at once.
const HELPING: usize = 1_024;

#[derive(Default)]
pub(super) struct Consumers {
    all: Vec<(String, Consumer)>,
    /// Whose turn it is.
    first: usize,
    ending: bool,
}

impl Consumers {
    pub(super) fn add(&mut self, queue: String, consumer: Consumer) {
        self.all.push((queue, consumer));
    }

    /// None is left that could still give something.
    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) const fn are_ending(&self) -> bool {
        self.ending
    }

    /// The broker delivers nothing more; what it has sent is still to be taken.
    pub(super) async fn end(&mut self, config: &Config, channel: &Channel) -> Result<(), Error> {
        self.ending = true;
        for (_, consumer) in &self.all {
            let cancel = channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
            answered(config, "cancelling a consumer", cancel).await?;
        }
        Ok(())
    }

    /// Waits for at least one delivery, or for the end of all, and puts all that are there into `helping`, up to a
    /// bound. Cancel-safe: what was taken stays in `helping`.
    pub(super) async fn take_ready(&mut self, helping: &mut Vec<Delivery>) -> Result<(), Error> {
        std::future::poll_fn(|context| self.poll(context, helping)).await
    }

    fn poll(&mut self, context: &mut Context<'_>, helping: &mut Vec<Delivery>) -> Poll<Result<(), Error>> {
        let count = self.all.len();
        let share = HELPING / count.max(1);
        let mut ended = Vec::new();
        for turn in 0..count {
            let place = (self.first + turn) % count;
            let (queue, consumer) = &mut self.all[place];
            for _ in 0..share {
                match consumer.poll_next_unpin(context) {
                    Poll::Ready(Some(Ok(delivery))) => helping.push(delivery),
                    Poll::Ready(Some(Err(source))) => {
                        return Poll::Ready(Err(Error::Broker { operation: "consuming", source }));
                    }
                    Poll::Ready(None) if self.ending => {
                        ended.push(place);
                        break;
                    }
                    Poll::Ready(None) => {
                        return Poll::Ready(Err(Error::ConsumerEnded { queue: queue.clone() }));
                    }
                    Poll::Pending => break,
                }
            }
        }
        ended.sort_unstable();
        for place in ended.into_iter().rev() {
            self.all.swap_remove(place);
        }
        if helping.is_empty() && !self.all.is_empty() {
            return Poll::Pending;
        }
        self.first = (self.first + 1) % count.max(1);
        Poll::Ready(Ok(()))
    }
}
