//! One consumer per queue, taken from in turn.

use std::task::{Context, Poll};

use futures_util::StreamExt;
use lapin::Consumer;
use lapin::message::Delivery;

use crate::Error;

/// The most taken at once.
const HELPING: usize = 1_024;

#[derive(Default)]
pub(super) struct Consumers {
    all: Vec<(String, Consumer)>,
    /// Whose turn it is.
    first: usize,
}

impl Consumers {
    pub(super) fn add(&mut self, queue: String, consumer: Consumer) {
        self.all.push((queue, consumer));
    }

    /// Waits for at least one delivery and puts all that are there into `helping`, up to a bound. Cancel-safe: what
    /// was taken stays in `helping`.
    pub(super) async fn take_ready(&mut self, helping: &mut Vec<Delivery>) -> Result<(), Error> {
        std::future::poll_fn(|context| self.poll(context, helping)).await
    }

    fn poll(&mut self, context: &mut Context<'_>, helping: &mut Vec<Delivery>) -> Poll<Result<(), Error>> {
        let count = self.all.len();
        let share = HELPING / count.max(1);
        for turn in 0..count {
            let (queue, consumer) = &mut self.all[(self.first + turn) % count];
            for _ in 0..share {
                match consumer.poll_next_unpin(context) {
                    Poll::Ready(Some(Ok(delivery))) => helping.push(delivery),
                    Poll::Ready(Some(Err(source))) => {
                        return Poll::Ready(Err(Error::Broker { operation: "consuming", source }));
                    }
                    Poll::Ready(None) => {
                        return Poll::Ready(Err(Error::ConsumerEnded { queue: queue.clone() }));
                    }
                    Poll::Pending => break,
                }
            }
        }
        if helping.is_empty() {
            return Poll::Pending;
        }
        self.first = (self.first + 1) % count.max(1);
        Poll::Ready(Ok(()))
    }
}
