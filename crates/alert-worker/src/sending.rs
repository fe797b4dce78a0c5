//! Letters are taken, sent, and settled.

use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use domain::alerts::{Alerts, Letter, Outcome};
use futures_util::{StreamExt as _, stream};
use service::backoff::Backoff;
use tokio_util::sync::CancellationToken;

use crate::Deps;
use crate::measures::{AGAIN, GIVEN_UP, LetterMeasures, SENT};
use crate::post::{Post, SendError};

/// Between two looks for letters.
const LOOK: Duration = Duration::from_secs(5);
const LONGEST_LOOK: Duration = Duration::from_mins(1);
const AT_ONCE: usize = 4;
const TAKEN: u32 = 32;
/// Nobody else gets a letter that was taken: longer than all that were taken with it need together.
const LEASE_MILLIS: i64 = 300_000;
/// A letter that was not sent after so long is given up.
const GIVE_UP_MILLIS: i64 = 24 * 3_600_000;
const FIRST_AGAIN_MILLIS: i64 = 30_000;
const LONGEST_AGAIN_MILLIS: i64 = 3_600_000;

/// Sends what there is to be sent.
pub struct Sending {
    alerts: Arc<dyn Alerts>,
    clock: Arc<dyn Clock>,
    post: Post,
    measures: LetterMeasures,
}

impl Sending {
    pub fn new(deps: &Deps, post: Post) -> Self {
        let measures = deps.metrics.register(LetterMeasures::register);
        Self { alerts: deps.alerts.clone(), clock: deps.clock.clone(), post, measures }
    }

    /// Runs until `shutdown`. What is being sent then is sent to its end.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut regular = Backoff::new(LOOK, LOOK);
        let mut failing = Backoff::new(LOOK, LONGEST_LOOK);
        while !shutdown.is_cancelled() {
            let wait = match self.pass().await {
                Ok(0) => regular.next_wait(),
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(%error, "letters cannot be looked for");
                    failing.next_wait()
                }
            };
            shutdown.run_until_cancelled(tokio::time::sleep(wait)).await;
        }
    }

    /// Everything that is due now, up to a bound; gives how many letters were taken.
    pub async fn pass(&self) -> Result<usize, domain::accounts::AccountsError> {
        let now = self.clock.now();
        let letters = self.alerts.take_letters(now, now.plus_millis(LEASE_MILLIS), TAKEN).await?;
        let count = letters.len();
        let mut settled = stream::iter(letters)
            .map(|letter| async move {
                let outcome = self.send(&letter).await;
                self.alerts.settle_letter(letter.id, outcome).await
            })
            .buffer_unordered(AT_ONCE);
        while let Some(settled) = settled.next().await {
            // It comes again when its lease ends.
            settled?;
        }
        Ok(count)
    }

    async fn send(&self, letter: &Letter) -> Outcome {
        let (id, channel) = (letter.id, letter.channel.as_str());
        let error = match self.post.send(letter).await {
            Ok(()) => {
                tracing::info!(%id, channel, "a letter is sent");
                self.measures.count(letter.channel, SENT);
                return Outcome::Done;
            }
            Err(error) => error,
        };
        let now = self.clock.now();
        let is_too_old = now.millis_since(letter.created) >= GIVE_UP_MILLIS;
        if is_too_old || matches!(error, SendError::Never(_)) {
            tracing::error!(%id, channel, %error, attempts = letter.attempts, "a letter is given up");
            self.measures.count(letter.channel, GIVEN_UP);
            return Outcome::Done;
        }
        tracing::warn!(%id, channel, %error, attempts = letter.attempts, "a letter is tried again");
        self.measures.count(letter.channel, AGAIN);
        Outcome::Again(now.plus_millis(pause_millis(letter.attempts)))
    }
}

/// Doubles with every attempt, with jitter on the upper half.
fn pause_millis(attempts: u32) -> i64 {
    let doubled = FIRST_AGAIN_MILLIS << attempts.saturating_sub(1).min(16);
    let longest = doubled.min(LONGEST_AGAIN_MILLIS);
    longest / 2 + rand::random_range(0..=longest / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        for (attempts, longest) in
            [(0, 30_000), (1, 30_000), (2, 60_000), (9, 3_600_000), (u32::MAX, 3_600_000)]
        {
            assert!((longest / 2..=longest).contains(&pause_millis(attempts)), "{attempts}");
        }
    }
}
